// Memory of revokeAll: what is resident at the end of a run over many references, in a process of its own each.
import { execFileSync } from "node:child_process";
import { median, type Section, table } from "./figures.js";

const PROGRAM = `
  import { createKaitenClient } from "./dist/index.js";
  const count = Number(process.argv[1]);
  const fetch = async () => new Response(null, { status: 204 });
  const { tokens } = createKaitenClient({ baseUrl: "https://kaiten.example.com", token: "ksh_0123456789", fetch }).serviceAccounts;
  async function* refs() {
    for (let index = 0; index < count; index++) yield { serviceAccountSlug: "ci-bot", tokenSlug: "token-" + index };
  }
  let revoked = 0;
  for await (const { outcome } of tokens.revokeAll(refs())) if (outcome === "revoked") revoked++;
  gc();
  console.log(JSON.stringify({ revoked, bytes: process.memoryUsage.rss() }));`;

/** Of a few processes the median: how far V8 lets its heap grow is its own affair. */
function residentMiB(count: number, runs: number): number {
  return median(Array.from({ length: runs }, () => residentOnce(count)));
}

function residentOnce(count: number): number {
  const parameters = ["--expose-gc", "--max-semi-space-size=16", "--input-type=module", "-e", PROGRAM, String(count)];
  const { revoked, bytes } = JSON.parse(execFileSync(process.execPath, parameters, { encoding: "utf8" }));
  if (revoked !== count) throw new Error(`revokeAll gave ${revoked} of ${count} results.`);
  return bytes / 1024 / 1024;
}

export interface Memory {
  counts: readonly [number, number];
  mib: readonly [number, number];
}

export function measureMemory(quick: boolean): Memory {
  const counts = quick ? ([10_000, 100_000] as const) : ([10_000, 1_000_000] as const);
  const runs = 3;
  return { counts, mib: [residentMiB(counts[0], runs), residentMiB(counts[1], runs)] };
}

export function describeMemory({ counts, mib: [few, many] }: Memory): Section {
  const rows = counts.map((count, index) => [count.toLocaleString("en"), (index ? many : few).toFixed(1)]);
  return {
    title: "Memory of revokeAll",
    text: `A stub \`fetch\` answers at once, V8's semi-spaces are 16 MiB, and what is dead is collected before the reading.\n\n${table(["references", "resident at the end, MiB"], rows)}\n\nThe second is ${(many / few).toFixed(2)} × the first (target: at most 1.30 ×).`,
  };
}
