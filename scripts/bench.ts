// `npm run bench` measures the built package beside its peers, and writes docs/performance.md (its notes stay) and the
// chart. With `-- --quick` it measures less, prints the tables and writes nothing.
import { execFileSync } from "node:child_process";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build } from "rolldown";

/** Installed on demand, not with the package. hey-api's generator needs a TypeScript. */
const PEERS = ["ky@1.14.3", "axios@1.21.1", "@hey-api/openapi-ts@0.90.10", "typescript@5.9.3"];
const CACHE = resolve("node_modules", ".cache", "bench");
const MODULES = join(CACHE, "node_modules");
const run = (file: string, ...parameters: string[]) => execFileSync(file, parameters, { stdio: "inherit" });

/** Makes a folder whose programs find the peers and, as a consumer would, the package. */
async function prepare(): Promise<void> {
  run("npm", "install", "--silent", "--ignore-scripts", "--no-package-lock", "--prefix", CACHE, ...PEERS);
  const link = join(MODULES, "kaiten-service-accounts");
  rmSync(link, { force: true });
  symlinkSync(resolve("."), link, "dir");

  const generator = join(MODULES, "@hey-api", "openapi-ts", "bin", "run.js");
  const generated = join(CACHE, "hey-api");
  run(process.execPath, generator, "-i", "openapi.yaml", "-o", generated, "--silent");
  const entry = join(generated, "entry.ts");
  writeFileSync(entry, 'export * from "./sdk.gen"; export { createClient } from "./client";\n');
  await build({ input: entry, output: { file: join(CACHE, "hey-api.mjs") } });

  // Node runs the bundle as it is: what is measured must not go through a transpiler.
  await build({ input: "scripts/bench/main.ts", external: /^[^./]/, output: { file: join(CACHE, "main.mjs") } });
}

const { values } = parseArgs({ options: { quick: { type: "boolean" } } });
await prepare();
run(process.execPath, join(CACHE, "main.mjs"), values.quick ? "quick" : "write", ...PEERS);
