// The table of faults through every client as it comes: who says that a living token is dead, or a dead one alive, who
// never answers, and who shows the credential.
import { inspect } from "node:util";
import { KaitenError } from "../../dist/index.js";
import { elsewhere, flood, HIDDEN, ROWS, type Row, TOKEN } from "../../test/faults/rows.js";
import { playScript } from "../../test/faults/server.js";
import { api } from "../../test/faults/steps.js";
import { type Section, table } from "./figures.js";
import { PEERS, type Peer } from "./peers.js";

/** Longer than any client takes by default with all its attempts, in ms: ours may take 3 of 10 s, and the waits between. */
const PATIENCE = 40_000;
/** How many rows a client plays at once: most of their time is waiting. */
const AT_ONCE = 16;

export interface Score {
  wrongRevoked: number;
  wrongFailed: number;
  hung: number;
  shown: number;
}

type Said = "dead" | "alive" | "unknown" | "nothing";

/** What a client says of the token: most know only success and failure. */
async function ask(revoke: () => Promise<unknown>): Promise<{ said: Said; error?: unknown }> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<{ said: Said }>((resolve) => {
    timer = setTimeout(resolve, PATIENCE, { said: "nothing" });
  });
  const answer = revoke().then(
    () => ({ said: "dead" as const }),
    (error: unknown) => ({ said: error instanceof KaitenError ? saidBy(error) : ("alive" as const), error }),
  );
  const result = await Promise.race([answer, patience]);
  clearTimeout(timer);
  return result;
}

const saidBy = ({ outcome }: KaitenError): Said => (outcome === "not-revoked" ? "alive" : "unknown");

async function play(row: Row, create: Peer["create"], score: Score): Promise<void> {
  await using server = await playScript(row.script);
  const { revoke, close } = await create({ baseUrl: `${server.url}/api`, token: TOKEN });
  const { said, error } = await ask(() => revoke("deploy-key"));
  if (said === "nothing") score.hung++;
  if (said === "dead" && !server.dead) score.wrongRevoked++;
  if (said === "alive" && server.dead) score.wrongFailed++;
  if (inspect(error, { depth: 12, showHidden: true }).includes(TOKEN)) score.shown++;
  // What hangs would keep its connection.
  if (said !== "nothing") await close?.();
}

export interface Truth {
  rows: number;
  scores: Map<string, Score>;
}

export async function measureTruth(quick: boolean): Promise<Truth> {
  // All of them share this process: before undici is loaded, the platform's fetch takes its own connections.
  await fetch("data:,");
  await using thief = await playScript([api]);
  elsewhere.url = thief.url;
  // Rows about a provider of tokens, or about options of ours, have no like elsewhere.
  const comparable = [...ROWS, ...HIDDEN].filter((row) => !row.provider && !row.options?.ignoreAbsent);
  const rows = quick ? comparable.filter((_, index) => index % 8 === 0) : comparable;
  // Some read a body to its end, all of it into memory.
  flood.most = 32 * 1024 * 1024;
  const scores = new Map<string, Score>(
    PEERS.map(({ name }) => [name, { wrongRevoked: 0, wrongFailed: 0, hung: 0, shown: 0 }]),
  );
  const playAll = async ({ name, create }: Peer) => {
    const score = scores.get(name) as Score;
    const queue = [...rows];
    const work = async () => {
      for (let row = queue.pop(); row; row = queue.pop()) await play(row, create, score);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  };
  await Promise.all(PEERS.map(playAll));
  return { rows: rows.length, scores };
}

export function describeTruth({ rows, scores }: Truth): Section {
  const body = [...scores].map(([name, { wrongRevoked, wrongFailed, hung, shown }]) => [
    name,
    wrongRevoked,
    wrongFailed,
    hung,
    shown,
  ]);
  const head = ["client", 'wrong "revoked"', 'wrong "failed"', "no answer in 40 s", "credential shown"];
  return { title: `Truth, of ${rows} faults`, text: table(head, body) };
}
