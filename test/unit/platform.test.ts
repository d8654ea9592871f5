// What a runtime is asked for, and what a browser does not let us send. `npm run test:runtimes` runs on each of them.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { USER_AGENT } from "../../src/call/platform.js";
import { VERSION } from "../../src/version.js";
import { absent, answer, BASE, lost, problem, REF, refused, revoke, scripted, TOKEN } from "./fake-api.js";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const TRACEPARENT = /^00-([\da-f]{32})-([\da-f]{16})-01$/;

const runIn = (userAgent: unknown) => vi.stubGlobal("navigator", { userAgent });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function ended(...args: Parameters<typeof revoke>) {
  const { result, error, ...call } = revoke(...args);
  await vi.runAllTimersAsync();
  return { ...call, result: await result, error: await error };
}

/** What `fetch` is given with each request of two clients. */
async function inits(): Promise<RequestInit[]> {
  // What is shared by all clients of a module is made anew.
  vi.resetModules();
  const { createKaitenClient } = await import("../../src/index.js");
  const { fetch, requests } = scripted(answer(204));
  for (const token of [TOKEN, "another-token"]) {
    const { tokens } = createKaitenClient({ baseUrl: BASE, token, fetch }).serviceAccounts;
    for (const tokenSlug of ["key-a", "key-b"]) await tokens.revoke({ ...REF, tokenSlug });
  }
  return requests.map(({ init }) => init);
}

describe("a request is sent once", () => {
  test("Bun is asked for a connection of its own, with an option that changes nothing elsewhere", async () => {
    for (const init of await inits()) {
      expect(init.keepalive).toBe(false);
      expect(init).not.toHaveProperty("client");
    }
  });

  test("Deno is given one HTTP client that keeps no connection, for all clients of the module", async () => {
    const client = {};
    const createHttpClient = vi.fn(() => client);
    vi.stubGlobal("Deno", { createHttpClient });
    const given = await inits();
    expect(given).toHaveLength(4);
    for (const init of given) expect((init as { client?: object }).client).toBe(client);
    expect(createHttpClient.mock.calls).toEqual([[{ poolMaxIdlePerHost: 0, http2: false }]]);
  });

  test("Deno is not asked for one before the first request", async () => {
    const createHttpClient = vi.fn();
    vi.stubGlobal("Deno", { createHttpClient });
    vi.resetModules();
    const { createKaitenClient } = await import("../../src/index.js");
    createKaitenClient({ baseUrl: BASE, token: TOKEN });
    expect(createHttpClient).not.toHaveBeenCalled();
  });

  test("a Deno that cannot make one goes without", async () => {
    vi.stubGlobal("Deno", {});
    for (const init of await inits()) expect(init).not.toHaveProperty("client");
  });
});

describe("User-Agent", () => {
  test("has the version of the package", () => {
    expect(VERSION).toBe(packageJson.version);
    expect(USER_AGENT).toBe(`kaiten-service-accounts/${packageJson.version}`);
  });

  test.each([undefined, 7, "Node.js/24", "Deno/2.5.0", "Bun/1.3.0", "Cloudflare-Workers"])(
    "is sent where navigator.userAgent is %s",
    async (userAgent) => {
      runIn(userAgent);
      const { requests } = await ended(answer(204));
      expect(requests[0]?.headers.get("user-agent")).toBe(USER_AGENT);
    },
  );

  test("is sent also without a traceparent, and where there is no navigator", async () => {
    vi.stubGlobal("navigator", undefined);
    const { requests } = await ended(answer(204), { client: { traceparent: false } });
    expect(Object.fromEntries(requests[0]?.headers ?? [])).toEqual({
      authorization: `Bearer ${TOKEN}`,
      "user-agent": USER_AGENT,
    });
  });
});

describe("traceparent", () => {
  test("has one trace id for each call, and one span id for each attempt", async () => {
    const calls = [await ended([answer(503), lost(), answer(204)]), await ended([answer(503), answer(204)])];
    const ids = calls.map(({ requests }) =>
      requests.map(({ headers }) => TRACEPARENT.exec(headers.get("traceparent") ?? "")?.slice(1) ?? []),
    );
    const traces = ids.map((call) => new Set(call.map(([trace]) => trace)));
    expect(traces.map(({ size }) => size)).toEqual([1, 1]);
    expect(new Set(traces.flatMap((trace) => [...trace])).size).toBe(2);
    expect(new Set(ids.flat().map(([, span]) => span)).size).toBe(5);
  });

  test("is the trace id of results, events and errors, unless the server has one of its own", async () => {
    const { requests, events, result } = await ended([
      answer(503),
      answer(503, "", { "Kaiten-TraceId": "its-own" }),
      answer(204),
    ]);
    const [, sent] = TRACEPARENT.exec(requests[0]?.headers.get("traceparent") ?? "") ?? [];
    expect(sent).toMatch(/./);
    expect(events.map(({ traceId }) => traceId)).toEqual([sent, "its-own", sent]);
    expect(result).toMatchObject({ traceId: sent });
  });

  test("is the trace id of a lost answer: support can look it up", async () => {
    const { requests, error } = await ended(lost(), { client: { retries: 0 } });
    const [, sent] = TRACEPARENT.exec(requests[0]?.headers.get("traceparent") ?? "") ?? [];
    expect(error).toMatchObject({ name: "KaitenConnectionError", traceId: sent });
    expect(error.message).toContain(`trace id ${sent}`);
  });

  test("is not sent where it is switched off: then only the server can have a trace id", async () => {
    const off = { client: { traceparent: false, retries: 0 } };
    const failed = await ended(lost(), off);
    expect(failed.requests[0]?.headers.has("traceparent")).toBe(false);
    expect(failed.error).not.toHaveProperty("traceId");
    expect(failed.error.message).not.toContain("trace id");
    const { result } = await ended(answer(204, null, { "Kaiten-TraceId": "its-own" }), off);
    expect(result).toMatchObject({ traceId: "its-own" });
  });
});

describe("in a browser", () => {
  beforeEach(() => {
    runIn(FIREFOX);
  });

  test("no header is sent but Authorization, since CORS allows no other", async () => {
    const { requests, result } = await ended([answer(503), answer(204)]);
    for (const { headers } of requests) {
      expect(Object.fromEntries(headers)).toEqual({ authorization: `Bearer ${TOKEN}` });
    }
    expect(result).not.toHaveProperty("traceId");
  });

  test.each([400, 401, 403, 404, 405, 409, 422, 429])(
    "a %i is unknown, since the browser may have repeated the request",
    async (status) => {
      const { error } = await ended(problem(status, { title: "No" }), { client: { retries: 0 } });
      expect(error).toMatchObject({ name: "KaitenProblemError", outcome: "unknown", status });
      expect(error.message).toContain(
        `The API answered ${status} No. The token may be revoked or not: treat it as active.`,
      );
    },
  );

  test("absent is still absent, and a 204 revoked", async () => {
    expect((await ended(absent())).error).toMatchObject({ outcome: "absent" });
    expect((await ended(answer(204))).result).toMatchObject({ outcome: "revoked" });
  });

  test("a 4xx counts as an attempt that may have revoked the token", async () => {
    expect((await ended([answer(429), absent()])).error).toMatchObject({ outcome: "absent", attempts: 2 });
  });

  test("what proves that nothing was written still does", async () => {
    expect((await ended(refused(), { client: { retries: 0 } })).error).toMatchObject({ outcome: "not-revoked" });
  });
});
