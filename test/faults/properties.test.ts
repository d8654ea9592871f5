// What holds for any slug, any body and any sequence of answers, on real sockets.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createKaitenClient, KaitenError } from "../../src/index.js";
import { playScript, type ScriptedServer, type Step } from "./server.js";
import { api, cut, killed, message, NOT_FOUND, page, problem, problemText, stall } from "./steps.js";

const TOKEN = "ksh_properties.0123456789abcdef";
const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };

/** Strings that somebody may take for a slug, the awkward ones often. */
const anyString = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc
    .array(
      fc.constantFrom(
        ".",
        "..",
        "/",
        "\\",
        "%",
        "%2e",
        "%2F",
        "?",
        "#",
        ";",
        "\0",
        "\r\n",
        "@",
        ":",
        "\ud800",
        "😀",
        " ",
        "a",
      ),
      { maxLength: 6 },
    )
    .map((parts) => parts.join("")),
);
const allowed = anyString.filter(
  (slug) => slug !== "" && slug !== "." && slug !== ".." && !/\p{Surrogate}/u.test(slug),
);

describe("slugs", () => {
  let server: ScriptedServer;
  beforeAll(async () => {
    server = await playScript([(exchange) => exchange.socket.write(message(204, undefined))]);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("any that is allowed arrives as exactly one segment and decodes to itself", async () => {
    const { tokens } = createKaitenClient({ baseUrl: `${server.url}/a/pi`, token: TOKEN }).serviceAccounts;
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

  test("none at all reaches a different path: it is refused, or it arrives as itself", async () => {
    const { tokens } = createKaitenClient({ baseUrl: server.url, token: TOKEN }).serviceAccounts;
    const anything = fc.oneof(anyString, fc.anything()) as fc.Arbitrary<string>;
    await fc.assert(
      fc.asyncProperty(anything, anything, async (serviceAccountSlug, tokenSlug) => {
        const before = server.requests.length;
        const result = await tokens.revoke({ serviceAccountSlug, tokenSlug }).catch((error: unknown) => error);
        if (server.requests.length === before) {
          expect(result).toBeInstanceOf(TypeError);
        } else {
          const [account, token] = [serviceAccountSlug, tokenSlug].map(encodeURIComponent);
          expect(server.requests.at(-1)?.path).toBe(`/service-accounts/${account}/tokens/${token}`);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("bodies", () => {
  const anyBody = fc.oneof(
    fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .dictionary(
        fc.constantFrom("type", "title", "status", "detail", "instance", "errors", "code", "errorId", "__proto__", "x"),
        fc.jsonValue(),
      )
      .map((value) => Buffer.from(JSON.stringify(value))),
  );

  test("any bytes as a problem give one of our errors, whose outcome is the status's", async () => {
    let body = Buffer.alloc(0);
    let status = 403;
    await using server = await playScript([(exchange) => problemText(status, body)(exchange)]);
    const { tokens } = createKaitenClient({ baseUrl: server.url, token: TOKEN, retries: 0 }).serviceAccounts;
    await fc.assert(
      fc.asyncProperty(anyBody, fc.constantFrom(400, 401, 403, 404, 422, 429, 500, 503), async (bytes, code) => {
        body = bytes;
        status = code;
        const error = await tokens.revoke(REF).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(KaitenError);
        expect(error).toMatchObject({ status, attempts: 1 });
        expect(["KaitenProblemError", "KaitenResponseError"]).toContain((error as Error).name);
        const outcomes = status >= 500 ? ["unknown"] : status === 404 ? ["not-revoked", "absent"] : ["not-revoked"];
        expect(outcomes).toContain((error as KaitenError).outcome);
        expect(Object.keys(Object.prototype)).toEqual([]);
        JSON.stringify(error);
      }),
      { numRuns: 400 },
    );
  });
});

describe("sequences", () => {
  // Only here is time not real: the backoff between two attempts is a ms, and chance is not asked for it.
  beforeAll(() => {
    vi.spyOn(Math, "random").mockReturnValue(-0.998);
  });
  afterAll(() => {
    vi.restoreAllMocks();
  });

  const steps: Record<string, Step> = {
    api,
    lost: cut(),
    "lost after the token was revoked": killed(cut()),
    "500": problem(500),
    "500 after the token was revoked": killed(problem(500)),
    "408 after the token was revoked": killed(problem(408)),
    "429": problem(429),
    "503 with a page": page(503),
    "no answer": stall(),
    "no answer after the token was revoked": killed(stall()),
    "401": problem(401),
    "403": problem(403),
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
          const token = refreshing ? ({ rejected }: { rejected?: string }) => (rejected ? `${TOKEN}2` : TOKEN) : TOKEN;
          const timeout = 500;
          const { tokens } = createKaitenClient({ baseUrl: server.url, token, retries, timeout }).serviceAccounts;
          const began = performance.now();
          const result = (await tokens.revoke(REF).catch((error: unknown) => error)) as KaitenError;
          // A refresh may take as long as an attempt; the pauses are a ms here.
          expect(performance.now() - began).toBeLessThan((retries + 3) * timeout);
          expect(result.attempts).toBe(server.requests.length);
          expect(result.attempts).toBeLessThanOrEqual(1 + retries + (refreshing ? 1 : 0));
          if (result.outcome === ("revoked" as string)) expect(server.dead).toBe(true);
          if (result.outcome === "absent") expect(server.dead).toBe(true);
          if (result.outcome === "not-revoked") expect(server.dead).toBe(false);
          expect(result instanceof KaitenError ? result.outcome : "resolved").toMatch(
            /^(resolved|not-revoked|unknown|absent)$/,
          );
        },
      ),
      { numRuns: 150 },
    );
  });
});
