// What a call costs: one at a time, 16 in flight, and in bulk. Each client has processes of its own, so that none pays for
// another's garbage or shapes its machine code; several, since V8 makes faster code in one than in the next (bare fetch in
// two of them differs by up to a tenth). Rounds interleave all, so that whatever else the machine does meets them alike.
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

/** By client, in µs a call: medians. */
export interface Costs {
  one: Map<string, number>;
  sixteen: Map<string, number>;
  bulk: Map<string, number>;
}

export async function measureCosts(quick: boolean): Promise<Costs> {
  const server = await start("server.ts");
  const measured = (["one", "sixteen", "bulk"] as const).map((way) => ({
    way,
    figures: new Map(PEERS.map(({ name }) => [name, [] as number[]])),
  }));
  const orders: Record<keyof Costs, Order> = {
    one: { calls: quick ? 1_000 : 4_000, inFlight: 1 },
    sixteen: { calls: quick ? 1_000 : 4_000, inFlight: 16 },
    bulk: { calls: quick ? 2_000 : 20_000, inFlight: 16, bulk: true },
  };

  for (let copy = 0; copy < (quick ? 1 : 4); copy++) {
    const clients = new Map<string, ChildProcess>();
    for (const { name } of PEERS) {
      const { child } = await start("client.ts", name, `http://127.0.0.1:${server.said}`);
      clients.set(name, child);
      // Until its code is compiled.
      await timed(child, { calls: quick ? 2_000 : 10_000, inFlight: 16 });
    }
    for (const { way, figures } of measured) {
      for (let round = 0; round < (way === "bulk" && !quick ? 1 : 3); round++) {
        for (const [name, child] of clients) figures.get(name)?.push(await timed(child, orders[way]));
      }
    }
    for (const child of clients.values()) child.disconnect();
  }
  server.child.disconnect();

  const medians = measured.map(({ way, figures }) => {
    return [way, new Map([...figures].map(([name, values]) => [name, median(values)]))];
  });
  return Object.fromEntries(medians);
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
