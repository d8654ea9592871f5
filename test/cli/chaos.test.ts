// A run that is interrupted again and again, against a flaky and limited server: repeating the command ends with every
// token revoked, and everything in the journal is true. CHAOS_LISTS sets how many lists are revoked, CHAOS_SEED repeats one.
import { expect, test } from "vitest";
import type { TokenRef } from "../../src/index.js";
import { type Folder, makeFolder, start, until } from "./command.js";
import { makeTokens, serve } from "./servers.js";

const { CI, CHAOS_LISTS = CI ? "40" : "6", CHAOS_SEED } = process.env;
const AT_ONCE = 3;
const MAX_INTERRUPTED_RUNS = 5;
const MAX_RUNS = 15;
const JOURNAL = "leak.csv.journal.ndjson";

const WAYS = ["SIGKILL", "SIGINT", "SIGINT twice", "SIGTERM", "SIGHUP"] as const;

const FAULTS = [
  "lost-before-commit",
  "lost-after-commit",
  "api-500-before-commit",
  "api-500-after-commit",
  "gateway-403",
  "login-page",
] as const;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a run of the command left behind, and what was true when it had ended. */
interface Run {
  id: string;
  /** The tokens that its requests revoked. */
  committed: ReadonlySet<string>;
  alive: ReadonlySet<string>;
}

const keyOf = (ref: TokenRef) => `${ref.serviceAccountSlug}/${ref.tokenSlug}`;

async function revokeList(seed: number): Promise<void> {
  const random = createRandom(seed);
  const { refs, csv } = makeTokens(15 + Math.floor(random() * 40));
  // Called for each request, before the server does anything.
  let onRequest = () => {};
  await using server = await serve(refs, {
    seed,
    rateLimit: 40,
    latency(_, jitter) {
      onRequest();
      return jitter() * 20;
    },
  });
  for (const fault of FAULTS) server.fake.play(fault, { times: Number.POSITIVE_INFINITY, rate: 0.03 });
  const folder = makeFolder();
  folder.write("leak.csv", csv);

  const runs: Run[] = [];
  for (let number = 1; ; number++) {
    expect(number, `seed ${seed}: runs`).toBeLessThan(MAX_RUNS);
    const before = server.fake.requests.length;
    const running = start(["revoke", "--from", "leak.csv", "--yes"], { ...server, folder });
    if (number <= MAX_INTERRUPTED_RUNS) {
      const way = WAYS[Math.floor(random() * WAYS.length)] ?? "SIGKILL";
      let left = 1 + Math.floor(random() * refs.length);
      onRequest = () => {
        if (--left !== 0) return;
        const [signal, twice] = way.split(" ") as [NodeJS.Signals, string?];
        running.kill(signal);
        if (twice)
          void until(() => running.stderr.includes("Stopping")).then(
            () => running.kill(signal),
            () => {},
          );
      };
    }
    const { code, stderr } = await running.ended;
    onRequest = () => {};
    // What was in flight when the command died is carried out after its death.
    await server.settled();
    const committed = server.fake.requests.slice(before).filter((request) => request.committed);
    runs.push({
      id: latestRun(folder),
      committed: new Set(committed.map((request) => keyOf(request.ref as TokenRef))),
      alive: new Set(server.fake.alive().map(keyOf)),
    });
    if (code === 0) break;
    expect([null, 6, 130], `seed ${seed}: ${stderr}`).toContain(code);
  }
  expect(server.fake.alive(), `seed ${seed}`).toEqual([]);
  expectTrue(folder, runs, seed);
}

function readJournal(folder: Folder) {
  return folder
    .read(JOURNAL)
    .split("\n")
    .flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        // Torn, when the command was killed.
        return [];
      }
    });
}

const latestRun = (folder: Folder): string =>
  folder.names().includes(JOURNAL) ? (readJournal(folder).findLast(({ kind }) => kind === "run")?.run ?? "") : "";

/** Every claim of the journal was true when its run had ended. */
function expectTrue(folder: Folder, runs: readonly Run[], seed: number): void {
  for (const line of readJournal(folder).filter(({ kind }) => kind === "result")) {
    const run = runs.find(({ id }) => id === line.run);
    const [token, about] = [keyOf(line), `seed ${seed}: ${JSON.stringify(line)}`];
    if (line.outcome === "revoked") expect(run?.committed, about).toContain(token);
    if (line.outcome === "absent") expect(run?.alive, about).not.toContain(token);
    if (line.outcome === "not-revoked") expect(run?.alive, about).toContain(token);
  }
}

test(`${CHAOS_LISTS} lists are revoked, however often the command is killed`, { timeout: 600_000 }, async () => {
  const first = CHAOS_SEED === undefined ? Math.floor(Math.random() * 1e9) : Number(CHAOS_SEED);
  const seeds = Array.from({ length: CHAOS_SEED === undefined ? Number(CHAOS_LISTS) : 1 }, (_, index) => first + index);
  console.log(`The first seed is ${first}. To repeat a list: CHAOS_SEED=<seed>.`);
  const worker = async () => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) await revokeList(seed);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
});
