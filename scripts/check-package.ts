// Packs the package, which builds it, and checks it with publint and attw and as its users install it.
import assert from "node:assert/strict";
import { execFileSync, execSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { commandOf } from "./command.js";
import { install as installRuntime, PACKAGES } from "./runtimes.js";

const { name, version, bin } = JSON.parse(fs.readFileSync("package.json", "utf8"));

/** No sources, no tests, no types of the command, no documents but these, to which others lead. */
const PUBLISHED =
  /^(package\.json|LICENSE|openapi\.yaml|((src|docs|\.github)\/)?[\w-]+\.md|docs\/command\.svg|dist\/(shared\/)?[\w-]+\.(js|d\.ts)|dist\/cli\/([\w-]+\.js|THIRD-PARTY-LICENSES\.txt))$/;

/** All that a user of the library installs. The last one belongs to openapi-fetch. */
const INSTALLED = [name, "openapi-fetch", "openapi-typescript-helpers"];

const folder = fs.mkdtempSync(join(tmpdir(), "package-"));
const npm = (command: string, cwd: string) => execSync(`npm ${command}`, { cwd, encoding: "utf8" }).trim();
const run = (binary: string, cwd: string, ...parameters: string[]) =>
  execFileSync(binary, parameters, { cwd, stdio: "pipe" });

/** @returns the folder of a project that has installed these, and nothing else. */
function install(...packages: string[]): string {
  const project = fs.mkdtempSync(join(folder, "project-"));
  fs.writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }');
  const paths = packages.map((path) => `"${path}"`).join(" ");
  npm(`install --loglevel=error --prefer-offline --no-audit --no-fund ${paths}`, project);
  return project;
}

async function checkTarball(tarball: string): Promise<void> {
  const { buffer } = new Uint8Array(fs.readFileSync(tarball));
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true });
  const faults = messages.map((message) => formatMessage(message, pkg, { color: false }));
  assert.deepEqual(faults, []);
  // openapi.yaml is for tools to read, not to import.
  const options = ["--profile", "esm-only", "--exclude-entrypoints", "openapi.yaml", "--no-color"];
  run(process.execPath, folder, commandOf("@arethetypeswrong/cli", "attw"), tarball, ...options);
}

function checkInstalled(project: string): void {
  const root = join(project, "node_modules");
  const { packages } = JSON.parse(fs.readFileSync(join(root, ".package-lock.json"), "utf8"));
  assert.deepEqual(Object.keys(packages).sort(), INSTALLED.map((path) => `node_modules/${path}`).sort());
  for (const found of fs.readdirSync(join(root, name), { recursive: true, encoding: "utf8" })) {
    const isFile = fs.statSync(join(root, name, found)).isFile();
    if (isFile) assert.match(found.replaceAll("\\", "/"), PUBLISHED, `${found} is not to be published`);
    if (found.endsWith(".md")) checkLinks(join(root, name, found));
  }
  for (const command of Object.keys(bin)) assert.equal(npm(`exec --offline -- ${command} --version`, project), version);
}

/** What a page leads to is in the package, too. */
function checkLinks(page: string): void {
  for (const [, link = ""] of fs.readFileSync(page, "utf8").matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)) {
    assert.ok(fs.existsSync(join(dirname(page), link)), `${page} leads to ${link}, which is not published`);
  }
}

/** By `import` and by `require`, in processes of their own. */
function checkImports(node: string, project: string, undici: number): void {
  const load = (...entries: string[]) => {
    const each = (word: string) => entries.map((entry) => `${word}("${name}${entry}");`).join("");
    run(node, project, "--input-type=module", "--eval", each("await import"));
    run(node, project, "--input-type=commonjs", "--eval", each("require"));
  };
  load("", "/schema", "/testing");
  if (undici > 6) load("/undici");
  else assert.throws(() => load("/undici"), /needs undici 7 or 8/);
}

try {
  // What `prepack` prints comes before the name.
  const packed = npm(`pack --loglevel=error --pack-destination "${folder}"`, ".");
  const tarball = join(folder, packed.split("\n").at(-1) ?? "");
  await checkTarball(tarball);
  checkInstalled(install(tarball));
  // The first Node that the package supports, where `require` of an ES module begins. undici 8 does not run there.
  const versions = { "20.19.0": [6, 7], "22.23.3": [8] };
  for (const [node, majors] of Object.entries(versions)) {
    const binary = join(installRuntime(PACKAGES.node, node), "bin", "node");
    for (const major of majors) checkImports(binary, install(tarball, `undici@${major}`), major);
  }
  console.log("The package is sound: publint, attw, and each entry and command once installed.");
} catch (error) {
  const { message, stdout = "" } = error as Error & { stdout?: unknown };
  console.error(`The package is at fault: ${message}\n${stdout}`);
  process.exitCode = 1;
} finally {
  fs.rmSync(folder, { recursive: true });
}
