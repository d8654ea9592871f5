// A project that uses the package: the tarball that npm would publish, installed into a folder of its own.
import { execSync } from "node:child_process";
import { copyFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "rolldown";

/** main.js and worker.js play the scenario with the servers in servers.js, and print what they saw as JSON. */
const FILES = {
  "package.json": '{ "private": true, "type": "module" }',
  "main.js": `
import { play } from "./scenario.js";
import { servers } from "./servers.js";
console.log(JSON.stringify(await play(servers)));`,
  "worker.js": `
import { play } from "./bundle.js";
import { servers } from "./servers.js";
export default { test: async () => console.log(JSON.stringify(await play(servers))) };`,
  "worker.capnp": `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "internet", network = (allow = ["private"], tlsOptions = (trustedCertificates = [embed "ca.pem"])))],
);
const worker :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "bundle.js", esModule = embed "bundle.js"),
    (name = "servers.js", esModule = embed "servers.js"),
  ],
  compatibilityDate = "2026-10-01",
);`,
};

/** @param ca the certificate that the scenario's servers have; ca.pem holds it. */
export async function createConsumer(ca: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "consumer-"));
  const tarball = String(execSync(`npm pack --silent --ignore-scripts --pack-destination "${folder}"`)).trim();
  for (const [name, text] of Object.entries({ ...FILES, "ca.pem": ca }))
    writeFileSync(join(folder, name), `${text.trim()}\n`);
  execSync(`npm install --no-audit --no-fund --loglevel=error "./${tarball}"`, { cwd: folder, stdio: "pipe" });

  // A copy, so that the package is found where it is installed.
  copyFileSync(join("test", "runtimes", "scenario.ts"), join(folder, "scenario.ts"));
  const input = { cwd: folder, input: "scenario.ts", logLevel: "warn", platform: "browser" } as const;
  await build({ ...input, external: /^kaiten-/, output: { file: join(folder, "scenario.js") } });
  await build({ ...input, output: { file: join(folder, "bundle.js") } });
  return folder;
}
