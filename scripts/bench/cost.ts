// What a call costs: one at a time, 16 in flight, and in bulk. Each client has a process of its own, so that none pays for
// another's garbage or shapes its machine code; rounds interleave them, so that whatever else the machine does meets all.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { commandOf } from "../command.js";
import type { Order } from "./client.js";
import { median, type Section, table, times } from "./figures.js";
import { FETCH, PEERS } from "./peers.js";

/** Runs a script until it has something to say. */
async function start(script: string, ...parameters: string[]): Promise<{ child: ChildProcess; said: unknown }> {
  const child = fork(commandOf("jiti", "jiti"), [`scripts/bench/${script}`, ...parameters]);
  child.on("exit", (code) => {
    if (code !== 0) throw new Error(`${[script, ...parameters].join(" ")} has died.`);
  });
  const [said] = await once(child, "message");
  return { child, said };
}

/** µs a call. */
async function timed(child: ChildProcess, order: Order): Promise<number> {
  child.send(order);
  const [took] = await once(child, "message");
  return took;
}

export interface Costs {
  one: Map<string, number>;
  sixteen: Map<string, number>;
  bulk: Map<string, number>;
}

export async function measureCosts(quick: boolean): Promise<Costs> {
  const server = await start("server.ts");
  const clients = new Map<string, ChildProcess>();
  for (const { name } of PEERS) {
    const { child } = await start("client.ts", name, `http://127.0.0.1:${server.said}`);
    clients.set(name, child);
    // Until its code is compiled.
    await timed(child, { calls: quick ? 2_000 : 10_000, inFlight: 16 });
  }

  /** @returns medians by client, in µs a call. */
  async function interleaved(rounds: number, order: Order): Promise<Map<string, number>> {
    const measured = new Map([...clients.keys()].map((name) => [name, [] as number[]]));
    for (let round = 0; round < rounds; round++) {
      for (const [name, child] of clients) measured.get(name)?.push(await timed(child, order));
    }
    return new Map([...measured].map(([name, values]) => [name, median(values)]));
  }

  const [calls, rounds] = quick ? [1_000, 3] : [4_000, 11];
  const one = await interleaved(rounds, { calls, inFlight: 1 });
  const sixteen = await interleaved(rounds, { calls, inFlight: 16 });
  const bulk = await interleaved(quick ? 3 : 5, { calls: quick ? 2_000 : 20_000, inFlight: 16, bulk: true });
  for (const child of [...clients.values(), server.child]) child.disconnect();
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
