// What holds for any slug, any body and any sequence of answers, on real sockets, over each fetch.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClientOptions, createKaitenClient, KaitenError } from "../../src/index.js";
import { undiciFetch } from "../../src/undici.js";
import { playScript, type ScriptedServer, type Step } from "./server.js";
import { api, cut, killed, message, NOT_FOUND, page, problem, problemText, stall, tooSlow } from "./steps.js";
import { controlTimers, LIMIT } from "./timers.js";

const TOKEN = "ksh_properties.0123456789abcdef";
const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };

beforeAll(controlTimers);

const undici = undiciFetch();
afterAll(() => undici.close());

/** What may stand in a slug, the awkward often. */
const PARTS = [".", "..", "/", "\\", "%", "%2e", "%2F", "?", "#", ";", "\0", "\r\n", "\u2028", "\u202e", "@", ":"];
const SECRETS = [
  "ksh_",
  "ksm_x",
  "whsec_x",
  "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.",
  "Bearer ksh_x",
  TOKEN,
  `my-${TOKEN}`,
];
const anyString = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom(...SECRETS),
  fc
    .array(fc.constantFrom(...PARTS, ...SECRETS, "\ud800", "😀", " ", "a"), { maxLength: 6 })
    .map((parts) => parts.join("")),
);

/** Whether it may leave this machine. */
function isAllowed(slug: unknown): slug is string {
  if (typeof slug !== "string" || ["", ".", ".."].includes(slug)) return false;
  const isSecret = slug.includes(TOKEN) || /^\s*(bearer\s+)?(ksh_|ksm_|whsec_|eyJ[^.]*\.[^.]*\.)/i.test(slug);
  const bidi = ["\u061c", "\u200e", "\u200f", ..."\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"];
  const refused = new Set(["/", "\\", "%", "\u2028", "\u2029", ...bidi]);
  return !isSecret && ![...slug].some((character) => refused.has(character) || /[\p{Cc}\p{Cs}]/u.test(character));
}

