// `npm run bench` measures the built package beside its peers, and writes the tables of docs/performance.md (its words
// stay). With `-- --quick` it measures less and only prints.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { build } from "rolldown";

/** Installed on demand, not with the package. hey-api's generator needs a TypeScript. */
const PEERS = ["ky@1.14.3", "@hey-api/openapi-ts@0.90.10", "typescript@5.9.3"];
const CACHE = resolve("node_modules", ".cache", "bench");
const MODULES = join(CACHE, "node_modules");
const DOCUMENT = "docs/performance.md";
const MARK = "<!-- measured -->\n";
const run = (file: string, ...parameters: string[]) => execFileSync(file, parameters, { stdio: ["ignore", "pipe", 2] });

// A folder whose programs find the peers and, as a consumer would, the package.
run("npm", "install", "--silent", "--ignore-scripts", "--no-package-lock", "--prefix", CACHE, ...PEERS);
const link = join(MODULES, "kaiten-service-accounts");
rmSync(link, { force: true });
symlinkSync(resolve("."), link, "dir");

const generated = join(CACHE, "hey-api");
const generator = join(MODULES, "@hey-api", "openapi-ts", "bin", "run.js");
run(process.execPath, generator, "-i", "openapi.yaml", "-o", generated, "--silent");
const entry = join(generated, "entry.ts");
writeFileSync(entry, 'export * from "./sdk.gen"; export { createClient } from "./client";\n');
await build({ input: entry, output: { file: join(CACHE, "hey-api.mjs") }, logLevel: "warn" });

// Node runs the bundle as it is: what is measured must not go through a transpiler.
const file = join(CACHE, "main.mjs");
await build({ input: "scripts/bench/main.ts", external: /^[^./]/, output: { file }, logLevel: "warn" });

const quick = process.argv.includes("--quick");
const tables = String(run(process.execPath, file, quick ? "quick" : "whole"));
if (quick) console.log(tables);
else {
  const [before, , after] = readFileSync(DOCUMENT, "utf8").split(MARK);
  const when = `On ${new Date().toISOString().slice(0, 10)}, in one run, on ${cpus().length} × ${cpus()[0]?.model}`;
  const what = `${when}, with Node ${process.versions.node}, ${PEERS.slice(0, 2).join(", ")}.`;
  writeFileSync(DOCUMENT, [before, `${what}\n\n${tables}`, after].join(MARK));
}
