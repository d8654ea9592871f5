// A run that is interrupted again and again, against a flaky and limited server: repeating the command ends with every token
// dead, and no line of its output is ever false. CHAOS_LISTS sets how many lists are revoked, CHAOS_SEED repeats one.
import { expect, test } from "vitest";
import type { TokenRef } from "../../src/index.js";
import { makeFolder, start, until } from "./command.js";
import { makeTokens, type Served, serve } from "./servers.js";

const { CHAOS_LISTS = "6", CHAOS_SEED } = process.env;
const AT_ONCE = 3;
const MAX_INTERRUPTED_RUNS = 5;
const MAX_RUNS = 15;

const WAYS = ["SIGKILL", "SIGINT", "SIGINT twice", "SIGTERM", "SIGHUP"] as const;

const FAULTS = [
  "lost-before-commit",
  "lost-after-commit",
  "api-500-before-commit",
  "api-500-after-commit",
  "gateway-403",
  "login-page",
] as const;

/**
 * - `plain`: the record can be read.
 * - `no-record`: it cannot. Nothing is claimed by guessing: it ends 4, with nothing alive.
 * - `own-json`: it cannot, and each run gets the list and what the runs before it printed.
 * - `two-at-once`: two commands work on one list.
 */
const KINDS = ["plain", "no-record", "own-json", "two-at-once", "plain", "plain"] as const;

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

const keyOf = (ref: TokenRef) => `${ref.serviceAccountSlug}/${ref.tokenSlug}`;

/** A line that was printed whole: a killed run may leave a torn one. */
function readLines(stdout: string): (TokenRef & { outcome: string })[] {
  const whole = stdout.slice(0, stdout.lastIndexOf("\n") + 1);
  return whole
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** What was claimed is true, once everything that was sent has been carried out. @param before what was alive before the run. */
function expectTrue(stdout: string, { fake }: Served, about: string, before: ReadonlySet<string>): void {
  for (const line of readLines(stdout)) {
    const isAlive = fake.isAlive(line);
    const claim = `${about}: ${keyOf(line)} ${line.outcome}`;
    if (line.outcome === "revoked" || line.outcome === "absent") expect(isAlive, claim).toBe(false);
    if (line.outcome === "not-revoked" && before.has(keyOf(line))) expect(isAlive, claim).toBe(true);
  }
}

async function revokeList(seed: number): Promise<void> {
  const random = createRandom(seed);
  const kind = KINDS[seed % KINDS.length] ?? "plain";
  const about = `CHAOS_SEED=${seed} (${kind})`;
  const { refs } = makeTokens(15 + Math.floor(random() * 40));
  const list = refs.map((ref) => `${JSON.stringify(ref)}\n`).join("");
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
  const faults = FAULTS.map((fault) => server.fake.play(fault, { times: Number.POSITIVE_INFINITY, rate: 0.03 }));
  const hasRecord = kind === "plain" || kind === "two-at-once";
  if (!hasRecord) server.fake.play("record-unreadable", { times: Number.POSITIVE_INFINITY });
  const folder = makeFolder();
  let printed = "";

  for (let number = 1; ; number++) {
    expect(number, `${about}: runs`).toBeLessThan(MAX_RUNS);
    folder.write("leak.ndjson", kind === "own-json" ? list + printed : list);
    const args = ["revoke", "--from", "leak.ndjson", "--yes", "--json", ...(hasRecord ? [] : ["--retries", "1"])];
    const others = kind === "two-at-once" && number <= 2 ? [start(args, { ...server, folder })] : [];
    const running = start(args, { ...server, folder });
    if (number <= MAX_INTERRUPTED_RUNS) {
      const way = WAYS[Math.floor(random() * WAYS.length)] ?? "SIGKILL";
      let left = 1 + Math.floor(random() * refs.length * 1.5);
      onRequest = () => {
        if (--left !== 0) return;
        const [signal, twice] = way.split(" ") as [NodeJS.Signals, string?];
        running.kill(signal);
        const again = () => running.kill(signal);
        if (twice) void until(() => running.stderr.includes("Stopping")).then(again, () => {});
      };
    }
    const before = new Set(server.fake.alive().map(keyOf));
    const ended = await Promise.all([running, ...others].map((each) => each.ended));
    onRequest = () => {};
    // What was in flight when a command died is carried out after its death.
    await server.settled();
    for (const { stdout } of ended) expectTrue(stdout, server, about, others.length > 0 ? new Set() : before);
    const [{ code, stdout, stderr } = { code: null, stdout: "", stderr: "" }] = ended;
    printed += readLines(stdout)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join("");
    if (code === 0) break;
    // Without a record, a run sends all that is not known, and with faults one of it fails every time.
    if (!hasRecord && number >= MAX_INTERRUPTED_RUNS) for (const end of faults) end();
    const isOver = !hasRecord && code === 4 && server.fake.alive().length === 0;
    if (isOver) break;
    const isExpected = [null, 6, 130, ...(hasRecord ? [] : [4])].includes(code);
    expect(isExpected, `${about}: ${code} ${stderr}`).toBe(true);
  }
  expect(server.fake.alive(), about).toEqual([]);
}

test(`${CHAOS_LISTS} lists are revoked, however often the command is killed`, { timeout: 1_200_000 }, async () => {
  // A multiple of the kinds, so that each of them is tried.
  const first = CHAOS_SEED === undefined ? Math.floor(Math.random() * 1e8) * KINDS.length : Number(CHAOS_SEED);
  const seeds = Array.from({ length: CHAOS_SEED === undefined ? Number(CHAOS_LISTS) : 1 }, (_, index) => first + index);
  console.log(`The first seed is ${first}. To repeat a list: CHAOS_SEED=<seed>.`);
  const worker = async () => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) await revokeList(seed);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
});
