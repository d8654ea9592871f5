// The fake: it answers, keeps its record and fails as the real API does.
import { getEventListeners } from "node:events";
import { rolldown } from "rolldown";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import * as library from "../../src/index.js";
import type * as testing from "../../src/testing/index.js";
import { createFakeKaiten, type FakeKaiten, type Fault } from "../../src/testing/index.js";
import { listen } from "../../src/testing/listen.js";
import type { Token } from "../../src/types.js";

const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
const OTHER = { serviceAccountSlug: "ci-bot", tokenSlug: "old-key" };
const PROBLEM = "application/problem+json";
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

afterEach(() => {
  vi.useRealTimers();
});

interface Sent {
  ref?: typeof REF;
  method?: string;
  path?: string;
  /** The whole header; "" leaves it out. */
  authorization?: string;
  traceparent?: string;
  signal?: AbortSignal;
}

function send(fake: FakeKaiten, { ref = REF, method = "DELETE", signal, ...sent }: Sent = {}): Promise<Response> {
  const { authorization = `Bearer ${fake.credential}`, traceparent } = sent;
  const path = sent.path ?? `/service-accounts/${ref.serviceAccountSlug}/tokens/${ref.tokenSlug}`;
  const headers = { ...(authorization && { authorization }), ...(traceparent && { traceparent }) };
  return fake.fetch(fake.baseUrl + path, { method, headers, ...(signal && { signal }) });
}

/** The status, and the code of a problem. */
async function answer(fake: FakeKaiten, sent: Sent = {}): Promise<string> {
  const response = await send(fake, sent);
  if (response.headers.get("content-type") !== PROBLEM) return String(response.status);
  const { code } = await response.json();
  return [response.status, code].filter(Boolean).join(" ");
}

const clientOf = (fake: FakeKaiten, options: Partial<library.ClientOptions> = {}) =>
  library.createKaitenClient({ baseUrl: fake.baseUrl, token: fake.credential, fetch: fake.fetch, ...options })
    .serviceAccounts.tokens;

