// What a runtime is asked for, and what a browser does not let us send. `npm run test:runtimes` runs on each of them.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { USER_AGENT } from "../../src/call/platform.js";
import { VERSION } from "../../src/version.js";
import { absent, answer, BASE, ended, lost, page, problem, REF, refused, scripted, TOKEN } from "./fake-api.js";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const TRACEPARENT = /^00-([\da-f]{32})-([\da-f]{16})-01$/;

const runIn = (userAgent: unknown) => vi.stubGlobal("navigator", { userAgent });
const runNodeWith = (undici: string | undefined) =>
  vi.stubGlobal("process", Object.create(process, { versions: { value: { ...process.versions, undici } } }));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

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

  test("Deno is given one HTTP client that keeps no connection and speaks HTTP/1.1, for all clients of the module", async () => {
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

  test("is the same for a revocation and the reads of its record", async () => {
    const { requests, reads } = await ended([answer(503), absent()]);
    const ids = [...requests, ...reads].map(({ headers }) => TRACEPARENT.exec(headers.get("traceparent") ?? "") ?? []);
    expect(ids).toHaveLength(4);
    expect(new Set(ids.map(([, trace]) => trace)).size).toBe(1);
    expect(new Set(ids.map(([, , span]) => span)).size).toBe(4);
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
    const { requests, reads, error } = await ended([answer(503), problem(422)]);
    for (const { headers } of [...requests, ...reads]) {
      expect(Object.fromEntries(headers)).toEqual({ authorization: `Bearer ${TOKEN}` });
    }
    expect(error).not.toHaveProperty("traceId");
    // In place of the header cache-control.
    expect(reads[0]?.init.cache).toBe("no-store");
    expect(requests[0]?.init).not.toHaveProperty("cache");
  });
});

describe.each([
  ["in a browser, on a kept connection", () => runIn(FIREFOX)],
  ["by Node's own fetch from undici 8 on, over HTTP/2", () => runNodeWith("8.2.0")],
  ["by one of a Node to come", () => runNodeWith("10.0.0")],
])("a request may be sent twice unseen: %s", (_, run) => {
  beforeEach(run);

  test("a 4xx but absent is unknown, also a 429, and it counts as an attempt that may have revoked the token", async () => {
    for (const step of [problem(400), problem(401), page(403), page(404), problem(422), answer(429)]) {
      expect((await ended(step, { client: { retries: 0 } })).error).toMatchObject({ outcome: "unknown" });
    }
    expect((await ended([answer(429), refused()], { client: { retries: 1 } })).error).toMatchObject({
      ...{ outcome: "unknown", attempts: 2 },
    });
  });

  test("absent is still absent, and a 204 revoked", async () => {
    expect((await ended(absent())).error).toMatchObject({ outcome: "absent" });
    expect((await ended(answer(204))).result).toMatchObject({ outcome: "revoked" });
  });

  test("a refused connection may be that of the second request, over TLS; a certificate that is refused is the server's", async () => {
    const outcomeOf = async (code: string, client: object) => {
      const { error } = await ended(Object.assign(new Error("connect"), { code }), {
        client: { retries: 0, ...client },
      });
      return error.outcome;
    };
    expect(await outcomeOf("ECONNREFUSED", {})).toBe("unknown");
    expect(await outcomeOf("ECONNREFUSED", { baseUrl: "http://localhost/api" })).toBe("not-revoked");
    expect(await outcomeOf("CERT_HAS_EXPIRED", {})).toBe("not-revoked");
  });

  test("not where the fetch sees that it was sent once", async () => {
    const once = async () => Object.assign(problem(422), { repeated: false });
    expect((await ended(once)).error).toMatchObject({ outcome: "not-revoked" });
  });
});

test.each(["7.30.2", "6.21.1", undefined])("Node's own fetch of undici %s sends a request once", async (version) => {
  runNodeWith(version);
  expect((await ended(problem(422))).error).toMatchObject({ outcome: "not-revoked" });
});
