// A copy of the project with another spec, and what the project's own checks say about it.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";

const ROOT = process.cwd();

/** What git knows, and what is new and not ignored. */
const listing = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
const FILES = listing
  .toString()
  .split("\0")
  .filter((file) => file && existsSync(join(ROOT, file)));

export interface Run {
  ok: boolean;
  /** What it printed, on both outputs. */
  printed: string;
}

export interface ContractRun extends Run {
  /** The full names of the tests that passed, and of those that failed. */
  passed: string[];
  failed: string[];
}

export interface Scratch extends AsyncDisposable {
  read(path: string): Promise<string>;
  write(path: string, content: string): Promise<void>;
  /** Runs a script of package.json. */
  run(script: string, parameters?: string): Promise<Run>;
  /** Runs test/contract/ against a Prism of the spec in the copy, to the first failure. */
  contract(): Promise<ContractRun>;
}

export async function createScratch(): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), "spec-changes-"));
  for (const file of FILES) await cp(join(ROOT, file), join(folder, file));
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
  const { scripts } = JSON.parse(await readFile("package.json", "utf8")) as { scripts: Record<string, string> };
  const env = {
    ...process.env,
    NO_COLOR: "1",
    FORCE_COLOR: undefined,
    PATH: `${join(ROOT, "node_modules", ".bin")}${delimiter}${process.env.PATH}`,
  };

  async function execute(command: string): Promise<Run> {
    const child = spawn(command, { cwd: folder, env, shell: true });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    return { ok: code === 0, printed: `${stdout}${stderr}`.replaceAll(folder, "").trim() };
  }

  return {
    read: (path) => readFile(join(folder, path), "utf8"),
    write: (path, content) => writeFile(join(folder, path), content),
    run: (script, parameters = "") => execute(`${scripts[script]} ${parameters}`),
    async contract() {
      const report = join(folder, "report.json");
      const { ok, printed } = await execute(
        [
          "vitest run --project contract --no-isolate --bail=1 --testTimeout=120000",
          // It imports the others, which without isolation would leave them empty.
          "--exclude test/contract/through-undici.test.ts",
          `--reporter=json --outputFile="${report}"`,
        ].join(" "),
      );
      const { testResults } = JSON.parse(await readFile(report, "utf8").catch(() => '{"testResults":[]}')) as {
        testResults: { name: string; message: string; assertionResults: { status: string; fullName: string }[] }[];
      };
      const named = (status: string) =>
        testResults.flatMap(({ assertionResults }) =>
          assertionResults.filter((result) => result.status === status).map(({ fullName }) => fullName),
        );
      // A file whose tests could not even be collected counts as one that failed.
      const broken = testResults.filter(({ message }) => message).map(({ name, message }) => `${name}: ${message}`);
      return { ok, printed, passed: named("passed"), failed: [...named("failed"), ...broken] };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
