// Packs the package from a copy that was never built, installs it as users do, and checks what they get.
import assert from "node:assert/strict";
import { execFileSync, execSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { rolldown } from "rolldown";
import { commandOf } from "./command.js";
import { install as installRuntime, PACKAGES } from "./runtimes/runtimes.js";

const { name, version } = JSON.parse(fs.readFileSync("package.json", "utf8"));

/** No sources, no tests, no types of the command, no documents but these. */
const PUBLISHED =
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|openapi\.yaml|dist\/(shared\/)?[\w-]+\.(js|d\.ts)|dist\/cli\/([\w-]+\.js|THIRD-PARTY-LICENSES\.txt))$/;

/** All that a user of the library installs. The last one belongs to openapi-fetch. */
const INSTALLED = [name, "openapi-fetch", "openapi-typescript-helpers"];

const TYPED = `
  import { createKaitenClient, isProblem, type Outcome } from "${name}";
  import { createFakeKaiten } from "${name}/testing";
  import type { operations } from "${name}/schema";
  const kaiten = createKaitenClient({ baseUrl: "https://kaiten.example.com/api", token: "a-users-jwt" });
  type Ref = operations["delete-service-account-token"]["parameters"]["path"];
  export const revoke = async (ref: Ref): Promise<Outcome> => (await kaiten.serviceAccounts.tokens.revoke(ref)).outcome;
  export const fake = createFakeKaiten({ tokens: [] }).fetch;
  export const detail = (error: unknown) => isProblem(error, 403) && error.problem.detail;
`;

/** The first Node that the package supports, where `require` of an ES module begins, and the two after it. */
const NODE_VERSIONS = ["20.19.0", "22.23.3", "24.21.0"];

const folder = fs.mkdtempSync(join(tmpdir(), "package-"));
const npm = (command: string, cwd: string) => execSync(`npm ${command}`, { cwd, encoding: "utf8" }).trim();
const run = (binary: string, cwd: string, ...parameters: string[]) =>
  execFileSync(binary, parameters, { cwd, stdio: "pipe" });
const node = (cwd: string, ...parameters: string[]) => run(process.execPath, cwd, ...parameters);

/** @returns the tarball. */
function pack(): string {
  const copy = join(folder, "copy");
  const files = execSync("git ls-files --cached --others --exclude-standard -z", { encoding: "utf8" }).split("\0");
  for (const file of files.filter((path) => fs.existsSync(path))) fs.cpSync(file, join(copy, file));
  fs.symlinkSync(resolve("node_modules"), join(copy, "node_modules"), "junction");
  // What `prepare` prints comes before the name.
  return join(copy, npm("pack --loglevel=error", copy).split("\n").at(-1) ?? "");
}

/** @returns the folder of a project that has installed these, and nothing else. */
function install(...packages: string[]): string {
  const project = fs.mkdtempSync(join(folder, "project-"));
  fs.writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }');
  npm(
    `install --loglevel=error --prefer-offline --no-audit --no-fund ${packages.map((path) => `"${path}"`).join(" ")}`,
    project,
  );
  return project;
}

/** @returns the file of each Node version that this machine can have. */
function findNodes(): Map<string, string> {
  const found = new Map<string, string>();
  for (const wanted of NODE_VERSIONS) {
    try {
      const binary = join(installRuntime(PACKAGES.node, wanted), "bin", "node");
      run(binary, folder, "--version");
      found.set(wanted, binary);
    } catch (error) {
      console.log(`Not tried on Node ${wanted}: ${(error as Error).message}`);
    }
  }
  return found.size > 0 ? found : new Map([[process.versions.node, process.execPath]]);
}

/** By `import` and by `require`, in processes of their own. */
function checkImports(binary: string, project: string, ...entries: string[]): void {
  const each = (load: string) => entries.map((entry) => `${load}("${entry}");`).join("");
  run(binary, project, "--input-type=module", "--eval", each("await import"));
  run(binary, project, "--input-type=commonjs", "--eval", each("require"));
}

async function checkTarball(tarball: string): Promise<void> {
  const { buffer } = new Uint8Array(fs.readFileSync(tarball));
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg, { color: false })),
    [],
  );
  // openapi.yaml is for tools to read, not to import.
  const options = ["--profile", "esm-only", "--exclude-entrypoints", "openapi.yaml", "--no-color"];
  node(folder, commandOf("@arethetypeswrong/cli", "attw"), tarball, ...options);
}

async function checkInstalled(project: string): Promise<void> {
  const root = join(project, "node_modules");
  const { packages } = JSON.parse(fs.readFileSync(join(root, ".package-lock.json"), "utf8"));
  assert.deepEqual(Object.keys(packages).sort(), INSTALLED.map((path) => `node_modules/${path}`).sort());
  const published = fs.readdirSync(join(root, name), { recursive: true, withFileTypes: true });
  for (const entry of published.filter((found) => found.isFile())) {
    const path = join(entry.parentPath, entry.name)
      .slice(join(root, name, "/").length)
      .replaceAll("\\", "/");
    assert.match(path, PUBLISHED, `${path} is not to be published`);
  }
  assert.match(fs.readFileSync(join(root, name, "dist/cli/THIRD-PARTY-LICENSES.txt"), "utf8"), /^commander /m);

  for (const file of ["openapi.yaml", "package.json"]) {
    node(project, "--input-type=commonjs", "--eval", `fs.readFileSync(require.resolve("${name}/${file}"))`);
  }
  assert.equal(npm(`exec --offline -- ${name} --version`, project), version);
  fs.writeFileSync(join(project, "typed.ts"), TYPED);
  node(project, commandOf("typescript", "tsc"), "--noEmit", "--strict", "--module", "nodenext", "typed.ts");

  // Browsers and workers have no modules of Node.
  fs.writeFileSync(join(project, "browser.js"), `export * from "${name}"`);
  const bundle = await rolldown({ input: "browser.js", cwd: project, platform: "browser", logLevel: "silent" });
  const [{ imports }] = (await bundle.generate()).output;
  assert.deepEqual(imports, [], `browsers have no ${imports.join(", ")}`);
}

try {
  const tarball = pack();
  await checkTarball(tarball);
  await checkInstalled(install(tarball));
  const nodes = findNodes();
  for (const major of [6, 7, 8]) {
    const project = install(tarball, `undici@${major}`);
    for (const [version, binary] of nodes) {
      checkImports(binary, project, name, `${name}/schema`, `${name}/testing`);
      const load = () => checkImports(binary, project, `${name}/undici`);
      if (major === 6) assert.throws(load, /needs undici 7 or 8/);
      // undici 8 does not run on Node 20.
      else if (major === 7 || !version.startsWith("20.")) load();
    }
  }
  console.log("The package is sound: publint, attw, and each entry and command once installed.");
} catch (error) {
  const { message, stdout = "" } = error as Error & { stdout?: unknown };
  console.error(`The package is at fault: ${message}\n${stdout}`);
  process.exitCode = 1;
} finally {
  fs.rmSync(folder, { recursive: true });
}
