// What a call costs. No benchmark library takes turns between its subjects call by call, so this loop is ours: whatever
// else the machine does then meets all of them alike.
import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { CLIENTS, type Client, FETCH, OURS, UNDICI } from "./clients.js";

/** By subject. The 25th percentile is hardly touched by other work on the machine. */
export type Costs = ReadonlyMap<string, { p25: number; median: number }>;

const TOKEN = "ksh_0123456789abcdefghij";
const IN_FLIGHT = 16;

/** Measures one subject after the other, each round in another order. The first fifth of the rounds is warm-up. */
export async function takeTurns(
  subjects: readonly string[],
  rounds: number,
  measure: (subject: string) => number | Promise<number>,
): Promise<Costs> {
  const samples = new Map(subjects.map((subject): [string, number[]] => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    const shuffled = subjects.toSorted(() => Math.random() - 0.5);
    for (const subject of shuffled) samples.get(subject)?.push(await measure(subject));
  }
  return new Map(
    [...samples].map(([subject, values]) => {
      const sorted = values.slice(rounds / 5).sort((a, b) => a - b);
      const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
      return [subject, { p25: at(0.25), median: at(0.5) }];
    }),
  );
}

/** Answers 204 to everything. Run in a process of its own, which ends with its parent. */
export function serve(): void {
  const server = createServer((_, response) => response.writeHead(204).end());
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
  process.on("disconnect", () => process.exit());
}

/** Revokes a list with one client, which has this process for itself, and prints what a call cost, in µs. */
export async function revokeBulk(name: string, url: string, count: number): Promise<void> {
  const client = await CLIENTS[name]?.(url, TOKEN);
  const run = async (length: number) => {
    const slugs = Array.from({ length }, (_, index) => `token-${index}`);
    if (client?.revokeAll) return client.revokeAll(slugs, IN_FLIGHT);
    const queue = slugs.values();
    const work = async () => {
      for (const slug of queue) await client?.revoke(slug);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  };
  await run(count / 2);
  const start = performance.now();
  await run(count);
  console.log(((performance.now() - start) * 1000) / count);
}

/** In µs a call: all clients in this process, one call or 16 at once; in bulk each in a process of its own. */
export async function measureCosts(quick: boolean): Promise<{ one: Costs; sixteen: Costs; bulk: Costs }> {
  const program = process.argv[1] ?? "";
  const server = fork(program, ["serve"]);
  const [port] = await once(server, "message");
  const url = `http://127.0.0.1:${port}`;
  const names = Object.keys(CLIENTS);
  const clients = new Map<string, Client | undefined>();
  for (const name of names) clients.set(name, await CLIENTS[name]?.(url, TOKEN));
  const call = (inFlight: number) => async (name: string) => {
    const client = clients.get(name);
    const start = performance.now();
    await Promise.all(Array.from({ length: inFlight }, () => client?.revoke("deploy-key")));
    return ((performance.now() - start) * 1000) / inFlight;
  };
  const one = await takeTurns(names, quick ? 500 : 5_000, call(1));
  const sixteen = await takeTurns(names, quick ? 100 : 1_500, call(IN_FLIGHT));
  const bulk = await takeTurns([FETCH, OURS, UNDICI], quick ? 3 : 10, (name) => {
    const parameters = [program, "bulk", name, url, quick ? "4000" : "20000"];
    return Number(execFileSync(process.execPath, parameters));
  });
  server.disconnect();
  return { one, sixteen, bulk };
}