describe("like the API,", () => {
  test("it revokes an active token once, and then finds it no more", async () => {
    const fake = createFakeKaiten({ tokens: [REF, OTHER] });
    const first = await send(fake);
    expect([first.status, first.body]).toEqual([204, null]);
    expect(await answer(fake)).toBe("404 Token.NotFound");
    expect(await answer(fake, { ref: OTHER })).toBe("204");
  });

  test("it does not find a token that never was", async () => {
    const fake = createFakeKaiten({ tokens: [REF] });
    expect(await answer(fake, { ref: { ...REF, serviceAccountSlug: "cd-bot" } })).toBe("404 Token.NotFound");
    expect(fake.alive()).toEqual([REF]);
  });

  test("it answers with problems that have the members of the real ones", async () => {
    const response = await send(createFakeKaiten());
    expect(await response.json()).toEqual({
      type: "https://tools.ietf.org/html/rfc7231#section-6.5.4",
      title: "Not Found",
      status: 404,
      code: "Token.NotFound",
      detail: "Token with slug deploy-key not found for service account ci-bot or already revoked",
    });
  });

  test.each([
    ["no credential", "", "401 Auth.MissingAuthorizationHeader"],
    ["another scheme", "Basic a3NoOmZha2U=", "401 Auth.MissingAuthorizationHeader"],
    ["a scheme that ends in the right one", "Not-Bearer ksh_fake-credential", "401 Auth.MissingAuthorizationHeader"],
    ["an unknown credential", "Bearer ksh_unknown", "401 ValidateToken.Invalid"],
    ["the secret of a token", "bearer ksh_of-old-key", "204"],
  ])("it answers %s with what it means", async (_, authorization, expected) => {
    const fake = createFakeKaiten({ tokens: [REF, { ...OTHER, secret: "ksh_of-old-key" }] });
    expect(await answer(fake, { authorization })).toBe(expected);
    expect(fake.isAlive(REF)).toBe(expected !== "204");
  });

  test("it needs the scope write:tokens", async () => {
    const fake = createFakeKaiten({ tokens: [REF], scopes: ["read:tokens"] });
    expect(await answer(fake)).toBe("403 Auth.MissingScope");
    expect(fake.isAlive(REF)).toBe(true);
  });

  test.each([
    ["another method", { method: "PUT" }],
    ["another method for the record", { path: "/service-accounts/ci-bot" }],
    ["a read of one token", { method: "GET" }],
    ["the record by a longer path", { method: "GET", path: "/service-accounts/ci-bot/" }],
    ["a longer path", { path: "/service-accounts/ci-bot/tokens/deploy-key/" }],
    ["a path before that of the API", { path: "/../web/api/service-accounts/ci-bot/tokens/deploy-key" }],
    ["a base URL without its path", { path: "/../service-accounts/ci-bot/tokens/deploy-key" }],
  ])("it has no route for %s", async (_, sent) => {
    const fake = createFakeKaiten({ tokens: [REF] });
    expect(await answer(fake, sent)).toBe("404 NOT_FOUND");
    expect(fake.requests).toMatchObject([{ ref: undefined, committed: false, answered: 404 }]);
  });

  test("it reads escaped slugs", async () => {
    const fake = createFakeKaiten({ tokens: [{ serviceAccountSlug: "ci bot", tokenSlug: "schlüssel" }] });
    expect(await answer(fake, { path: "/service-accounts/ci%20bot/tokens/schl%C3%BCssel" })).toBe("204");
  });

  test("a credential that revoked itself is refused afterwards", async () => {
    const fake = createFakeKaiten({ tokens: [{ ...REF, secret: "ksh_self" }, OTHER], credential: "ksh_self" });
    expect(await answer(fake)).toBe("204");
    expect(await answer(fake)).toBe("401 ValidateToken.Invalid");
    expect(await answer(fake, { ref: OTHER })).toBe("401 ValidateToken.Invalid");
  });

  test("it repeats the trace id of a request, and otherwise makes one", async () => {
    const fake = createFakeKaiten({ tokens: [REF] });
    const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
    const [revoked, absent, own] = [
      await send(fake, { traceparent }),
      await send(fake, { traceparent }),
      await send(fake),
    ];
    expect(revoked.headers.get("kaiten-traceid")).toBe(TRACE);
    expect(absent.headers.get("kaiten-traceid")).toBe(TRACE);
    expect(own.headers.get("kaiten-traceid")).toMatch(/^[0-9a-f]{32}$/);
  });

  test("it accepts a renewed credential and refuses an expired one", async () => {
    const fake = createFakeKaiten({ tokens: [REF] });
    fake.credentials.clear();
    fake.credentials.set("ksh_renewed", ["write:tokens"]);
    const token = ({ rejected }: { rejected?: string | undefined }) => (rejected ? "ksh_renewed" : fake.credential);
    expect(await clientOf(fake, { token }).revoke(REF)).toMatchObject({ outcome: "revoked", attempts: 2 });
    expect(fake.requests).toMatchObject([{ answered: 401 }, { answered: 204 }]);
  });
});

