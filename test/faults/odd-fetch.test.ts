// A fetch that no platform has: whatever it throws or gives, the call ends with one of our errors, and claims no more
// than the answer proves.
import { describe, expect, test } from "vitest";
import {
  createKaitenClient,
  type Fetch,
  type FetchResponse,
  KaitenConnectionError,
  KaitenError,
  type Outcome,
  type TokenResult,
} from "../../src/index.js";

const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };

function calling(fetch: Fetch) {
  const options = { baseUrl: "https://kaiten.example.com/api", token: "ksh_0123456789", retries: 0, fetch };
  const { tokens } = createKaitenClient(options).serviceAccounts;
  return {
    fail: () => tokens.revoke(REF).catch((error: unknown) => error) as Promise<KaitenError>,
    async all() {
      const results: TokenResult[] = [];
      for await (const result of tokens.revokeAll([REF])) results.push(result);
      return results;
    },
  };
}

/** Any access to it throws. */
function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function unreadable(member: string): object {
  return Object.defineProperty({}, member, { get: throwing(new Error("unreadable")) });
}

function throwing(thrown: unknown): () => never {
  return () => {
    throw thrown;
  };
}

const streamOf = (...chunks: unknown[]) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

/** A 403 as no platform gives it. */
const answer = (members: object): Fetch => {
  const usual = { status: 403, ok: false, headers: new Headers(), text: async () => "" };
  return async () => ({ ...usual, ...members }) as FetchResponse;
};

const OTHER = { outcome: "not-revoked", attempts: 1, ref: REF, at: "2026-11-24T12:00:00.000Z" } as const;

