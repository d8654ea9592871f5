// A copy of the project in which the spec is changed, and what the project's own checks say to that.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { text } from "node:stream/consumers";

const ROOT = process.cwd();
const COPIED = [
  "src",
  "generated",
  "scripts",
  "test/contract",
  "test/contract/global-setup.ts",
  "openapi.yaml",
  "package.json",
  "scripts/redocly.yaml",
  "tsconfig.json",
  "vitest.config.ts",
];

export interface Run {
  ok: boolean;
  /** What it said, on both its outputs. */
  said: string;
}

export interface ContractRun extends Run {
  /** The full names of the tests that have passed, and of those that have failed. */
  passed: string[];
  failed: string[];
}

export interface Scratch extends AsyncDisposable {
  file(path: string): string;
  /** Runs a script of package.json. */
  run(script: string, parameters?: string): Promise<Run>;
  /** Runs test/contract/ against a Prism of the spec in the copy, to the first failure. */
  contract(): Promise<ContractRun>;
}

export async function createScratch(): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), "drill-"));
  const filter = (path: string) => basename(path) !== "node_modules";
  for (const path of COPIED) await cp(join(ROOT, path), join(folder, path), { recursive: true, filter });
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
    return { ok: code === 0, said: `${stdout}${stderr}`.replaceAll(folder, "").trim() };
  }

  return {
    file: (path) => join(folder, path),
    run: (script, parameters = "") => execute(`${scripts[script]} ${parameters}`),
    async contract() {
      const report = join(folder, "report.json");
      const { ok, said } = await execute(
        [
          "vitest run test/contract --typecheck.enabled=false --no-isolate --bail=1 --testTimeout=120000",
          // It adds statuses to whatever spec there is, with a mock of its own.
          "--exclude test/contract/added-status.test.ts",
          // It imports the others, which without isolation would leave them empty.
          "--exclude test/contract/through-undici.test.ts",
          // Its hundreds of requests say nothing that the other slugs do not.
          '--testNamePattern="^(?!a slug of any text)"',
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
      return { ok, said, passed: named("passed"), failed: [...named("failed"), ...broken] };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

/** Changes a text, each edit in exactly one place. */
export async function edit(file: string, edits: readonly (readonly [from: string, to: string])[]): Promise<void> {
  let content = await readFile(file, "utf8");
  for (const [from, to] of edits) {
    const places = content.split(from).length - 1;
    if (places !== 1) throw new Error(`The spec has ${places} places, not one, with ${JSON.stringify(from)}`);
    content = content.replace(from, () => to);
  }
  await writeFile(file, content);
}
