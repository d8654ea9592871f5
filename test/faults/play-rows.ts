// Plays every row of the table against a real socket: the outcome, the truth, and what must never happen.
import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import * as kaiten from "../../src/index.js";
import { elsewhere, FRESH, flood, type Row, TOKEN } from "./rows.js";
import { playScript, type ScriptedServer } from "./server.js";
import { api } from "./steps.js";

const OURS = fileURLToPath(new URL("../../src/", import.meta.url));

let thief: ScriptedServer;
const printed: string[] = [];

beforeAll(async () => {
  thief = await playScript([api]);
  elsewhere.url = thief.url;
  const { setTimeout, clearTimeout } = globalThis;
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((run: () => void, ms: number) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
    // The platform's fetch keeps a timer of its own.
    if (new Error().stack?.includes(OURS)) timers.add(timer);
    return timer;
  }) as typeof setTimeout);
  vi.spyOn(globalThis, "clearTimeout").mockImplementation((timer) => {
    timers.delete(timer);
    clearTimeout(timer);
  });
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

/** Everything of a value that anybody could look at. */
function everythingOf(value: unknown): string {
  const causes: string[] = [];
  for (let error = value; error instanceof Error; error = error.cause) causes.push(error.message, String(error.stack));
  return [
    ...causes,
    String(value),
    inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true, maxStringLength: null }),
    JSON.stringify(value),
  ].join("\n");
}

const secretsIn = (text: string) =>
  [TOKEN, FRESH, TOKEN.slice(0, 20), encodeURIComponent(TOKEN), TOKEN.replaceAll("/", "\\/")].filter((secret) =>
    text.includes(secret),
  );

/** The timers that the call has set and neither cleared nor seen fire. */
const timers = new Set<unknown>();

/** @param fetchFor gives a row the `fetch` to go through; the platform's where it gives none. */
export function playRows(rows: readonly Row[], fetchFor: () => kaiten.ClientOptions["fetch"] = () => undefined): void {
  describe.each(rows.map((row) => [row.name, row] as const))("%s", (_, row) => {
    test(`is ${row.outcome}`, async () => {
      await using server = await playScript(row.script);
      const { signal } = new AbortController();
      const { ignoreAbsent, timeout = 3_000, retries = 1, ...options } = row.options ?? {};
      const events: kaiten.AttemptEvent[] = [];
      const client = kaiten.createKaitenClient({
        baseUrl: `${server.url}/api`,
        token: row.provider ?? TOKEN,
        onAttempt: (event) => events.push(event),
        fetch: fetchFor(),
        ...options,
      });
      flood.bytes = 0;
      const result = await client.serviceAccounts.tokens
        .revoke(
          { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" },
          { signal, timeout, retries, ...(ignoreAbsent && { ignoreAbsent }) },
        )
        .catch((error: unknown) => error);
      const left = timers.size;

      // What it says.
      const { outcome, attempts } = result as { outcome: kaiten.Outcome; attempts: number };
      expect({ outcome, attempts }, everythingOf(result)).toEqual({
        outcome: row.outcome,
        attempts: row.attempts ?? 1,
      });
      expect(result instanceof kaiten.KaitenError ? result.name : undefined, everythingOf(result)).toBe(
        row.error === undefined ? undefined : `Kaiten${row.error}Error`,
      );
      if (result instanceof kaiten.KaitenError) {
        expect(result.message).toContain(row.says ?? "");
        expect(result.request).toEqual({
          method: "DELETE",
          url: `${server.url}/api/service-accounts/ci-bot/tokens/deploy-key`,
        });
        expect(result.message).toContain(result.request?.url);
      } else {
        expect(result).not.toBeInstanceOf(Error);
      }
      expect(events.map((event) => event.number)).toEqual(Array.from({ length: attempts }, (_, index) => index + 1));
      expect(events.at(-1)?.delay).toBeUndefined();

      // The truth.
      expect(server.dead).toBe(row.dead);
      if (outcome === "revoked") expect(server.dead).toBe(true);
      if (outcome === "not-revoked") expect(server.dead).toBe(false);

      // What must never happen.
      expect(thief.requests).toHaveLength(0);
      expect(secretsIn(everythingOf(result))).toEqual([]);
      expect(secretsIn(everythingOf(events))).toEqual([]);
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      expect(getEventListeners(signal, "abort")).toEqual([]);
      expect(left, "timers left").toBe(0);
      expect(flood.bytes).toBeLessThan(32 * 1024 * 1024);
      for (let waited = 0; server.busy > 0 && waited < 500; waited += 10) await sleep(10);
      expect(server.busy, "sockets still in use").toBe(0);
    });
  });

  test("the credential was never printed", () => {
    expect(secretsIn(printed.join(""))).toEqual([]);
  });
}
