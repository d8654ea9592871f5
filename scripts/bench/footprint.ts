// What loading costs: the bundle that a browser loads, and the start of a process.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "rolldown";
import { OURS } from "./clients.js";
import { type Costs, takeTurns } from "./cost.js";

/** Where the build puts the command. */
const COMMAND = join("dist", "cli", "main.js");

/** The smallest import with which each client revokes a token. */
const IMPORTS = {
  [OURS]: '{ createKaitenClient } from "kaiten-service-accounts"',
  "openapi-fetch": '{ default } from "openapi-fetch"',
  "hey-api": '{ createClient, deleteServiceAccountToken } from "./hey-api.mjs"',
  ky: '{ default } from "ky"',
  axios: '{ default } from "axios"',
};

/** In kB after gzip, by client. */
export async function measureSizes(): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  // Beside the peers, where they are found.
  const input = join(dirname(process.argv[1] ?? ""), "entry.mjs");
  for (const [name, what] of Object.entries(IMPORTS)) {
    writeFileSync(input, `export ${what};\n`);
    const options = { input, platform: "browser", tsconfig: false, write: false } as const;
    const { output } = await build({ ...options, output: { minify: true } });
    sizes.set(name, gzipSync(output[0].code, { level: 9 }).length / 1000);
  }
  return sizes;
}

const PROCESSES: Record<string, string[]> = {
  "node -e 0": ["-e", "0"],
  "import of the package": ["--input-type=module", "-e", 'import "kaiten-service-accounts"'],
  "kaiten-tokens --help": [COMMAND, "--help"],
};

/** In ms. */
export function measureStarts(rounds: number): Promise<Costs> {
  return takeTurns(Object.keys(PROCESSES), rounds, (name) => {
    const start = performance.now();
    const { status } = spawnSync(process.execPath, PROCESSES[name], { stdio: "ignore" });
    if (status !== 0) throw new Error(`${name} exited with ${status}.`);
    return performance.now() - start;
  });
}