describe("the record of a service account", () => {
  const NOW = Date.parse("2026-11-23T12:00:00Z");
  const USER = { id: "fake-user", name: "Fake User" };
  const read = (fake: FakeKaiten, slug = "ci-bot", sent: Sent = {}) =>
    send(fake, { method: "GET", path: `/service-accounts/${slug}`, ...sent });
  const tokensOf = async (fake: FakeKaiten) => (await (await read(fake)).json()).tokens as Token[];

  test("has the members of the real one, and all tokens without their secrets, the newest first", async () => {
    const fake = createFakeKaiten({
      tokens: [
        { ...REF, secret: "ksh_of-deploy-key" },
        { ...OTHER, name: "Old", scopes: [], createdAt: "2026-01-01T00:00:00Z", expiresAt: "2026-02-01T00:00:00Z" },
        { ...OTHER, tokenSlug: "new-key", createdAt: "2026-11-24T00:00:00Z", revokedAt: "2026-11-25T00:00:00Z" },
        { ...OTHER, serviceAccountSlug: "cd-bot" },
      ],
      now: () => NOW,
    });
    const response = await read(fake);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(response.headers.get("kaiten-traceid")).toMatch(/^[0-9a-f]{32}$/);
    const text = await response.text();
    expect(text).not.toContain("ksh_");
    const common = { id: expect.any(String), createdAt: "2026-11-23T12:00:00.000Z", createdBy: USER };
    const { tokens, ...account } = JSON.parse(text);
    expect(account).toEqual({ ...common, name: "ci-bot", slug: "ci-bot", externalId: expect.any(String) });
    const token = { ...common, serviceAccountId: account.id, scopes: ["write:tokens"] };
    const [old, fresh] = [{ createdAt: "2026-01-01T00:00:00Z" }, { createdAt: "2026-11-24T00:00:00Z" }];
    expect(tokens).toEqual([
      { ...token, ...fresh, name: "new-key", slug: "new-key", revokedAt: "2026-11-25T00:00:00Z" },
      { ...token, name: "deploy-key", slug: "deploy-key" },
      { ...token, ...old, name: "Old", slug: "old-key", scopes: [], expiresAt: "2026-02-01T00:00:00Z" },
    ]);
    expect(new Set(tokens.map(({ id }: Token) => id)).size).toBe(3);
  });

  test("keeps a revoked token, and says when and by whom it was revoked: once", async () => {
    let now = NOW;
    const fake = createFakeKaiten({ tokens: [REF, OTHER], now: () => now });
    expect(JSON.stringify(await tokensOf(fake))).not.toContain("revoked");
    expect(await answer(fake)).toBe("204");
    now += 60_000;
    expect(await answer(fake)).toBe("404 Token.NotFound");
    const [revoked, active] = await tokensOf(fake);
    expect(revoked).toMatchObject({ slug: "deploy-key", revokedAt: "2026-11-23T12:00:00.000Z", revokedBy: USER });
    expect(active).not.toHaveProperty("revokedAt");
    expect(fake.requests.at(-1)).toMatchObject({ method: "GET", ref: undefined, committed: false, answered: 200 });
  });

  test("knows only accounts that have tokens", async () => {
    const response = await read(createFakeKaiten({ tokens: [REF] }), "cd-bot");
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      type: "https://tools.ietf.org/html/rfc7231#section-6.5.4",
      title: "Not Found",
      status: 404,
      code: "ServiceAccount.NotFound",
      detail: expect.any(String),
    });
  });

  test.each([
    ["write:tokens", 200],
    ["read:tokens", 200],
    ["read:cards", 403],
  ])("can be read with the scope %s: %i", async (scope, status) => {
    const fake = createFakeKaiten({ tokens: [REF], scopes: [scope] });
    expect((await read(fake)).status).toBe(status);
    expect(await answer(fake)).toBe(scope === "write:tokens" ? "204" : "403 Auth.MissingScope");
  });

  test("needs a credential that is accepted", async () => {
    const fake = createFakeKaiten({ tokens: [REF] });
    const codes = ["", "Bearer ksh_unknown"].map(async (authorization) => {
      const { code } = await (await read(fake, "ci-bot", { authorization })).json();
      return code;
    });
    expect(await Promise.all(codes)).toEqual(["Auth.MissingAuthorizationHeader", "ValidateToken.Invalid"]);
  });

  test("a token is dead from the start where it was revoked, and from its end on where it expires", async () => {
    let now = NOW;
    const fake = createFakeKaiten({
      tokens: [
        { ...REF, secret: "ksh_revoked", revokedAt: "2026-11-01T00:00:00Z" },
        { ...OTHER, secret: "ksh_expiring", expiresAt: "2026-11-23T12:00:01Z", scopes: ["read:tokens"] },
      ],
      now: () => now,
    });
    const statusOf = async (secret: string) =>
      (await read(fake, "ci-bot", { authorization: `Bearer ${secret}` })).status;
    expect([await statusOf("ksh_revoked"), await statusOf("ksh_expiring")]).toEqual([401, 200]);
    expect(fake.alive()).toEqual([OTHER]);
    now += 1_000;
    expect(await statusOf("ksh_expiring")).toBe(401);
    expect([fake.alive(), fake.isAlive(OTHER)]).toEqual([[], false]);
    fake.play("stale-replica");
    expect(await statusOf("ksh_expiring")).toBe(401);
  });

  test("may have more than one token of a slug: the one that is active is revoked", async () => {
    const fake = createFakeKaiten({ tokens: [{ ...REF, revokedAt: "2026-01-01T00:00:00Z" }, REF], now: () => NOW });
    expect(fake.isAlive(REF)).toBe(true);
    expect(await answer(fake)).toBe("204");
    expect(fake.isAlive(REF)).toBe(false);
    expect((await tokensOf(fake)).map(({ revokedAt }) => revokedAt)).toEqual([
      "2026-01-01T00:00:00Z",
      "2026-11-23T12:00:00.000Z",
    ]);
  });
});

