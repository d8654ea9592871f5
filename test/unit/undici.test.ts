// undici as a fetch: its connections, and what it makes of an answer. Faults and HTTP/2 are in test/faults/.
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { createKaitenClient } from "../../src/index.js";
import { type UndiciOptions, undiciFetch } from "../../src/undici.js";

const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy key/1" };
function open(options?: UndiciOptions) {
  const fetch = undiciFetch(options);
  onTestFinished(() => fetch.close());
  return fetch;
}

const revokeBy = (baseUrl: string, fetch: ReturnType<typeof undiciFetch>) =>
  createKaitenClient({ baseUrl, token: "ksh_0123456789", retries: 0, fetch }).serviceAccounts.tokens.revoke(REF);

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/api`;
}

test.each([
  [2, 2],
  [undefined, 20],
])("of %s connections, and 20 calls, %i are open at once", async (connections, most) => {
  const sockets = new Set<IncomingMessage["socket"]>();
  const url = await serve(({ socket }, response) => {
    sockets.add(socket);
    setTimeout(() => response.writeHead(204).end(), 20);
  });
  const fetch = open(connections === undefined ? undefined : { connections });
  await Promise.all(Array.from({ length: 20 }, () => revokeBy(url, fetch)));
  expect(sockets.size).toBe(most);
});

test("it can be used alone, without a signal", async () => {
  const asked: string[] = [];
  const url = await serve(({ method, url }, response) => {
    asked.push(`${method} ${url}`);
    response.writeHead(200, { "X-Twice": ["a", "b"] }).end("hello");
  });
  const { status, ok, redirected, headers, body } = await open()(`${url}/x?y=1`, { method: "GET" });
  expect({ status, ok, redirected }).toEqual({ status: 200, ok: true, redirected: false });
  expect(headers.get("x-twice")).toBe("a, b");
  expect(await new Response(body).text()).toBe("hello");
  expect(asked).toEqual(["GET /api/x?y=1"]);
});

test.each([
  [200, true],
  [299, true],
  [300, false],
  [404, false],
])("a %i is ok: %s", async (status, ok) => {
  const url = await serve((_, response) => response.writeHead(status).end());
  expect((await open()(url, { method: "DELETE" })).ok).toBe(ok);
});

describe("a body", () => {
  const plain = "what it said";
  const gzips = (times: number) => {
    let bytes = Buffer.from(plain);
    for (let time = 0; time < times; time++) bytes = gzipSync(bytes);
    return bytes;
  };
  test.each([
    ["as it is", undefined, Buffer.from(plain), plain],
    ["in gzip", "gzip", gzipSync(plain), plain],
    ["in gzip by its old name, in capitals", "X-GZIP", gzipSync(plain), plain],
    ["in Brotli", "br", brotliCompressSync(plain), plain],
    ["in deflate, then in gzip", "deflate , gzip", gzipSync(deflateSync(plain)), plain],
    ["in a coding that is not known", "identity-2", Buffer.from(plain), plain],
    ["in five codings", "gzip,gzip,gzip,gzip,gzip", gzips(5), plain],
    ["in one of two codings that is not known", "gzip, identity-2", Buffer.from(plain), plain],
  ])("%s is read", async (_, coding, bytes, text) => {
    const url = await serve((_, response) =>
      response.writeHead(403, coding ? { "Content-Encoding": coding } : {}).end(bytes),
    );
    const { body } = await open()(url, { method: "DELETE" });
    expect(await new Response(body).text()).toBe(text);
  });

  test("in six codings is refused", async () => {
    const url = await serve((_, response) =>
      response.writeHead(403, { "Content-Encoding": "gzip,gzip,gzip,gzip,gzip,gzip" }).end(gzips(6)),
    );
    await expect(open()(url, { method: "DELETE" })).rejects.toThrow("the answer has more than 5 content codings");
  });

  test("that no answer may have is dropped, and its connection is not in the way of the next", async () => {
    const url = await serve((_, response) => {
      response.writeHead(205, { "Content-Length": "1000000" }).end(Buffer.alloc(1_000_000));
    });
    const fetch = open({ connections: 1 });
    for (let call = 0; call < 3; call++)
      expect(await fetch(url, { method: "DELETE" })).toMatchObject({ status: 205, body: null });
  });

  test("that no answer may have can break: the answer stands", async () => {
    const closed = new Set<Promise<unknown>>();
    const url = await serve(({ socket }, response) => {
      closed.add(once(socket, "close"));
      response.writeHead(205, { "Content-Length": "100" }).write("only this");
      setTimeout(() => socket.destroy(), 20);
    });
    expect(await open()(url, { method: "DELETE" })).toMatchObject({ status: 205 });
    await Promise.all(closed);
    // An error that nobody hears would end the process now.
    await new Promise((resolve) => setTimeout(resolve, 20));
  });

  test.each([204, 205, 304])("is not given with a %i", async (status) => {
    const url = await serve((_, response) => response.writeHead(status).end());
    expect((await open()(url, { method: "DELETE" })).body).toBeNull();
  });
});

test("close waits for what is in flight, and then nothing more is sent", async () => {
  let arrived = () => {};
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const url = await serve((_, response) => {
    arrived();
    setTimeout(() => response.writeHead(204).end(), 30);
  });
  const fetch = undiciFetch();
  const call = revokeBy(url, fetch);
  await arrival;
  await fetch.close();
  await expect(call).resolves.toMatchObject({ outcome: "revoked" });
  await expect(revokeBy(url, fetch)).rejects.toThrow(/The client is (closed|destroyed)/);
});
