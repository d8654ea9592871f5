// What a call costs: one at a time, 16 in flight, and in bulk. Rounds interleave the clients, so that whatever else the
// machine does meets them all; each begins elsewhere in the line, so that nobody always pays for the same neighbour's
// garbage.
import { fork } from "node:child_process";
import { once } from "node:events";
import pMap from "p-map";
import { createKaitenClient } from "../../dist/src/index.js";
import { undiciFetch } from "../../dist/src/undici.js";
import { commandOf } from "../command.js";
import { median, type Section, table, times } from "./figures.js";
import { FETCH, OURS, OURS_UNDICI, PEERS, type Revoke } from "./peers.js";

const TOKEN = "ksh_0123456789abcdefghij";

/** Starts the server; disposing of it stops it. */
export async function startServer(): Promise<AsyncDisposable & { url: string }> {
  const child = fork(commandOf("jiti", "jiti"), ["scripts/bench/server.ts"]);
  const [port] = await once(child, "message");
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.disconnect();
      await once(child, "exit");
    },
  };
}

/** µs a call. */
async function timed(calls: number, run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return ((performance.now() - began) * 1000) / calls;
}

async function inFlight(calls: number, concurrency: number, revoke: Revoke): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < calls) await revoke(`token-${next++}`);
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}

/** @returns medians by client, in µs a call. */
async function interleaved(rounds: number, runs: Map<string, () => Promise<number>>): Promise<Map<string, number>> {
  const measured = new Map([...runs.keys()].map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    const line = [...runs];
    for (const [name, run] of [...line.slice(round % line.length), ...line.slice(0, round % line.length)]) {
      measured.get(name)?.push(await run());
    }
  }
  return new Map([...measured].map(([name, values]) => [name, median(values)]));
}

export interface Costs {
  one: Map<string, number>;
  sixteen: Map<string, number>;
  bulk: Map<string, number>;
}

export async function measureCosts(quick: boolean): Promise<Costs> {
  await using server = await startServer();
  const target = { baseUrl: server.url, token: TOKEN };
  const [calls, rounds] = quick ? [500, 5] : [3_000, 18];
  const clients = await Promise.all(PEERS.map(async ({ name, create }) => ({ name, ...(await create(target)) })));
  for (const { revoke } of clients) await inFlight(quick ? 1_000 : 5_000, 16, revoke);

  const measure = (concurrency: number) =>
    interleaved(
      rounds,
      new Map(
        clients.map(({ name, revoke }) => [name, () => timed(calls, () => inFlight(calls, concurrency, revoke))]),
      ),
    );
  const one = await measure(1);
  const sixteen = await measure(16);

  const many = quick ? 2_000 : 20_000;
  const slugs = Array.from({ length: many }, (_, index) => `token-${index}`);
  const send = undiciFetch({ connections: 16 });
  const ours = (client: ReturnType<typeof createKaitenClient>) => async () => {
    const refs = slugs.map((tokenSlug) => ({ serviceAccountSlug: "ci-bot", tokenSlug }));
    for await (const { error } of client.serviceAccounts.tokens.revokeAll(refs, { concurrency: 16 }))
      if (error) throw error;
  };
  const bulkRuns = clients.map(({ name, revoke }): [string, () => Promise<unknown>] => [
    name,
    () => pMap(slugs, revoke, { concurrency: 16 }),
  ]);
  const runs = new Map([
    ...bulkRuns,
    [OURS, ours(createKaitenClient(target))] as const,
    [OURS_UNDICI, ours(createKaitenClient({ ...target, fetch: send }))] as const,
  ]);
  const bulk = await interleaved(
    quick ? 2 : 5,
    new Map([...runs].map(([name, run]) => [name, () => timed(many, run)])),
  );
  await send.close();
  for (const { close } of clients) await close?.();
  return { one, sixteen, bulk };
}

export function describeCosts({ one, sixteen, bulk }: Costs): Section {
  const base = (figures: Map<string, number>) => figures.get(FETCH) ?? Number.NaN;
  const cell = (figures: Map<string, number>, name: string) => {
    const value = figures.get(name) ?? Number.NaN;
    return [value.toFixed(0), times(value, base(figures))];
  };
  const rows = [...one.keys()].map((name) => [name, ...cell(one, name), ...cell(sixteen, name), ...cell(bulk, name)]);
  const head = ["client", "one at a time, µs", "to fetch", "16 in flight, µs", "to fetch", "bulk, µs", "to fetch"];
  return { title: "Cost of a call", text: table(head, rows) };
}
