// Plays one scenario with the packed package on every runtime that this machine can have. With `-- --require node,bun` it
// fails where one of these is missing; else a missing one is skipped.
import { deepStrictEqual } from "node:assert";
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { startPrism } from "./prism.js";
import { createConsumer } from "./runtimes/consumer.js";
import { RUNTIMES, Unavailable } from "./runtimes/runtimes.js";
import { startServers } from "./runtimes/servers.js";

const { require = "" } = parseArgs({ options: { require: { type: "string" } } }).values;
const kinds = RUNTIMES.map(({ name }) => name.toLowerCase());
const required = require.split(",").filter(Boolean);
const unknown = required.find((kind) => !kinds.includes(kind));
if (unknown) throw new Error(`--require accepts ${[...new Set(kinds)].join(", ")}, not ${unknown}.`);

const prism = await startPrism("openapi.yaml");
const folder = await createConsumer();
for (const { name, expected, play } of RUNTIMES) {
  const { stop, ...servers } = await startServers();
  try {
    const { version, seen } = await play(folder, { api: prism.url, ...servers });
    deepStrictEqual(seen, expected);
    console.log(`ok      ${name} ${version}`);
  } catch (error) {
    const skipped = error instanceof Unavailable && !required.includes(name.toLowerCase());
    console.log(`${skipped ? "skipped" : "FAILED "} ${name}: ${(error as Error).message}`);
    if (!skipped) process.exitCode = 1;
  } finally {
    stop();
  }
}
rmSync(folder, { recursive: true });
await prism.stop();
