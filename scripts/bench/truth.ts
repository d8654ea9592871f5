// Plays the table of faults with every client in its default set-up: which client says that a living token is dead, or a
// dead one alive, which never answers, and whose error contains the credential.
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { KaitenError } from "kaiten-service-accounts";
import { elsewhere, flood, HIDDEN, ROWS, type Row, TOKEN } from "../../test/faults/rows.js";
import { playScript } from "../../test/faults/server.js";
import { api } from "../../test/faults/steps.js";
import { CLIENTS, type CreateClient } from "./clients.js";

/** Longer than any client takes by default with all its attempts. */
const GIVE_UP_MS = 90_000;
const ROWS_AT_ONCE = 16;

/** How many faults were played, and in how many the client was wrong, never answered or leaked the credential. */
export type Score = Record<"faults" | "wrongRevoked" | "wrongFailed" | "hung" | "leaked", number>;

async function play({ script }: Row, create: CreateClient, score: Score): Promise<void> {
  const server = await playScript(script);
  const { revoke } = await create(`${server.url}/api`, TOKEN);
  const end: unknown = await Promise.race([
    revoke("deploy-key").then(
      () => "revoked",
      (error: unknown) => error,
    ),
    sleep(GIVE_UP_MS, "hung", { ref: false }),
  ]);
  // Peers know only success and failure.
  const open = end instanceof KaitenError && end.outcome !== "not-revoked";
  if (end === "hung") score.hung++;
  else if (end === "revoked" && !server.dead) score.wrongRevoked++;
  else if (end !== "revoked" && !open && server.dead) score.wrongFailed++;
  if (inspect(end, { depth: 12, showHidden: true }).includes(TOKEN)) score.leaked++;
  await server[Symbol.asyncDispose]();
}

export async function measureTruth(quick: boolean): Promise<ReadonlyMap<string, Score>> {
  elsewhere.url = (await playScript([api])).url;
  // Some peers read an endless body to its end.
  flood.most = 32 * 1024 * 1024;
  // Peers have no token provider.
  const rows = [...ROWS, ...HIDDEN].filter((row, index) => !row.provider && !(quick && index % 8));
  const scores = new Map<string, Score>();
  const plays = Object.entries(CLIENTS).flatMap(([name, create]) => {
    const score = { faults: rows.length, wrongRevoked: 0, wrongFailed: 0, hung: 0, leaked: 0 };
    scores.set(name, score);
    const queue = rows.values();
    return Array.from({ length: ROWS_AT_ONCE }, async () => {
      for (const row of queue) await play(row, create, score);
    });
  });
  await Promise.all(plays);
  return scores;
}
