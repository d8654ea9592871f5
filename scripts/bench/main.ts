// Measures everything in one run. Its other modes are processes of a measurement: the server, and one client in bulk.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { measureCosts, revokeBulk, serve } from "./cost.js";
import { measureSizes, measureStarts } from "./footprint.js";
import { chart, type Measured, tables } from "./report.js";
import { measureTruth } from "./truth.js";

const DOCUMENT = "docs/performance.md";
/** What stands around the tables is written by hand, and stays. */
const BEGIN = "<!-- measured -->\n";
const END = "<!-- /measured -->\n";

async function measure(quick: boolean): Promise<Measured> {
  // A peer may leave a rejection behind.
  process.on("unhandledRejection", () => {});
  // All clients share this process. Once it was used, the global fetch keeps its own connections when undici is loaded.
  await fetch("data:,");
  const starts = await measureStarts(quick ? 7 : 30);
  const sizes = await measureSizes();
  const costs = await measureCosts(quick);
  const truth = await measureTruth(quick);
  return { starts, sizes, truth, ...costs };
}

function write(measured: Measured, versions: readonly string[]): void {
  const document = readFileSync(DOCUMENT, "utf8");
  const [before, after] = [document.split(BEGIN)[0], document.split(END)[1]];
  const when = `On ${new Date().toISOString().slice(0, 10)}, in one run, on ${cpus().length} × ${cpus()[0]?.model}`;
  const what = `${when}, with Node ${process.versions.node}, ${versions.join(", ")}.`;
  writeFileSync(DOCUMENT, [before, BEGIN, `${what}\n\n`, tables(measured), END, after].join(""));
  writeFileSync("docs/performance.svg", chart(measured));
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === "serve") serve();
else if (mode === "bulk") await revokeBulk(rest[0] ?? "", rest[1] ?? "", Number(rest[2]));
else {
  const measured = await measure(mode === "quick");
  if (mode === "quick") console.log(tables(measured));
  else write(measured, rest);
  // Whatever a peer left hanging would keep the process.
  process.exit();
}