describe("the gateway's limiter", () => {
  test("lets a number of requests through in each second, and refuses the rest with 18 bytes", async () => {
    let now = 10_250;
    const fake = createFakeKaiten({ rateLimit: 3, now: () => now });
    const statuses = async () => Promise.all(Array.from({ length: 5 }, async () => (await send(fake)).status));
    expect(await statuses()).toEqual([404, 404, 404, 429, 429]);
    now = 10_999;
    const refused = await send(fake);
    expect(refused.status).toBe(429);
    expect([refused.headers.get("content-type"), refused.headers.get("retry-after")]).toEqual(["text/plain", null]);
    expect(refused.headers.has("kaiten-traceid")).toBe(false);
    expect(await refused.text()).toHaveLength(18);
    now = 11_000;
    expect(await statuses()).toEqual([404, 404, 404, 429, 429]);
  });

  test("does not limit JWTs, and there is none by default", async () => {
    const limited = createFakeKaiten({ rateLimit: 1, credential: "eyJ.fake.jwt" });
    const unlimited = createFakeKaiten();
    for (const fake of [limited, unlimited]) {
      const statuses = await Promise.all(Array.from({ length: 200 }, async () => (await send(fake)).status));
      expect(statuses.filter((status) => status === 404)).toHaveLength(200);
    }
  });

  test("spends no fault: the next request that it lets through meets it", async () => {
    let now = 0;
    const fake = createFakeKaiten({ rateLimit: 1, now: () => now });
    expect(await answer(fake)).toBe("404 Token.NotFound");
    fake.play("api-400");
    expect(await answer(fake)).toBe("429");
    now = 1_000;
    expect(await answer(fake)).toBe("400");
    expect(fake.requests.map(({ fault }) => fault)).toEqual([undefined, "gateway-429", "api-400"]);
  });
});

