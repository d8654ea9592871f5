// One client in a process of its own: told how much to call, it says how long a call took.
import pMap from "p-map";
import { PEERS } from "./peers.js";

export interface Order {
  calls: number;
  inFlight: number;
  /** As a list: by the client's own means, or else by p-map. */
  bulk?: boolean;
}

const [name, baseUrl = ""] = process.argv.slice(2);
const peer = PEERS.find((candidate) => candidate.name === name);
if (!peer) throw new Error(`There is no client ${name}.`);
const { revoke, revokeAll } = await peer.create({ baseUrl, token: "ksh_0123456789abcdefghij" });

async function call({ calls, inFlight, bulk }: Order): Promise<void> {
  const slugs = Array.from({ length: calls }, (_, index) => `token-${index}`);
  if (bulk) {
    await (revokeAll ? revokeAll(slugs, inFlight) : pMap(slugs, revoke, { concurrency: inFlight }));
    return;
  }
  const queue = slugs.values();
  const work = async () => {
    for (const slug of queue) await revoke(slug);
  };
  await Promise.all(Array.from({ length: inFlight }, work));
}

process.on("message", async (order: Order) => {
  // While others had their turn, V8 has let go of memory, and of code: what it takes to get that back is no call's cost.
  await call({ ...order, calls: order.calls / 4 });
  const began = performance.now();
  await call(order);
  process.send?.(((performance.now() - began) * 1000) / order.calls);
});
process.on("disconnect", () => process.exit());
process.send?.("ready");
