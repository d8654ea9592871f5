// Plays every row of the table against a real socket, once, and holds what the call claims to the row and to the truth.
import { getEventListeners } from "node:events";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import * as kaiten from "../../src/index.js";
import { elsewhere, FRESH, flood, type Row, TOKEN } from "./rows.js";
import { everythingOf, secretsIn } from "./secrets.js";
import { playScript, type ScriptedServer } from "./server.js";
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

/** Makes the one call of a row, and notes all that is to be known of it. */
async function play(row: Row, fetch: Fetch) {
  await using server = await playScript(row.script);
  const { signal } = new AbortController();
  const { ignoreAbsent, maybeRevoked, timeout = LIMIT, retries = 1, ...options } = row.options ?? {};
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
    .revoke(ref, { signal, timeout, retries, ignoreAbsent, maybeRevoked })
    .catch((error: unknown) => error)) as Result;
  vi.unstubAllGlobals();
  const timers = timersLeft();
  const listeners = getEventListeners(signal, "abort").length;
  const freed = await Promise.race([server.idle().then(() => true), giveUp(10_000)]);
  const url = `${baseUrl}/service-accounts/${ref.serviceAccountSlug}/tokens/${ref.tokenSlug}`;
  const { dead, requests } = server;
  return { ref, url, result, events, timers, listeners, freed, dead, requests, taken: flood.bytes };
}

/** Verifies the credential of a row as a secret, against the same script, by a client that has a token of its own. */
async function playVerify(row: Row, fetch: Fetch) {
  await using server = await playScript(row.script);
  const { timeout = LIMIT, retries = 1, maxRetryAfter } = row.options ?? {};
  const baseUrl = `${server.url}${row.path ?? "/api"}`;
  const client = kaiten.createKaitenClient({ baseUrl, token: OWN, fetch, timeout, retries, maxRetryAfter });
  const verification = await client.verify(TOKEN);
  return { verification, timers: timersLeft(), sent: server.requests.map(({ authorization }) => authorization) };
}

const giveUp = (ms: number) => new Promise<false>((resolve) => setTimeout(resolve, ms, false).unref());

/** @param fetchFor gives a row the `fetch` to go through; the platform's where it gives none. */
export function playRows(rows: readonly Row[], fetchFor: () => Fetch = () => undefined): void {
  describe.each(rows.map((row) => [row.name, row] as const))("%s", (_, row) => {
    let played: Awaited<ReturnType<typeof play>>;
    beforeAll(async () => {
      played = await play(row, fetchFor());
    });

    test(`ends as ${row.outcome}, ${row.error === undefined ? "resolved" : `by a Kaiten${row.error}Error`}`, () => {
      const { result, events, ref, url } = played;
      const { outcome, attempts = 1, error } = row;
      const name = error === undefined ? undefined : `Kaiten${error}Error`;
      expect({ name: (result as Error).name, ...result }, everythingOf(result)).toMatchObject({
        ...{ name, outcome, attempts, ref, at: expect.stringMatching(ISO) },
      });
      expect(events.map(({ number }) => number)).toEqual(Array.from({ length: attempts }, (_, index) => index + 1));
      expect(events.at(-1)).toMatchObject({ outcome, ref, url });
      expect(events.at(-1)?.delay).toBeUndefined();
      expect(events.at(-1)?.status).toBe((result as { status?: number }).status);
    });

    if (row.error !== undefined) {
      test("says what happened to which request, and what it means", () => {
        const { result, url } = played;
        const { name, message, summary, outcome, attempts, at, ref, request } = result as kaiten.KaitenError;
        const { errorId, traceId, retryAfter } = result as kaiten.KaitenProblemError;
        expect(message).toContain(row.says ?? "");
        if (row.never) expect(message).not.toContain(row.never);
        const details = [
          ...[`DELETE ${url}`, `${attempts} attempt${attempts === 1 ? "" : "s"}`],
          ...[errorId && `error id ${errorId}`, traceId && `trace id ${traceId}`],
        ];
        expect(message).toBe(`${summary} (${details.filter(Boolean).join(", ")})`);
        expect(request).toEqual({ method: "DELETE", url });
        if (row.retryAfter !== undefined) expect(retryAfter).toBe(row.retryAfter);
        expect(retryAfter ?? 0).toBeLessThan(Number.POSITIVE_INFINITY);
        expect(JSON.parse(JSON.stringify(result))).toMatchObject({
          ...{ name, message, summary, outcome, attempts, at, ref, request },
        });
      });
    }

    test("can be found in the server's logs, except from a browser", () => {
      const { result, requests } = played;
      const sent = requests.map(({ raw }) => TRACEPARENT.exec(raw) ?? []);
      const [traces, spans] = [1, 2].map((part) => new Set(sent.map((ids) => ids[part])));
      if (row.browser) {
        // CORS allows no such header.
        expect({ sent, traceId: result.traceId }).toEqual({ sent: requests.map(() => []), traceId: undefined });
      } else {
        expect(traces?.size).toBeLessThanOrEqual(1);
        expect(row.traceId ?? traces?.values().next().value ?? result.traceId).toBe(result.traceId);
        // A span for each attempt that sent something. The platform's fetch sends twice after a 421.
        expect(spans?.size).toBe(Math.min(requests.length, result.attempts));
      }
      const agents = requests.map(({ raw }) => USER_AGENT.test(raw));
      expect(agents).toEqual(requests.map(() => !row.browser));
    });

    test("claims no more than the truth", () => {
      const { result, dead } = played;
      expect(dead, "the row is right about the token").toBe(row.dead);
      if (result.outcome === "revoked") expect(dead, "it claims that the token is revoked").toBe(true);
      if (result.outcome === "not-revoked") expect(dead, "it claims that the token is not revoked").toBe(false);
    });

    test("tells nobody the credential", () => {
      const { result, events } = played;
      expect(thief.requests, "requests to another origin").toHaveLength(0);
      expect(secretsIn(everythingOf(result), SECRETS), "in the result").toEqual([]);
      expect(secretsIn(everythingOf(events), SECRETS), "in the events").toEqual([]);
    });

    test("leaves nothing behind", () => {
      expect(Object.keys(Object.prototype), "members of every object").toEqual([]);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      expect(played.listeners, "listeners on the signal").toBe(0);
      expect(played.timers, "timers").toBe(0);
      expect(played.taken, "bytes that were taken of a body without end").toBeLessThan(32 * 1024 * 1024);
      expect(played.freed, "every socket is free").toBe(true);
    });

    // A row about a token provider has nothing to do with a secret that is given.
    if (row.provider) return;
    test("tells nobody a secret that is verified, and sends no other", async () => {
      const { verification, timers, sent } = await playVerify(row, fetchFor());
      expect(new Set(sent)).toEqual(new Set([`Bearer ${TOKEN}`]));
      expect(thief.requests, "requests to another origin").toHaveLength(0);
      expect(secretsIn(everythingOf(verification), SECRETS), "in the verification").toEqual([]);
      expect(timers, "timers").toBe(0);
    });
  });

  test("the credential was never printed", () => {
    expect(secretsIn(printed.join(""), SECRETS)).toEqual([]);
  });
}
