// Plays every row of the table against a real socket, once, and holds what the call claims to the row and to the truth. A
// row is one test: each promise that is broken is named.
import { getEventListeners } from "node:events";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import * as kaiten from "../../src/index.js";
import { elsewhere, FRESH, flood, type Row, TOKEN } from "./rows.js";
import { everythingOf, secretsIn } from "./secrets.js";
import { type Exchange, playScript, type ScriptedServer } from "./server.js";
import { api } from "./steps.js";
import { controlTimers, LIMIT, timersLeft } from "./timers.js";

/** The client's own, where it verifies another one. */
const OWN = "ksh_own.5432109876-qponmlkjihgfedcbazyxwvutsr";
const SECRETS = [TOKEN, FRESH, OWN];
const ISO = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const TRACEPARENT = /^traceparent: 00-([\da-f]{32})-([\da-f]{16})-01$/im;
const USER_AGENT = /^user-agent: kaiten-service-accounts\/\d/im;

let thief: ScriptedServer;
const printed: string[] = [];

beforeAll(controlTimers);

beforeAll(async () => {
  thief = await playScript([api]);
  elsewhere.url = thief.url;
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    vi.spyOn(stream, "write").mockImplementation((text, ...rest) => {
      printed.push(String(text));
      return write(text, ...(rest as []));
    });
  }
});

afterAll(async () => {
  await thief[Symbol.asyncDispose]();
});

type Fetch = kaiten.ClientOptions["fetch"];
type Result = kaiten.Revocation | kaiten.KaitenError;
type Played = Awaited<ReturnType<typeof play>>;

