// Connections: what was never written is told apart from what may have been, and what is open is reused or freed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { type ClientOptions, createKaitenClient, KaitenConnectionError, type KaitenError } from "../../src/index.js";
import { undiciFetch } from "../../src/undici.js";
import { revocation } from "../revocation.js";
import { playScript, type Step } from "./server.js";
import { api, message, page, problem, send } from "./steps.js";

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
    const server = createServer((socket) => void socket.on("data", () => socket.end(message(204, undefined))));
    onTestFinished(() => void server.close());
    const comeUp = () => {
      if (!server.listening) server.listen(port, "127.0.0.1");
    };
    const { revoke } = client(`http://127.0.0.1:${port}`, { retries: 2, onAttempt: comeUp });
    await expect(revoke()).resolves.toMatchObject({ outcome: "revoked", attempts: 2 });
  });
});

/** A port whose queue of connections is full, so that a further connect never completes: as behind a firewall that drops. */
async function fullBacklog(): Promise<number> {
  // It listens and then blocks: nothing is ever accepted.
  const program = `const server = require("node:net").createServer();
    server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      require("node:fs").writeSync(1, String(server.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ["-e", program]);
  const [output] = await once(child.stdout, "data");
  const port = Number(output);
  let open = 0;
  // Linux completes one more than the backlog.
  await new Promise<void>((resolve) => {
    const sockets = Array.from({ length: 16 }, () => connect(port, "127.0.0.1", () => ++open === 2 && resolve()));
    for (const socket of sockets) socket.on("error", () => {});
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      child.kill("SIGKILL");
    });
  });
  return port;
}

// Other systems refuse what a full queue has no room for, where Linux lets it wait.
describe.skipIf(process.platform !== "linux")("a connect that never completes is not-revoked", () => {
  test("over the platform's fetch, whose limit for it ends before ours", async () => {
    const error = await client(`http://127.0.0.1:${await fullBacklog()}`).fail();
    expect(error).toMatchObject({ name: "KaitenConnectionError", outcome: "not-revoked", attempts: 1 });
    expect(error.message).toContain("UND_ERR_CONNECT_TIMEOUT");
  });

  test("over undici, whose limit for it ends before ours", async () => {
    const fetch = undiciFetch({ connect: { timeout: 50 } });
    onTestFinished(() => fetch.close());
    const error = await client(`http://127.0.0.1:${await fullBacklog()}`, { fetch }).fail();
    expect(error).toMatchObject({ name: "KaitenConnectionError", outcome: "not-revoked", attempts: 1 });
  });

  test("over undici, whose limit for it ends after ours", async () => {
    const fetch = undiciFetch();
    const error = await client(`http://127.0.0.1:${await fullBacklog()}`, { fetch, timeout: 50 }).fail();
    expect(error).toMatchObject({ name: "KaitenTimeoutError", outcome: "not-revoked", attempts: 1 });
    expect(error.message).toContain("No connection within 0.05 s");
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
    ["a problem", problem(403)],
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
    const { revoke, fail } = client(server.url, { retries: 1 });
    await expect(revoke()).resolves.toEqual(revocation("revoked", 1));
    closing = true;
    expect(await fail()).toMatchObject({ outcome: "absent", attempts: 2, status: 404 });
    expect(server.requests).toHaveLength(3);
  });

  test("an answer that nobody asked for does not answer the next call", async () => {
    const smuggled = Buffer.concat([message(404, "no"), message(204, undefined)]);
    await using server = await playScript([send(smuggled), problem(403)]);
    const { fail } = client(server.url);
    expect(await fail()).toMatchObject({ outcome: "not-revoked", status: 404 });
    const socket = server.requests[0]?.socket;
    // It has arrived where the client has closed the connection for it.
    if (socket && !socket.destroyed) await once(socket, "close");
    expect(await fail()).toMatchObject({ outcome: "not-revoked", status: 403 });
  });
});
