// undici over TLS with a real HTTP/2 server: in HTTP/1.1, unless a dispatcher of the caller's own speaks HTTP/2.
import { once } from "node:events";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { createServer } from "node:https";
import { generate } from "selfsigned";
import { Agent } from "undici";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { createKaitenClient, KaitenError } from "../../src/index.js";
import { type UndiciFetch, undiciFetch } from "../../src/undici.js";
import { revocation } from "../revocation.js";

type Answer = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy key;1" };
let pems: { private: string; cert: string };
const opened: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  pems = await generate([{ name: "commonName", value: "127.0.0.1" }], {
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
    ],
  });
});

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function serve(answer: Answer, h2 = true) {
  const seen: { version: string; path: string; authorization: string | undefined }[] = [];
  const sessions = new Set<{ destroy(): void }>();
  const credentials = { key: pems.private, cert: pems.cert };
  const server = h2 ? createSecureServer({ ...credentials, allowHTTP1: true }) : createServer(credentials);
  server.on("session", (session) => sessions.add(session));
  server.on("connection", (socket) => sessions.add(socket));
  server.on("request", (request, response) => {
    seen.push({ version: request.httpVersion, path: request.url, authorization: request.headers.authorization });
    if (request.method === "GET") response.writeHead(404).end();
    else answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  opened.push(async () => {
    for (const session of sessions) session.destroy();
    server.close();
    await once(server, "close");
  });
  return { url: `https://127.0.0.1:${port}/api`, seen, sessions };
}

function open(allowH2 = true): UndiciFetch {
  const own = { connections: 2, connect: { ca: pems.cert } };
  const fetch = undiciFetch(allowH2 ? { dispatcher: new Agent({ ...own, allowH2 }) } : own);
  opened.push(() => fetch.close());
  return fetch;
}

function client(baseUrl: string, { fetch = open(), timeout = 20_000 } = {}) {
  return createKaitenClient({ baseUrl, token: "ksh_0123456789", fetch, timeout, retries: 0 }).serviceAccounts.tokens;
}

const noContent: Answer = (_, response) => response.writeHead(204).end();

describe("a server that offers HTTP/2", () => {
  test("is spoken to in it by a dispatcher that does, on connections that are used again", async () => {
    const { url, seen, sessions } = await serve(noContent);
    const { revoke } = client(url);
    expect(await revoke(REF)).toEqual(revocation("revoked", 1, { ref: REF }));
    await Promise.all(Array.from({ length: 20 }, () => revoke(REF)));
    expect(new Set(seen.map(({ version }) => version))).toEqual(new Set(["2.0"]));
    expect(seen[0]).toMatchObject({
      path: "/api/service-accounts/ci-bot/tokens/deploy%20key%3B1",
      authorization: "Bearer ksh_0123456789",
    });
    // A session and its socket each.
    expect(sessions.size).toBeLessThanOrEqual(4);
  });

  test("gives problems and pages as any other", async () => {
    const { url } = await serve((request, response) => {
      const page = request.url.includes("page");
      response.writeHead(page ? 200 : 404, { "content-type": page ? "text/html" : "application/problem+json" });
      response.end(page ? "<p>Sign in" : JSON.stringify({ code: "Token.NotFound" }));
    });
    const { revoke } = client(url);
    await expect(revoke(REF)).rejects.toMatchObject({ name: "KaitenProblemError", outcome: "absent", status: 404 });
    await expect(revoke({ ...REF, tokenSlug: "page" })).rejects.toMatchObject({ outcome: "unknown", status: 200 });
  });

  test("that resets a stream, or answers nothing, is unknown", async () => {
    const { url } = await serve((request, response) => {
      if (request.url.includes("reset")) response.stream.close(2);
    });
    const fetch = open();
    const { revoke } = client(url, { fetch });
    const reset = revoke({ ...REF, tokenSlug: "reset" });
    await expect(reset).rejects.toMatchObject({ name: "KaitenConnectionError", outcome: "unknown" });
    // The connection is there now: the request is started, and then its time limit ends.
    const silent = client(url, { fetch, timeout: 200 }).revoke(REF);
    await expect(silent).rejects.toMatchObject({ name: "KaitenTimeoutError", outcome: "unknown" });
  });

  test("is spoken to in HTTP/1.1 by default", async () => {
    const { url, seen } = await serve(noContent);
    await client(url, { fetch: open(false) }).revoke(REF);
    expect(seen.map(({ version }) => version)).toEqual(["1.1"]);
  });
});

test("a server that speaks HTTP/1.1 only is spoken to in that", async () => {
  const { url, seen } = await serve(noContent, false);
  expect(await client(url).revoke(REF)).toEqual(revocation("revoked", 1, { ref: REF }));
  expect(seen.map(({ version }) => version)).toEqual(["1.1"]);
});

test("a certificate that is not trusted is not-revoked, here too", async () => {
  const { url, seen } = await serve(noContent);
  const fetch = undiciFetch();
  opened.push(() => fetch.close());
  const { tokens } = createKaitenClient({ baseUrl: url, token: "ksh_0123456789", fetch, retries: 0 }).serviceAccounts;
  const error = await tokens.revoke(REF).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(KaitenError);
  expect(error).toMatchObject({ outcome: "not-revoked", attempts: 1 });
  expect((error as KaitenError).message).toContain("NODE_EXTRA_CA_CERTS");
  expect(seen).toEqual([]);
});