describe.each<[string, ClientOptions["fetch"]]>([
  ["the platform's fetch", undefined],
  ["undici", undici],
])("over %s", (_, fetch) => {
  const client = (baseUrl: string, options: Partial<ClientOptions> = {}) =>
    createKaitenClient({ baseUrl, token: TOKEN, fetch, timeout: LIMIT, ...options }).serviceAccounts.tokens;

  describe("slugs", () => {
    let server: ScriptedServer;
    beforeAll(async () => {
      server = await playScript([(exchange) => exchange.socket.write(message(204, undefined))]);
    });
    afterAll(() => server[Symbol.asyncDispose]());

    test("any that is allowed arrives as exactly one segment and decodes to itself", async () => {
      const tokens = client(`${server.url}/a/pi`);
      const allowed = anyString.filter(isAllowed);
      await fc.assert(
        fc.asyncProperty(allowed, allowed, async (serviceAccountSlug, tokenSlug) => {
          await tokens.revoke({ serviceAccountSlug, tokenSlug });
          const path = server.requests.at(-1)?.path ?? "";
          const segments = path.split("/");
          expect(segments.slice(0, 4)).toEqual(["", "a", "pi", "service-accounts"]);
          expect(segments.slice(4).map(decodeURIComponent)).toEqual([serviceAccountSlug, "tokens", tokenSlug]);
          // Nor does anybody who parses the path again read another one from it (WHATWG URL §4.4).
          expect(new URL(path, "http://host").pathname).toBe(path);
        }),
        { numRuns: 500 },
      );
    });

    test("none at all reaches a different path: it arrives as itself, or it is refused and not shown", async () => {
      const tokens = client(server.url);
      const anything = fc.oneof(anyString, fc.anything()) as fc.Arbitrary<string>;
      await fc.assert(
        fc.asyncProperty(anything, anything, async (serviceAccountSlug, tokenSlug) => {
          const before = server.requests.length;
          const result = await tokens.revoke({ serviceAccountSlug, tokenSlug }).catch((error: unknown) => error);
          const slugs = [serviceAccountSlug, tokenSlug];
          if (slugs.every(isAllowed)) {
            const [account, token] = slugs.map(encodeURIComponent);
            expect(server.requests.length).toBe(before + 1);
            expect(server.requests.at(-1)?.path).toBe(`/service-accounts/${account}/tokens/${token}`);
          } else {
            expect(server.requests.length).toBe(before);
            expect(result).toBeInstanceOf(TypeError);
            const { message } = result as TypeError;
            for (const secret of SECRETS) expect(message).not.toContain(secret);
            expect(message).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
          }
        }),
        { numRuns: 500 },
      );
    });
  });

  describe("bodies", () => {
    const MEMBERS = ["type", "title", "status", "detail", "instance", "errors", "code", "errorId", "__proto__", "x"];
    const anyBody = fc.oneof(
      fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .dictionary(fc.constantFrom(...MEMBERS), fc.oneof(fc.jsonValue(), fc.constant(NOT_FOUND.code)))
        .map((value) => Buffer.from(JSON.stringify(value))),
    );

    /** Whether it is a problem by which the API says that it finds no such token. */
    const saysAbsent = (bytes: Uint8Array) => {
      try {
        const problem = JSON.parse(new TextDecoder().decode(bytes));
        return !Array.isArray(problem) && Object.hasOwn(problem, "code") && problem.code === NOT_FOUND.code;
      } catch {
        return false;
      }
    };

    test("any bytes as a problem give one of our errors, whose outcome is the status's", async () => {
      let body = Buffer.alloc(0);
      let status = 403;
      await using server = await playScript([(exchange) => problemText(status, body)(exchange)]);
      const tokens = client(server.url, { retries: 0 });
      await fc.assert(
        fc.asyncProperty(anyBody, fc.constantFrom(400, 401, 403, 404, 422, 429, 500, 503), async (bytes, code) => {
          body = bytes;
          status = code;
          const error = await tokens.revoke(REF).catch((thrown: unknown) => thrown);
          expect(error).toBeInstanceOf(KaitenError);
          const refused = status === 404 && saysAbsent(bytes) ? "absent" : "not-revoked";
          expect(error).toMatchObject({ status, attempts: 1, outcome: status >= 500 ? "unknown" : refused });
          expect(["KaitenProblemError", "KaitenResponseError"]).toContain((error as Error).name);
          expect(Object.keys(Object.prototype)).toEqual([]);
          JSON.stringify(error);
        }),
        { numRuns: 400 },
      );
    });
  });

  describe("sequences", () => {
    const steps: Record<string, Step> = {
      api,
      lost: cut(),
      "lost after the token was revoked": killed(cut()),
      "500": problem(500),
      "500 after the token was revoked": killed(problem(500)),
      "408 after the token was revoked": killed(problem(408)),
      "429": problem(429),
      "503 with a page": page(503),
      "no answer": tooSlow(stall()),
      "no answer after the token was revoked": killed(tooSlow(stall())),
      "401": problem(401),
      "403": problem(403),
      "403 with a page": page(403),
      "404 without a code": problem(404),
      "404 NOT_FOUND": problem(404, { code: "NOT_FOUND" }),
      "404 with a page": page(404),
      "200 with a page": page(200),
      "202 after the token was revoked": killed(page(202)),
      "302": page(302, { Location: "/" }),
      "truncated after the token was revoked": killed(cut("HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nx")),
      // The API's own answer once the token is dead, and only then: what it says is true.
      "404 Token.NotFound": (exchange) => (exchange.kill() ? api(exchange) : problem(404, NOT_FOUND)(exchange)),
    };

    test("any ends within the retries, with an outcome that is true", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom(...Object.keys(steps)), { minLength: 1, maxLength: 6 }),
          fc.integer({ min: 0, max: 4 }),
          fc.boolean(),
          async (names, retries, refreshing) => {
            await using server = await playScript(names.map((name) => steps[name] as Step));
            const refresh = ({ rejected }: { rejected?: string }) => (rejected ? `${TOKEN}2` : TOKEN);
            const tokens = client(server.url, { token: refreshing ? refresh : TOKEN, retries });
            const result = (await tokens.revoke(REF).catch((error: unknown) => error)) as KaitenError;
            expect(result.attempts).toBe(server.requests.length);
            expect(result.attempts).toBeLessThanOrEqual(1 + retries + (refreshing ? 1 : 0));
            if (result.outcome === ("revoked" as string)) expect(server.dead).toBe(true);
            if (result.outcome === "absent") expect(server.dead).toBe(true);
            if (result.outcome === "not-revoked") expect(server.dead).toBe(false);
            expect(result instanceof KaitenError ? result.outcome : "resolved").toMatch(
              /^(resolved|not-revoked|unknown|absent)$/,
            );
            await server.idle();
          },
        ),
        { numRuns: 150 },
      );
    });
  });
});
