// How long it takes to start: the package imported, and the command's help, against Node doing nothing.
import { spawnSync } from "node:child_process";
import { median, type Section, table, times } from "./figures.js";

const COMMANDS: Record<string, string[]> = {
  "node -e 0": ["-e", "0"],
  "import of the package": ["--input-type=module", "-e", 'import "./dist/index.js"'],
  "kaiten-tokens --help": ["dist/cli/main.js", "--help"],
};

export type Starts = Map<string, number>;

export function measureStarts(quick: boolean): Starts {
  const measured = new Map(Object.keys(COMMANDS).map((name) => [name, [] as number[]]));
  for (let round = 0; round < (quick ? 7 : 31); round++) {
    for (const [name, parameters] of Object.entries(COMMANDS)) {
      const began = performance.now();
      const { status } = spawnSync(process.execPath, parameters, { stdio: "ignore" });
      if (status !== 0) throw new Error(`${name} ended with ${status}.`);
      measured.get(name)?.push(performance.now() - began);
    }
  }
  return new Map([...measured].map(([name, values]) => [name, median(values)]));
}

export function describeStarts(starts: Starts): Section {
  const base = starts.get("node -e 0") ?? Number.NaN;
  const rows = [...starts].map(([name, ms]) => [name, ms.toFixed(0), times(ms, base)]);
  return { title: "Start", text: table(["", "ms", "to node"], rows) };
}
