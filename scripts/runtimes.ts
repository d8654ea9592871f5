// Plays one scenario with the packed package on every runtime that this machine can have.
import { deepStrictEqual } from "node:assert";
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { startPrism } from "./prism.js";
import { createConsumer } from "./runtimes/consumer.js";
import { RUNTIMES, type Runtime, Unavailable } from "./runtimes/runtimes.js";
import { startServers } from "./runtimes/servers.js";

const USAGE = `Usage: npm run test:runtimes [-- options]

  --require NAMES    fail if one of these is skipped, such as node,bun,deno,chromium
  --help             show this`;

/** @returns the version of a runtime that kept every promise. */
async function playOn({ expected, play }: Omit<Runtime, "name">, api: string, folder: string): Promise<string> {
  const { stop, ...servers } = await startServers();
  try {
    const { version, seen } = await play(folder, { api, ...servers });
    deepStrictEqual(seen, expected);
    return version;
  } finally {
    stop();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { require: { type: "string", default: "" }, help: { type: "boolean" } } });
  if (values.help) return console.log(USAGE);
  const kinds = [...new Set(RUNTIMES.map(({ name }) => name.toLowerCase()))];
  const required = values.require.split(",").filter(Boolean);
  const unknown = required.find((kind) => !kinds.includes(kind));
  if (unknown) throw new Error(`--require accepts ${kinds.join(", ")}, not ${unknown}.`);

  const prism = await startPrism("openapi.yaml");
  const folder = await createConsumer();
  for (const { name, ...runtime } of RUNTIMES) {
    try {
      console.log(`ok      ${name} ${await playOn(runtime, prism.url, folder)}`);
    } catch (error) {
      const skipped = error instanceof Unavailable && !required.includes(name.toLowerCase());
      console.log(`${skipped ? "skipped" : "FAILED "} ${name}: ${(error as Error).message}`);
      if (!skipped) process.exitCode = 1;
    }
  }
  rmSync(folder, { recursive: true });
  await prism.stop();
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
