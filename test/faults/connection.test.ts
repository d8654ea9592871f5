// Connections: what was never written is told apart from what may have been, and what is open is reused or freed.
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type ClientOptions, createKaitenClient, KaitenConnectionError, type KaitenError } from "../../src/index.js";
import { playScript, type Step } from "./server.js";
import { api, message, NOT_FOUND, page, problem, send } from "./steps.js";

const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };

function client(baseUrl: string, options: Partial<ClientOptions> = {}) {
  const { tokens } = createKaitenClient({ baseUrl, token: "ksh_0123456789", retries: 0, ...options }).serviceAccounts;
  return {
    revoke: () => tokens.revoke(REF),
    fail: () => tokens.revoke(REF).catch((error: unknown) => error) as Promise<KaitenError>,
  };
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

describe("a request that was never written is not-revoked", () => {
  test("a refused connection, by address: with the reason, after every retry", async () => {
    const port = await closedPort();
    const error = await client(`http://127.0.0.1:${port}`, { retries: 1 }).fail();
    expect(error).toBeInstanceOf(KaitenConnectionError);
    expect(error).toMatchObject({ outcome: "not-revoked", attempts: 2 });
    expect(error.message).toContain("ECONNREFUSED");
  });

  test("a refused connection, by a name with several addresses", async () => {
    const error = await client(`http://localhost:${await closedPort()}`).fail();
    expect(error).toMatchObject({ outcome: "not-revoked", attempts: 1 });
    expect(error.message).toContain("ECONNREFUSED");
  });

  test("a host that has no address", async () => {
    const error = await client("https://kaiten.invalid").fail();
    expect(error).toMatchObject({ outcome: "not-revoked", attempts: 1 });
    expect(error.message).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  test("a port that fetch blocks", async () => {
    const error = await client("http://127.0.0.1:6000").fail();
    expect(error).toMatchObject({ outcome: "not-revoked", attempts: 1 });
    expect(error.message).toContain("bad port");
  });

  test("a server that comes up between two attempts", async () => {
    const port = await closedPort();
    const call = client(`http://127.0.0.1:${port}`, { retries: 2 }).revoke();
    const server = createServer((socket) => void socket.on("data", () => socket.write(message(204, undefined))));
    await sleep(100);
    server.listen(port, "127.0.0.1");
    await expect(call).resolves.toMatchObject({ outcome: "revoked" });
    server.close();
  });
});

describe("what a fetch of another make throws", () => {
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
    ["no code at all", new TypeError("Failed to fetch"), "unknown"],
    ["a code that only ends alike", { code: "NOT_ECONNREFUSED" }, "unknown"],
    ["a text", "ECONNREFUSED", "unknown"],
    ["nothing", undefined, "unknown"],
    ["null", null, "unknown"],
    ["an object without a prototype", Object.create(null), "unknown"],
    ["a cause that is its own cause", Object.assign(new Error("round"), { cause: null as unknown }), "unknown"],
  ];
  const round = thrown.at(-1)?.[1] as Error;
  round.cause = round;

  test.each(thrown)("%s", async (_, value, outcome) => {
    const fetch = () => Promise.reject(value);
    const error = await client("https://kaiten.example.com", { fetch }).fail();
    expect(error).toBeInstanceOf(KaitenConnectionError);
    expect(error).toMatchObject({ outcome, attempts: 1 });
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
  ] as const)("a fetch that %s", async (_, fetch, outcome) => {
    expect(await client("https://kaiten.example.com", { fetch }).fail()).toMatchObject({ outcome, attempts: 1 });
  });

  test("a 204 that came by a redirect has no body to show", async () => {
    const answer = Object.defineProperty(new Response(null, { status: 204 }), "redirected", { value: true });
    const error = await client("https://kaiten.example.com", { fetch: async () => answer }).fail();
    expect(error).toMatchObject({ name: "KaitenResponseError", status: 204, excerpt: "" });
  });
});

describe("connections are reused or freed", () => {
  /** How many connections a server sees for calls that follow each other. */
  async function connections(calls: number, step: Step): Promise<number> {
    await using server = await playScript([step]);
    const { fail } = client(server.url);
    for (let call = 0; call < calls; call++) await fail();
    return new Set(server.requests.map(({ socket }) => socket)).size;
  }

  test.each([
    ["a 204", send(message(204, undefined))],
    ["a problem", problem(404, NOT_FOUND)],
    ["a page", page(200)],
    ["a redirect", page(302, { Location: "/" })],
  ])("%s leaves its connection to the next call", async (_, step) => {
    // The pool of Node's fetch may open a second one while it puts the first back.
    expect(await connections(20, step)).toBeLessThanOrEqual(2);
  });

  test("a connection that the server closes as it is reused is lost, and the next attempt tells", async () => {
    let closing = false;
    const closeOnReuse: Step = (exchange) => {
      if (!closing) return api(exchange);
      closing = false;
      exchange.socket.resetAndDestroy();
    };
    await using server = await playScript([closeOnReuse]);
    const { revoke } = client(server.url, { retries: 1 });
    await expect(revoke()).resolves.toEqual({ outcome: "revoked", attempts: 1 });
    closing = true;
    await expect(revoke()).resolves.toEqual({ outcome: "absent", attempts: 2 });
    expect(server.requests).toHaveLength(3);
  });

  test("an answer that nobody asked for does not answer the next call", async () => {
    const smuggled = Buffer.concat([message(404, "no"), message(204, undefined)]);
    await using server = await playScript([send(smuggled), problem(403)]);
    const { fail } = client(server.url);
    expect(await fail()).toMatchObject({ outcome: "not-revoked", status: 404 });
    await sleep(50);
    expect(await fail()).toMatchObject({ outcome: "not-revoked", status: 403 });
  });
});
