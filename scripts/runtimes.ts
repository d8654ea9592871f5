// Plays one scenario with the packed package on every runtime that this machine can have.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startPrism } from "./prism.js";
import { createConsumer } from "./runtimes/consumer.js";
import { outdated, type Row, withRows } from "./runtimes/matrix.js";
import { type Runtime, Unavailable } from "./runtimes/runtime.js";
import type { Scene } from "./runtimes/scenario.js";
import { startServers } from "./runtimes/servers.js";
import { PROMISED, RUNTIMES } from "./runtimes/table.js";

const README = "README.md";
const USAGE = `Usage: npm run test:runtimes [-- options]

  --require NAMES    fail if one of these is skipped, such as node,bun,deno,chromium
  --write            write what was seen into ${README}; else it must be there already
  --help             show this`;

/** What `--require` calls a runtime: Node 20 and Node 22 are both `node`. */
const kindOf = ({ name }: Runtime) => name.toLowerCase().split(" ", 1).join();

/** Has a runtime play, and says how it went. */
async function playOn(runtime: Runtime, api: string, folder: string): Promise<{ row?: Row; faults: string[] }> {
  const { name, find, unlike } = runtime;
  // Fresh ones, which nobody has met yet.
  const { stop, ...servers } = await startServers();
  try {
    const { version, play } = await find();
    const seen = await play(folder, { api, ...servers });
    const wrong = Object.entries({ ...PROMISED, ...unlike }).filter(([scene, words]) => seen[scene as Scene] !== words);
    const faults = wrong.map(([scene, words]) => `${scene}: expected "${words}", saw "${seen[scene as Scene]}"`);
    console.log(`${faults.length > 0 ? "failed " : "ok     "} ${name}, ${version}`);
    return { row: { name, version, seen }, faults: faults.map((fault) => `${name}: ${fault}`) };
  } catch (error) {
    const { message } = error as Error;
    const skipped = error instanceof Unavailable;
    console.log(skipped ? `skipped ${name}: ${message}` : `failed  ${name}`);
    return { faults: skipped ? [] : [`${name}: ${message}`] };
  } finally {
    stop();
  }
}

async function playOnAll(required: readonly string[]): Promise<{ rows: Row[]; faults: string[] }> {
  const rows: Row[] = [];
  const faults: string[] = [];
  const consumer = await createConsumer("scripts/runtimes/scenario.ts");
  try {
    const prism = await startPrism("openapi.yaml");
    try {
      for (const runtime of RUNTIMES) {
        const played = await playOn(runtime, prism.url, consumer.folder);
        faults.push(...played.faults);
        if (played.row) rows.push(played.row);
        else if (required.includes(kindOf(runtime))) faults.push(`${runtime.name}: is required, and has not played.`);
      }
    } finally {
      await prism.stop();
    }
  } finally {
    consumer.remove();
  }
  return { rows, faults };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      require: { type: "string", default: "" },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const kinds = new Set(RUNTIMES.map(kindOf));
  const required = values.require.split(",").filter(Boolean);
  const strange = required.filter((kind) => !kinds.has(kind));
  if (strange.length > 0) throw new Error(`--require knows ${[...kinds].join(", ")}; not ${strange.join(", ")}.`);

  const { rows, faults } = await playOnAll(required);
  const readme = readFileSync(README, "utf8");
  if (!values.write) faults.push(...outdated(readme, rows).map(({ name }) => `${name}: ${README} says otherwise.`));
  else if (rows.length === RUNTIMES.length) writeFileSync(README, withRows(readme, rows));
  else faults.push(`${README} is left as it is: a matrix needs every runtime.`);
  if (faults.length > 0) throw new Error(faults.join("\n"));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
