// Measures the built package beside its peers. They are installed here, not with the package: see bench/.
import { execFileSync, execSync } from "node:child_process";
import { parseArgs } from "node:util";
import { commandOf } from "./command.js";

const USAGE = `Usage: npm run bench [-- options]

  --quick   fewer rounds, under two minutes; prints the tables and writes nothing
  --help    show this

Writes BENCHMARKS.md, whose notes are kept, and benchmarks.svg.`;

try {
  const { values } = parseArgs({ options: { quick: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help) {
    console.log(USAGE);
  } else {
    console.error("Installing the peers and building the package …");
    execSync("npm ci --silent", { cwd: "scripts/bench", stdio: "inherit" });
    execSync("npm run --silent build", { stdio: "inherit" });
    // Not with the rest: its peers are not there before this.
    execFileSync(process.execPath, [commandOf("typescript", "tsc"), "-p", "scripts/bench"], { stdio: "inherit" });
    const mode = values.quick ? ["--quick"] : [];
    execFileSync(process.execPath, [commandOf("jiti", "jiti"), "scripts/bench/main.ts", ...mode], { stdio: "inherit" });
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