/** Makes the one call of a row, and notes all that is to be known of it. */
async function play(row: Row, fetch: Fetch) {
  await using server = await playScript(row.script, row.record && { record: row.record });
  const { signal } = new AbortController();
  const { timeout = LIMIT, retries = 1, ...options } = row.options ?? {};
  const ref = { serviceAccountSlug: "ci-bot", tokenSlug: row.tokenSlug ?? "deploy-key" };
  const baseUrl = `${server.url}${row.path ?? "/api"}`;
  const events: kaiten.AttemptEvent[] = [];
  flood.bytes = 0;
  if (row.browser) vi.stubGlobal("navigator", { userAgent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/140" });
  const client = kaiten.createKaitenClient({
    ...{ baseUrl, token: row.provider ?? TOKEN, fetch, ...options },
    onAttempt: (event) => events.push(event),
  });
  const result = (await client.serviceAccounts.tokens
    .revoke(ref, { signal, timeout, retries })
    .catch((error: unknown) => error)) as Result;
  vi.unstubAllGlobals();
  const timers = timersLeft();
  const listeners = getEventListeners(signal, "abort").length;
  const freed = await Promise.race([server.idle().then(() => true), giveUp(10_000)]);
  const account = `${baseUrl}/service-accounts/${ref.serviceAccountSlug}`;
  const url = `${account}/tokens/${ref.tokenSlug}`;
  const { dead, requests, reads } = server;
  return { ref, account, url, result, events, timers, listeners, freed, dead, requests, reads, taken: flood.bytes };
}

const giveUp = (ms: number) => new Promise<false>((resolve) => setTimeout(resolve, ms, false).unref());

function expectEnd(row: Row, { result, events, ref, url }: Played): void {
  const { outcome, attempts = 1, error, record, revokedAt } = row;
  const name = error === undefined ? undefined : `Kaiten${error}Error`;
  const seen: { name?: string; status?: number; revokedAt?: string } & Pick<Result, "outcome" | "attempts"> = result;
  expect.soft({ name: seen.name, outcome: seen.outcome, attempts: seen.attempts }, "ends as the row says").toEqual({
    ...{ name, outcome, attempts },
  });
  expect.soft(result, `names the token and the time: ${everythingOf(result)}`).toMatchObject({
    ...{ ref, at: expect.stringMatching(ISO) },
  });
  expect.soft(seen.revokedAt, "says when the record has the token revoked").toBe(revokedAt);
  const sent = events.filter(({ method }) => method !== "GET");
  const numbers = Array.from({ length: attempts }, (_, index) => index + 1);
  expect
    .soft(
      sent.map(({ number }) => number),
      "an event for each attempt",
    )
    .toEqual(numbers);
  const { outcome: claimed, ref: named, url: to, delay, status } = sent.at(-1) ?? {};
  // The record may know better than the last attempt.
  const expected = { ref, url, delay: undefined, status: seen.status, outcome: record ? claimed : outcome };
  const last = { ref: named, url: to, delay, status, outcome: claimed };
  expect.soft(last, "the last event is that of the last attempt").toEqual(expected);
}

function expectWords(row: Row, { result, url }: Played): void {
  if (row.error === undefined) return;
  const { name, message, summary, outcome, attempts, at, ref, request } = result as kaiten.KaitenError;
  const { errorId, traceId, retryAfter } = result as kaiten.KaitenProblemError;
  expect.soft(message, "says what happened").toContain(row.says ?? "");
  if (row.never) expect.soft(message, "says nothing that is wrong here").not.toContain(row.never);
  const details = [
    ...[`DELETE ${url}`, `${attempts} attempt${attempts === 1 ? "" : "s"}`],
    ...[errorId && `error id ${errorId}`, traceId && `trace id ${traceId}`],
  ];
  expect.soft(message, "says to which request").toBe(`${summary} (${details.filter(Boolean).join(", ")})`);
  expect.soft(request, "has the request").toEqual({ method: "DELETE", url });
  if (row.retryAfter !== undefined)
    expect.soft(retryAfter, "says how long the server wishes us to wait").toBe(row.retryAfter);
  expect.soft(retryAfter ?? 0, "waits no time without end").toBeLessThan(Number.POSITIVE_INFINITY);
  expect.soft(JSON.parse(JSON.stringify(result)), "can be logged as JSON").toMatchObject({
    ...{ name, message, summary, outcome, attempts, at, ref, request },
  });
}

function expectTruth(row: Row, { result, dead }: Played): void {
  expect.soft(dead, "the row is right about the token").toBe(row.dead);
  if (result.outcome === "revoked") expect.soft(dead, "it claims that the token is revoked").toBe(true);
  if (result.outcome === "not-revoked") expect.soft(dead, "it claims that the token is not revoked").toBe(false);
}

/** The record is asked where a request was sent and the answer leaves the token open, once, and with the same credential. */
function expectReads(row: Row, { result, requests, reads, events, account }: Played): void {
  const refused =
    result instanceof kaiten.KaitenError &&
    (result.status === 401 || (result.status === 403 && row.error === "Problem"));
  const open = requests.length > 0 && !refused && !(result.outcome === "revoked" && !row.record);
  // Without an answer of use, what ended absent is read twice.
  const expected = row.reads ?? (open ? (row.outcome === "absent" && !row.record ? 2 : 1) : 0);
  expect.soft(reads.length, "reads of the record").toBe(expected);
  expect.soft(events.filter(({ method }) => method === "GET").length, "an event for each read").toBe(expected);
  const last = requests.at(-1)?.authorization;
  const asked = reads.map(({ path, authorization }) => ({ path: path.split("?")[0], authorization }));
  const record = { path: new URL(account).pathname, authorization: last };
  expect.soft(asked, "what is read, and by whom").toEqual(reads.map(() => record));
  // A cache knows an answer by its URL.
  expect.soft(new Set(reads.map(({ path }) => path)).size, "a URL of its own for each read").toBe(reads.length);
}

function expectTraces(row: Row, { result, requests, reads }: Played): void {
  const idsOf = (all: readonly Exchange[]) => all.map(({ raw }) => TRACEPARENT.exec(raw)?.slice(1) ?? []);
  const [sent, read] = [idsOf(requests), idsOf(reads)];
  const distinct = (part: number) => new Set([...sent, ...read].map((ids) => ids[part]));
  if (row.browser) {
    // CORS allows no such header.
    expect.soft([...sent, ...read].flat(), "a browser sends no header of ours").toEqual([]);
    expect.soft(result.traceId, "a browser reads no header of theirs").toBeUndefined();
  } else {
    const [trace = result.traceId, ...others] = distinct(0);
    expect.soft(others, "one trace for the call and its reads").toEqual([]);
    expect.soft(result.traceId, "can be found in the server's logs").toBe(row.traceId ?? trace);
    // A span for each attempt that sent something. The platform's fetch sends twice after a 421.
    const attempts = Math.min(requests.length, result.attempts) + reads.length;
    expect.soft(distinct(1).size, "a span for each attempt").toBe(attempts);
  }
  const agents = [...requests, ...reads].map(({ raw }) => USER_AGENT.test(raw));
  expect.soft(new Set(agents), "says who it is, except in a browser").not.toContain(row.browser ?? false);
}

function expectNothingLeft({ listeners, timers, taken, freed }: Played): void {
  expect.soft(Object.keys(Object.prototype), "members of every object").toEqual([]);
  expect.soft(({} as { polluted?: unknown }).polluted, "members of every object").toBeUndefined();
  expect.soft(listeners, "listeners on the signal").toBe(0);
  expect.soft(timers, "timers").toBe(0);
  expect.soft(taken, "bytes that were taken of a body without end").toBeLessThan(32 * 1024 * 1024);
  expect.soft(freed, "every socket is free").toBe(true);
}

function expectSecrecy(where: string, value: unknown): void {
  expect.soft(thief.requests, "requests to another origin").toHaveLength(0);
  expect.soft(secretsIn(everythingOf(value), SECRETS), `the credential in the ${where}`).toEqual([]);
}

/** Verifies the credential of a row as a secret, against the same script, by a client that has a token of its own. */
async function expectVerification(row: Row, fetch: Fetch): Promise<void> {
  await using server = await playScript(row.script);
  const { timeout = LIMIT, retries = 1, maxRetryAfter } = row.options ?? {};
  const baseUrl = `${server.url}${row.path ?? "/api"}`;
  const client = kaiten.createKaitenClient({ baseUrl, token: OWN, fetch, timeout, retries, maxRetryAfter });
  const verification = await client.verify(TOKEN);
  const [first, ...rest] = server.requests.map(({ authorization }) => authorization);
  expect.soft(first, "the secret that is verified").toBe(`Bearer ${TOKEN}`);
  // The client's own is the control.
  for (const each of rest) expect.soft([`Bearer ${TOKEN}`, `Bearer ${OWN}`], "a secret that is sent").toContain(each);
  expectSecrecy("verification", verification);
  expect.soft(timersLeft(), "timers of the verification").toBe(0);
}

/** @param fetchFor gives a row the `fetch` to go through; the platform's where it gives none. */
export function playRows(rows: readonly Row[], fetchFor: () => Fetch = () => undefined): void {
  // A secret that is given has nothing to do with a token provider.
  const verified = new Set(rows.filter((row) => !row.provider).filter((_, index) => index % 10 === 0));

  test.each(rows.map((row) => [row.name, row] as const))("%s", async (_, row) => {
    const fetch = fetchFor();
    const played = await play(row, fetch);
    expectEnd(row, played);
    expectWords(row, played);
    expectTruth(row, played);
    expectReads(row, played);
    expectTraces(row, played);
    expectSecrecy("result", played.result);
    expectSecrecy("events", played.events);
    expectNothingLeft(played);
    if (verified.has(row)) await expectVerification(row, fetch);
  });

  test("the credential was never printed", () => {
    expect(secretsIn(printed.join(""), SECRETS)).toEqual([]);
  });
}
