// Measures, in one run, and writes what was measured.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { chart } from "./chart.js";
import { describeCosts, measureCosts } from "./cost.js";
import { describeGenerators, measureGenerators } from "./generators.js";
import { prepareHeyApi } from "./hey-api.js";
import { describeMemory, measureMemory } from "./memory.js";
import { describeSizes, measureSizes } from "./size.js";
import { describeStarts, measureStarts } from "./start.js";
import { describeTargets } from "./targets.js";
import { describeTruth, measureTruth } from "./truth.js";

/** What is said below the tables, by a person: it is kept from one run to the next. */
const NOTES = /<!-- notes -->[\s\S]*$/;

function versions(): string {
  const manifest = JSON.parse(readFileSync("scripts/bench/package.json", "utf8"));
  const peers = Object.entries(manifest.dependencies as Record<string, string>).map(
    ([name, version]) => `${name} ${version}`,
  );
  return [`Node ${process.versions.node}`, ...peers].join(", ");
}

function existingNotes(): string {
  try {
    return NOTES.exec(readFileSync("BENCHMARKS.md", "utf8"))?.[0] ?? "<!-- notes -->\n";
  } catch {
    return "<!-- notes -->\n";
  }
}

async function main(quick: boolean): Promise<void> {
  // A peer may leave a rejection behind: that is its fault, and no reason to end. One of ours is.
  process.on("unhandledRejection", (reason) => {
    if (reason instanceof Error && reason.stack?.includes(`${process.cwd()}/dist/`)) throw reason;
  });
  await prepareHeyApi();
  const step = async <T>(name: string, measure: () => T | Promise<T>): Promise<T> => {
    console.error(`Measuring ${name} …`);
    return measure();
  };
  const costs = await step("the cost of a call", () => measureCosts(quick));
  const starts = await step("the start", () => measureStarts(quick));
  const memory = await step("memory", () => measureMemory(quick));
  const sizes = await step("size", measureSizes);
  const generation = await step("the generators", () => measureGenerators(quick));
  const truth = await step("truth", () => measureTruth(quick));

  const sections = [
    describeTargets({ costs, memory, sizes, starts, truth }),
    describeCosts(costs),
    describeTruth(truth),
    describeMemory(memory),
    describeSizes(sizes),
    describeStarts(starts),
    describeGenerators(generation),
  ];
  const text = sections.map((section) => `## ${section.title}\n\n${section.text}\n`).join("\n");
  if (quick) return console.log(text);
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}`;
  const head = `# Benchmarks

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}, all of it in one run, on ${machine}.
${versions()}.

Clients and server are processes of their own on one machine, on loopback; rounds interleave the clients, and figures
are medians. Compare ratios, not times.
`;
  writeFileSync("BENCHMARKS.md", `${head}\n${text}\n${existingNotes()}`);
  writeFileSync("benchmarks.svg", chart(costs, truth));
  console.log("Wrote BENCHMARKS.md and benchmarks.svg.");
}

await main(process.argv.includes("--quick"));
// What a peer left hanging would keep the process.
process.exit();