describe("a stale replica", () => {
  const revokeSelf = async () => {
    const clock = { now: 0 };
    const tokens = [{ ...REF, secret: "ksh_leaked" }, OTHER];
    const fake = createFakeKaiten({ tokens, now: () => clock.now });
    expect(await answer(fake)).toBe("204");
    const ask = (ref = REF) => answer(fake, { ref, authorization: "Bearer ksh_leaked" });
    return { fake, clock, ask };
  };

  test("accepts a revoked secret for five minutes, where the others refuse it at once", async () => {
    const { fake, clock, ask } = await revokeSelf();
    expect(await ask()).toBe("401 ValidateToken.Invalid");
    fake.play("stale-replica", { times: Number.POSITIVE_INFINITY });
    expect(await ask()).toBe("404 Token.NotFound");
    clock.now = 299_999;
    expect(await ask()).toBe("404 Token.NotFound");
    clock.now = 300_000;
    expect(await ask()).toBe("401 ValidateToken.Invalid");
  });

  test("lets the revoked secret revoke other tokens", async () => {
    const { fake, ask } = await revokeSelf();
    fake.play("stale-replica");
    expect(await ask(OTHER)).toBe("204");
    expect(fake.isAlive(OTHER)).toBe(false);
  });

  test("refuses a secret that was never accepted, and needs the scope", async () => {
    const fake = createFakeKaiten({ tokens: [REF], scopes: [] });
    fake.play("stale-replica", { times: 2 });
    expect(await answer(fake, { authorization: "Bearer ksh_unknown" })).toBe("401 ValidateToken.Invalid");
    expect(await answer(fake)).toBe("403 Auth.MissingScope");
  });
});