describe("a fetch of another make", () => {
  const thrown: [string, unknown, string][] = [
    ["ECONNREFUSED", { code: "ECONNREFUSED" }, "not-revoked"],
    [
      "ENOTFOUND, two causes deep",
      new Error("a", { cause: new Error("b", { cause: { code: "ENOTFOUND" } }) }),
      "not-revoked",
    ],
    ["EAI_AGAIN", { code: "EAI_AGAIN" }, "not-revoked"],
    ["ETIMEDOUT of connect", { code: "ETIMEDOUT", syscall: "connect" }, "not-revoked"],
    ["ETIMEDOUT of read", { code: "ETIMEDOUT", syscall: "read" }, "unknown"],
    ["UND_ERR_CONNECT_TIMEOUT", { code: "UND_ERR_CONNECT_TIMEOUT" }, "not-revoked"],
    ["CERT_HAS_EXPIRED", { code: "CERT_HAS_EXPIRED" }, "not-revoked"],
    ["CERT_REVOKED", { code: "CERT_REVOKED" }, "not-revoked"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" }, "not-revoked"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }, "not-revoked"],
    ["SELF_SIGNED_CERT_IN_CHAIN", { code: "SELF_SIGNED_CERT_IN_CHAIN" }, "not-revoked"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", { code: "ERR_TLS_CERT_ALTNAME_INVALID" }, "not-revoked"],
    ["a TLS alert, which can come at any time", { code: "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE" }, "unknown"],
    ["ECONNRESET", { code: "ECONNRESET" }, "unknown"],
    ["EPIPE", { code: "EPIPE" }, "unknown"],
    ["UND_ERR_SOCKET", { code: "UND_ERR_SOCKET" }, "unknown"],
    ["UND_ERR_HEADERS_TIMEOUT", { code: "UND_ERR_HEADERS_TIMEOUT" }, "unknown"],
    ["all addresses refused", { errors: [{ code: "ECONNREFUSED" }, { syscall: "connect" }] }, "not-revoked"],
    ["one address refused, one lost", { errors: [{ code: "ECONNREFUSED" }, { code: "ECONNRESET" }] }, "unknown"],
    ["no addresses", { errors: [] }, "unknown"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", { code: "ERR_SSL_WRONG_VERSION_NUMBER" }, "not-revoked"],
    ["ERR_SSL_PACKET_LENGTH_TOO_LONG", { code: "ERR_SSL_PACKET_LENGTH_TOO_LONG" }, "not-revoked"],
    ["no code at all", new TypeError("Failed to fetch"), "unknown"],
    ["a code that only ends alike", { code: "NOT_ECONNREFUSED" }, "unknown"],
    ["a text", "ECONNREFUSED", "unknown"],
    ["nothing", undefined, "unknown"],
    ["null", null, "unknown"],
    ["an object without a prototype", Object.create(null), "unknown"],
    ["a revoked Proxy", revokedProxy(), "unknown"],
    ["a cause that is a revoked Proxy", new Error("a", { cause: revokedProxy() }), "unknown"],
    ["an error whose code cannot be read", unreadable("code"), "unknown"],
    ["an error of ours, from another call", new KaitenError("Other", OTHER), "unknown"],
    ["a cause that is its own cause", Object.assign(new Error("round"), { cause: null as unknown }), "unknown"],
  ];
  const round = thrown.at(-1)?.[1] as Error;
  round.cause = round;

  test.each(thrown)("that throws %s", async (_, value, outcome) => {
    const fetch = () => Promise.reject(value);
    const { fail, all } = calling(fetch);
    const error = await fail();
    expect(error).toBeInstanceOf(KaitenConnectionError);
    expect(error).toMatchObject({ outcome, attempts: 1 });
    expect(await all()).toMatchObject([{ ref: REF, outcome, attempts: 1, error: { name: "KaitenConnectionError" } }]);
  });

  test.each([
    [
      "throws at once",
      () => {
        throw new Error("at once");
      },
      "unknown",
    ],
    ["gives nothing", async () => undefined as never, "unknown"],
    [
      "gives a 204 that came by a redirect",
      async () => Object.defineProperty(new Response(null, { status: 204 }), "redirected", { value: true }),
      "unknown",
    ],
    ["gives a 204 to this request", async () => new Response(null, { status: 204 }), "revoked"],
    [
      "gives a 204 and then a body that breaks",
      async () => {
        const body = new ReadableStream({ pull: (controller) => controller.error(new Error("broken")) });
        return { status: 204, ok: true, redirected: false, headers: new Headers(), body } as Response;
      },
      "revoked",
    ],
    ["gives the status 0 of a redirect that it hides", async () => Response.error(), "unknown"],
    [
      "gives a body that was read already",
      async () => {
        const used = new Response("x", { status: 403 });
        await used.text();
        return used;
      },
      "unknown",
    ],
    ["gives a 204 whose headers lack forEach", answer({ status: 204, headers: {} }), "revoked"],
    ["gives a 204 without headers", answer({ status: 204, headers: undefined }), "revoked"],
    ["gives a 403 whose headers lack forEach", answer({ headers: { get: () => null } }), "unknown"],
    ["gives a 403 whose headers are text", answer({ headers: "Content-Type: text/html" }), "unknown"],
    ["gives the status 204 as text", answer({ status: "204" }), "unknown"],
    ["gives no status", answer({ status: undefined }), "unknown"],
    ["gives a status that is no number", answer({ status: Number.NaN }), "unknown"],
    ["gives a body that is no stream", answer({ body: "text" }), "unknown"],
    ["gives a stream of texts", answer({ body: streamOf("text") }), "unknown"],
    ["gives a text that is none", answer({ text: async () => ({ code: "Token.NotFound" }) }), "not-revoked"],
    ["gives a text that throws nothing", answer({ text: () => Promise.reject() }), "unknown"],
    ["gives a revoked Proxy", async () => revokedProxy() as FetchResponse, "unknown"],
    ["gives an answer whose status cannot be read", async () => unreadable("status") as never, "unknown"],
    ["throws a revoked Proxy at once", throwing(revokedProxy()), "unknown"],
  ] as [string, Fetch, Outcome][])("that %s", async (_, fetch, outcome) => {
    const { fail, all } = calling(fetch);
    const result = await fail();
    expect(result).toMatchObject({ outcome, attempts: 1 });
    if (outcome !== "revoked") expect(result).toBeInstanceOf(KaitenError);
    const error = outcome === "revoked" ? undefined : expect.any(KaitenError);
    expect(await all()).toEqual([expect.objectContaining({ ref: REF, outcome, attempts: 1, ...(error && { error }) })]);
  });

  test("a 204 that came by a redirect has no body to show", async () => {
    const answer = Object.defineProperty(new Response(null, { status: 204 }), "redirected", { value: true });
    const error = await calling(async () => answer).fail();
    expect(error).toMatchObject({ name: "KaitenResponseError", status: 204, excerpt: "" });
  });
});