describe("a fault", () => {
  test("is met by the next request, by the next few, or by all until it is ended", async () => {
    const fake = createFakeKaiten();
    fake.play("api-400");
    fake.play("api-422", { times: 2 });
    fake.play("api-429", { times: 0 });
    const end = fake.play("api-503", { times: Number.POSITIVE_INFINITY });
    for (const expected of ["400", "422", "422", "503", "503", "503"]) expect(await answer(fake)).toBe(expected);
    end();
    expect(await answer(fake)).toBe("404 Token.NotFound");
  });

  test("can be for one token", async () => {
    const fake = createFakeKaiten({ tokens: [REF, OTHER] });
    fake.play("api-400", { ref: OTHER });
    expect(await answer(fake, { path: "/" })).toBe("404 NOT_FOUND");
    expect(await answer(fake)).toBe("204");
    expect(await answer(fake, { ref: OTHER })).toBe("400");
    expect(await answer(fake, { ref: OTHER })).toBe("204");
  });

  test("can be met by chance, which repeats with the seed", async () => {
    const play = async (seed: number) => {
      const fake = createFakeKaiten({ seed });
      fake.play("api-503", { times: Number.POSITIVE_INFINITY, rate: 0.25 });
      for (let sent = 0; sent < 400; sent++) await send(fake);
      return fake.requests.map(({ answered }) => answered);
    };
    const [first, again, other] = [await play(7), await play(7), await play(8)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    for (const statuses of [first, other]) {
      const met = statuses.filter((status) => status === 503).length;
      expect(met).toBeGreaterThan(60);
      expect(met).toBeLessThan(140);
    }
  });

  test.each<[Fault, ofDelete: string, ofRead: string]>([
    ["connection-refused", "TypeError", "200"],
    ["api-503", "503", "200"],
    ["login-page", "200", "200"],
    ["jwt-expired", "401", "401"],
    ["wrong-base-url", "404 NOT_FOUND", "404 NOT_FOUND"],
    ["database-down", "401 ValidateToken.Invalid", "401 ValidateToken.Invalid"],
    ["membership-ended", "404 Token.NotFound", "404 ServiceAccount.NotFound"],
    ["record-unreadable", "204", "500 INTERNAL"],
  ])("%s is met by what its table says: %s for a DELETE, %s for the record", async (fault, ofDelete, ofRead) => {
    const fake = createFakeKaiten({ tokens: [REF] });
    fake.play(fault, { times: Number.POSITIVE_INFINITY });
    const read = { method: "GET", path: "/service-accounts/ci-bot" };
    const ask = (sent: Sent = {}) => answer(fake, sent).catch(({ name }: Error) => name);
    expect([await ask(read), await ask()]).toEqual([ofRead, ofDelete]);
    expect(fake.isAlive(REF)).toBe(ofDelete !== "204");
    expect(fake.requests.map((request) => request.fault === fault)).toEqual([ofRead !== "200", ofDelete !== "204"]);
  });

  test("for one token is also met by reads of its account, and by no other", async () => {
    const fake = createFakeKaiten({ tokens: [REF, { ...OTHER, serviceAccountSlug: "cd-bot" }] });
    fake.play("record-unreadable", { ref: OTHER });
    const read = (account: string) => answer(fake, { method: "GET", path: `/service-accounts/${account}` });
    expect([await read("cd-bot"), await read("ci-bot"), await read("ci-bot")]).toEqual(["200", "500 INTERNAL", "200"]);
  });

  test("hidden-token takes the token out of the record, and leaves it alive", async () => {
    const fake = createFakeKaiten({ tokens: [REF, OTHER] });
    fake.play("hidden-token");
    expect([await answer(fake), await answer(fake)]).toEqual(["404 Token.NotFound", "404 Token.NotFound"]);
    const record = await (await send(fake, { method: "GET", path: "/service-accounts/ci-bot" })).json();
    expect(record.tokens.map(({ slug }: Token) => slug)).toEqual(["old-key"]);
    expect(fake.alive()).toEqual([REF, OTHER]);
  });

  test("membership-ended leaves the secrets of its account accepted", async () => {
    const fake = createFakeKaiten({ tokens: [{ ...REF, secret: "ksh_of-deploy-key" }] });
    fake.play("membership-ended", { times: Number.POSITIVE_INFINITY });
    const authorization = "Bearer ksh_of-deploy-key";
    expect(await answer(fake, { authorization })).toBe("404 Token.NotFound");
    expect(await answer(fake, { authorization: "Bearer ksh_unknown" })).toBe("401 ValidateToken.Invalid");
    expect(fake.isAlive(REF)).toBe(true);
  });

  test("sent-twice gives the answer to the second request, after the first was carried out", async () => {
    const fake = createFakeKaiten({ tokens: [{ ...REF, secret: "ksh_self" }, OTHER] });
    fake.play("sent-twice", { times: 2 });
    expect(await answer(fake, { ref: OTHER })).toBe("404 Token.NotFound");
    expect(await answer(fake, { authorization: "Bearer ksh_self" })).toBe("401 ValidateToken.Invalid");
    expect(fake.requests).toMatchObject([{ committed: true }, { committed: true }]);
    expect(fake.alive()).toEqual([]);
  });

  test.each<[Fault, number, type: string | null, retryAfter: string | null]>([
    ["gateway-403", 403, null, null],
    ["gateway-429", 429, "text/plain", null],
    ["jwt-expired", 401, "text/plain", null],
    ["login-page", 200, "text/html", null],
    ["wrong-base-url", 404, PROBLEM, null],
    ["hidden-token", 404, PROBLEM, null],
    ["api-400", 400, PROBLEM, null],
    ["api-422", 422, PROBLEM, null],
    ["api-429", 429, PROBLEM, "1"],
    ["api-503", 503, PROBLEM, "1"],
    ["api-500-before-commit", 500, PROBLEM, null],
    ["api-500-after-commit", 500, PROBLEM, null],
  ])("%s answers %i %s, Retry-After %s", async (fault, status, type, retryAfter) => {
    const fake = createFakeKaiten();
    fake.play(fault);
    const { status: answered, headers } = await send(fake);
    const found = [answered, headers.get("content-type"), headers.get("retry-after"), headers.has("kaiten-traceid")];
    // The gateway knows no trace.
    expect(found).toEqual([status, type, retryAfter, type === PROBLEM]);
  });

  test.each<[Fault, cause: object]>([
    ["connection-refused", { code: "ECONNREFUSED", syscall: "connect", message: "connect ECONNREFUSED" }],
    ["lost-before-commit", { code: "ECONNRESET", syscall: "read", message: "read ECONNRESET" }],
    ["lost-after-commit", { code: "ECONNRESET", syscall: "read", message: "read ECONNRESET" }],
  ])("%s fails as Node's fetch does", async (fault, cause) => {
    const fake = createFakeKaiten();
    fake.play(fault);
    const error: unknown = await send(fake).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: "fetch failed", cause });
  });

  test("has `errors` only where there are some, and an errorId only with a 500, each another", async () => {
    const fake = createFakeKaiten();
    const problemOf = async (fault: Fault) => {
      fake.play(fault);
      return (await send(fake)).json();
    };
    const refused = await problemOf("api-422");
    expect(refused.errors).toEqual([{ location: "path.tokenSlug", message: expect.any(String), value: null }]);
    expect(refused).not.toHaveProperty("errorId");
    const [failed, again] = [await problemOf("api-500-before-commit"), await problemOf("api-500-before-commit")];
    expect(failed).toMatchObject({ code: "INTERNAL", errorId: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(failed).not.toHaveProperty("errors");
    expect(again.errorId).not.toBe(failed.errorId);
  });
});

describe("an answer", () => {
  test("leaves nothing on a signal that serves many requests", async () => {
    const fake = createFakeKaiten({ latency: 1 });
    const { signal } = new AbortController();
    for (let count = 0; count < 3; count++) await fake.fetch(fake.baseUrl, { signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("comes after the latency, which can differ from request to request and repeats with the seed", async () => {
    vi.useFakeTimers();
    const play = async () => {
      const latencies: number[] = [];
      const fake = createFakeKaiten({
        latency(request, random) {
          const ms = request.ref?.tokenSlug === "old-key" ? 500 : 100 + 100 * random();
          latencies.push(ms);
          return ms;
        },
      });
      const started = Date.now();
      for (const ref of [REF, OTHER]) {
        const answered = send(fake, { ref });
        await vi.runAllTimersAsync();
        await answered;
      }
      expect(Date.now() - started).toBeGreaterThanOrEqual(600);
      return latencies;
    };
    expect(await play()).toEqual(await play());
  });

  test.each([
    ["before halfway is not carried out", 49, true],
    ["after halfway is carried out", 51, false],
  ])("to a request that is aborted %s", async (_, ms, alive) => {
    vi.useFakeTimers();
    const fake = createFakeKaiten({ tokens: [REF], latency: 100 });
    const controller = new AbortController();
    const answered = expect(send(fake, { signal: controller.signal })).rejects.toThrow("changed my mind");
    await vi.advanceTimersByTimeAsync(ms);
    controller.abort(new Error("changed my mind"));
    await answered;
    expect(vi.getTimerCount()).toBe(0);
    expect(fake.isAlive(REF)).toBe(alive);
    expect(fake.requests).toMatchObject([{ committed: !alive }]);
    expect(fake.requests[0]?.answered).toBeUndefined();
  });

  test("is never sent to a request that was aborted before it", async () => {
    const fake = createFakeKaiten({ tokens: [REF] });
    await expect(send(fake, { signal: AbortSignal.abort(new Error("too late")) })).rejects.toThrow("too late");
    expect(fake.requests).toEqual([]);
  });

  test("that never comes is given up at the signal, also where that aborted meanwhile", async () => {
    const controller = new AbortController();
    const latency = () => {
      controller.abort(new Error("given up"));
      return 0;
    };
    const fake = createFakeKaiten({ tokens: [REF], latency });
    fake.play("no-answer-after-commit");
    await expect(send(fake, { signal: controller.signal })).rejects.toThrow("given up");
    expect(fake.isAlive(REF)).toBe(false);
  });
});

test("the requests tell what arrived and what came of it, and no credential", async () => {
  vi.useFakeTimers({ now: new Date("2026-11-23T12:00:00Z") });
  const fake = createFakeKaiten({ tokens: [REF] });
  fake.play("lost-after-commit");
  await expect(send(fake)).rejects.toThrow("fetch failed");
  await send(fake);
  const path = "/api/service-accounts/ci-bot/tokens/deploy-key";
  const common = { method: "DELETE", path, ref: REF, at: "2026-11-23T12:00:00.000Z" };
  expect(fake.requests).toEqual([
    { ...common, fault: "lost-after-commit", committed: true },
    { ...common, fault: undefined, committed: false, answered: 404 },
  ]);
  expect(JSON.stringify(fake.requests)).not.toContain(fake.credential);
});

test("the tokens that are alive are shown without their secrets, which are among the credentials", () => {
  const fake = createFakeKaiten({ tokens: [{ ...REF, secret: "ksh_of-deploy-key" }, OTHER] });
  expect(fake.alive()).toEqual([REF, OTHER]);
  expect([...fake.credentials.keys()]).toEqual([fake.credential, "ksh_of-deploy-key"]);
  expect([REF, { ...REF, tokenSlug: "none" }].map(fake.isAlive)).toEqual([true, false]);
});

test("it bundles for a browser, where all of it but listen() works", async () => {
  const logs: string[] = [];
  const bundle = await rolldown({
    input: "src/testing/index.ts",
    platform: "browser",
    onLog: (_, { message }) => logs.push(message),
  });
  const [{ code, imports, dynamicImports }] = (await bundle.generate()).output;
  await bundle.close();
  expect([logs, imports, dynamicImports]).toEqual([[], [], []]);
  const url = `data:text/javascript,${encodeURIComponent(code)}`;
  const { createFakeKaiten: create }: typeof testing = await import(/* @vite-ignore */ url);
  expect(await answer(create({ tokens: [REF] }))).toBe("204");
});

function latch() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe("over real sockets,", () => {
  test("it is the same fake, with the same path", async () => {
    const fake = createFakeKaiten({ tokens: [REF] });
    const server = await fake.listen();
    onTestFinished(() => server.close());
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/api$/);
    const { revoke } = clientOf(fake, { baseUrl: server.url, fetch: undefined });
    expect(await revoke(REF)).toMatchObject({ outcome: "revoked" });
    expect(fake.requests).toMatchObject([{ path: "/api/service-accounts/ci-bot/tokens/deploy-key", committed: true }]);
  });

  test("a lost answer is a connection that is reset", async () => {
    const fake = createFakeKaiten({ tokens: [REF] });
    const server = await fake.listen();
    onTestFinished(() => server.close());
    fake.play("lost-after-commit");
    const url = `${server.url}/service-accounts/ci-bot/tokens/deploy-key`;
    const headers = { authorization: `Bearer ${fake.credential}` };
    await expect(fetch(url, { method: "DELETE", headers })).rejects.toMatchObject({ cause: { code: "ECONNRESET" } });
    expect(fake.isAlive(REF)).toBe(false);
  });

  test("a client that goes away aborts its request", async () => {
    const aborted = latch();
    const controller = new AbortController();
    const server = await listen(async (_, init) => {
      init?.signal?.addEventListener("abort", () => aborted.open());
      controller.abort();
      return new Promise<never>(() => {});
    }, 0);
    onTestFinished(() => server.close());
    await expect(fetch(server.url, { signal: controller.signal })).rejects.toThrow("aborted");
    await aborted.opened;
  });

  test("closing ends a request that still waits", async () => {
    const arrived = latch();
    const fake = createFakeKaiten({
      latency() {
        arrived.open();
        return 0;
      },
    });
    fake.play("no-answer-before-commit");
    const server = await fake.listen();
    const ended = expect(fetch(server.url, { method: "DELETE" })).rejects.toThrow("fetch failed");
    await arrived.opened;
    await server.close();
    await ended;
    await server.close();
  });

  test("a port can be chosen, and one that is in use is an error", async () => {
    const server = await createFakeKaiten().listen();
    onTestFinished(() => server.close());
    const port = Number(new URL(server.url).port);
    await expect(createFakeKaiten().listen(port)).rejects.toMatchObject({ code: "EADDRINUSE" });
    await server.close();
    const next = await createFakeKaiten().listen(port);
    onTestFinished(() => next.close());
    expect(next.url).toBe(server.url);
  });
});
