// undici as a fetch: its connections, what it makes of an answer, and when it knows that nothing was sent.
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { connect, createServer as createTcpServer, type Socket } from "node:net";
import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import { Agent, buildConnector, type Dispatcher, H2CClient, ProxyAgent } from "undici";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { SendingInit } from "../../src/call/attempt.js";
import { createKaitenClient, type Fetch, type KaitenError } from "../../src/index.js";
import { type UndiciOptions, undiciFetch } from "../../src/undici.js";
import { playScript } from "./server.js";
import { api, killed, send } from "./steps.js";

const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };

function open(options?: UndiciOptions) {
  const fetch = undiciFetch(options);
  onTestFinished(() => fetch.close());
  return fetch;
}

function revokeBy(baseUrl: string, fetch: Fetch, timeout = 20_000) {
  const options = { baseUrl, token: "ksh_0123456789", retries: 0, fetch, timeout };
  return createKaitenClient(options).serviceAccounts.tokens.revoke(REF);
}

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}/api`;
}

test.each([
  [2, 2],
  [undefined, 20],
])("with %s connections, 20 calls open %i", async (connections, most) => {
  const sockets = new Set<Socket>();
  const answers: (() => void)[] = [];
  const url = await serve(({ socket }, response) => {
    sockets.add(socket);
    answers.push(() => response.writeHead(204).end());
    // Answers once as many requests wait as can.
    if (answers.length === most) for (const answer of answers.splice(0)) answer();
  });
  const fetch = open({ connections });
  const results = await Promise.all(Array.from({ length: 20 }, () => revokeBy(url, fetch)));
  expect(results.map(({ outcome }) => outcome)).toEqual(Array(20).fill("revoked"));
  expect(sockets.size).toBe(most);
});

test("a function connects in the place of undici's own", async () => {
  const url = await serve((_, response) => response.writeHead(204).end());
  const hosts: string[] = [];
  const own = buildConnector({});
  const connect: typeof own = (options, callback) => {
    hosts.push(options.hostname);
    own(options, callback);
  };
  expect(await revokeBy(url, open({ connect }))).toMatchObject({ outcome: "revoked" });
  expect(hosts).toEqual(["127.0.0.1"]);
});

test.each([
  ["", "/"],
  ["/", "/"],
  ["/a/b?c=/d", "/a/b?c=/d"],
])("a URL that ends in %j after its host asks for %s", async (end, path) => {
  const requests: unknown[] = [];
  const { origin } = new URL(
    await serve(({ url }, response) => {
      requests.push(url);
      response.writeHead(204).end();
    }),
  );
  await open()(origin + end, { method: "GET" });
  expect(requests).toEqual([path]);
});

test("it can be used alone, without a signal", async () => {
  const requests: string[] = [];
  const url = await serve(({ method, url }, response) => {
    requests.push(`${method} ${url}`);
    response.writeHead(200, { "X-Twice": ["a", "b"] }).end("hello");
  });
  const response = await open()(`${url}/x?y=1`, { method: "GET" });
  expect(response).toMatchObject({ status: 200, ok: true });
  expect(response.headers.get("x-twice")).toBe("a, b");
  expect(await response.text()).toBe("hello");
  expect(requests).toEqual(["GET /api/x?y=1"]);
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
  const read = async (bytes: Buffer, coding?: string) => {
    const headers = coding === undefined ? {} : { "Content-Encoding": coding };
    const url = await serve((_, response) => response.writeHead(403, headers).end(bytes));
    return (await open()(url, { method: "DELETE" })).text();
  };

  test.each([
    ["as it is", undefined, Buffer.from(plain)],
    ["in gzip", "gzip", gzipSync(plain)],
    ["in gzip by its old name, in capitals", "X-GZIP", gzipSync(plain)],
    ["in Brotli", "br", brotliCompressSync(plain)],
    ["in deflate, then in gzip", "deflate , gzip", gzipSync(deflateSync(plain))],
    ["in a coding that is not known", "identity-2", Buffer.from(plain)],
    ["in five codings", "gzip,gzip,gzip,gzip,gzip", gzips(5)],
    ["in one of two codings that is not known", "gzip, identity-2", Buffer.from(plain)],
  ])("%s is read", async (_, coding, bytes) => {
    expect(await read(bytes, coding)).toBe(plain);
  });

  test("in six codings is refused", async () => {
    await expect(read(gzips(6), "gzip,gzip,gzip,gzip,gzip,gzip")).rejects.toThrow("more than 5 content codings");
  });

  test.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
  ])("that %s expands a thousandfold is read up to the limit", async (coding, encode) => {
    expect(await read(encode(Buffer.alloc(5_000_000, "x")), coding)).toBe("x".repeat(64 * 1024));
  });

  // The best compression takes seconds.
  const quickly = (text: string) => brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });

  test.each([
    ["gzip", gzipSync],
    ["br", quickly],
  ])("that is longer than the limit in %s is read as far as it came", async (coding, encode) => {
    let text = "";
    for (let index = 0; text.length < 300_000; index++) text += `${Math.imul(index, 2_654_435_761) >>> 0} `;
    const start = (await read(encode(text), coding)).slice(0, 40_000);
    expect(start).toBe(text.slice(0, 40_000));
  });

  test.each([
    ["gzip", gzipSync(plain).subarray(0, 20)],
    ["br", brotliCompressSync(plain).subarray(0, 8)],
  ])("that ends in the middle of %s is an error", async (coding, bytes) => {
    await expect(read(bytes, coding)).rejects.toThrow();
  });

  test("that is compressed and long, on a connection that is then reset, never crashes the program", async () => {
    const body = gzipSync(Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7_919) % 251)));
    await using server = await playScript([
      (exchange) => {
        const head = `HTTP/1.1 500 Oh\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length + 9}\r\n\r\n`;
        exchange.socket.write(head);
        exchange.socket.write(body, () => exchange.socket.resetAndDestroy());
      },
    ]);
    const fetch = open();
    for (let run = 0; run < 60; run++) {
      const error = await revokeBy(server.url, fetch).catch((thrown: KaitenError) => thrown);
      expect(error).toMatchObject({ outcome: "unknown" });
    }
  });
});

describe("an answer without content that announces a body", () => {
  const head = (status: number, header: string) => `HTTP/1.1 ${status} X\r\n${header}\r\n\r\n`;
  test.each([
    [204, "Content-Length: 1000000000"],
    [204, "Transfer-Encoding: chunked"],
    [205, "Content-Length: 9"],
    [304, "Content-Length: 9"],
    [304, "Transfer-Encoding: chunked"],
  ])("%i with %s keeps its verdict and frees its socket", async (status, header) => {
    let closed = (_: unknown) => {};
    const isClosed = new Promise((resolve) => {
      closed = resolve;
    });
    await using server = await playScript([
      (exchange) => {
        exchange.socket.once("close", closed);
        return killed(send(head(status, header)))(exchange);
      },
    ]);
    const result = await revokeBy(server.url, open()).catch((error: KaitenError) => error);
    expect(result.outcome).toBe(status === 204 ? "revoked" : "unknown");
    await isClosed;
  });

  test("keeps its connection for the next request where it announces none", async () => {
    const sockets = new Set<Socket>();
    const url = await serve(({ socket }, response) => {
      sockets.add(socket);
      response.writeHead(204).end();
    });
    const fetch = open({ connections: 1 });
    for (let call = 0; call < 3; call++) await revokeBy(url, fetch);
    expect(sockets.size).toBe(1);
  });

  test("keeps its connection also where the headers have white space around them", async () => {
    let connections = 0;
    const server = createTcpServer((socket) => {
      connections++;
      const answer = "HTTP/1.1 204 No Content\r\nContent-Length: 0 \r\nKaiten-TraceId: \t trace-1 \t\r\n\r\n";
      socket.on("data", () => socket.write(answer));
    });
    const url = `http://127.0.0.1:${await listen(server)}`;
    const fetch = open({ connections: 1 });
    for (let call = 0; call < 3; call++) expect(await revokeBy(url, fetch)).toMatchObject({ traceId: "trace-1" });
    expect(connections).toBe(1);
  });

  test("over HTTP/2 without an end, frees its stream and keeps its verdict", async () => {
    const frame = (type: number, flags: number, stream: number, payload: number[] = []) =>
      Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream, ...payload]);
    const [DATA, HEADERS, RST_STREAM, SETTINGS] = [0, 1, 3, 4];
    let freed = () => {};
    const isFreed = new Promise<void>((resolve) => {
      freed = resolve;
    });
    // Node's own HTTP/2 server always ends a 204.
    const server = createTcpServer((socket) => {
      let pending = Buffer.alloc(0);
      let preface = 24;
      socket.write(frame(SETTINGS, 0, 0));
      socket.on("error", () => {});
      // undici 8 takes the whole connection for broken.
      socket.on("close", freed);
      socket.on("data", (chunk) => {
        pending = Buffer.concat([pending, chunk]).subarray(preface);
        preface = 0;
        while (pending.length >= 9 && pending.length >= 9 + pending.readUIntBE(0, 3)) {
          const [type, flags, stream] = [pending[3], pending[4] ?? 0, pending[8] ?? 0];
          pending = pending.subarray(9 + pending.readUIntBE(0, 3));
          if (type === SETTINGS && flags === 0) socket.write(frame(SETTINGS, 1, 0));
          if (type === RST_STREAM) freed();
          // RFC 7541, appendix A: index 9 is ":status: 204". END_HEADERS, but not END_STREAM.
          if (type === HEADERS)
            socket.write(Buffer.concat([frame(HEADERS, 4, stream, [0x89]), frame(DATA, 0, stream, [1])]));
        }
      });
    });
    const url = `http://127.0.0.1:${await listen(server)}`;
    const result = await revokeBy(url, open({ dispatcher: new H2CClient(url) }));
    expect(result.outcome).toBe("revoked");
    await isFreed;
  });
});

describe("nothing was sent, so the token was not revoked", () => {
  test("when the timeout ends while the call waits for a connection", async () => {
    let answer = () => {};
    await using server = await playScript([
      (exchange) => {
        answer = () => api(exchange);
      },
    ]);
    const fetch = open({ connections: 1 });
    const first = revokeBy(server.url, fetch);
    await expect.poll(() => server.requests.length, { timeout: 50_000 }).toBe(1);
    const second = await revokeBy(server.url, fetch, 100).catch((error: KaitenError) => error);
    expect(second).toMatchObject({ name: "KaitenTimeoutError", outcome: "not-revoked" });
    expect((second as KaitenError).message).toContain("No connection within 0.1 s");
    answer();
    await expect(first).resolves.toMatchObject({ outcome: "revoked" });
    expect(server.requests).toHaveLength(1);
  });

  test("when a proxy refuses to connect", async () => {
    const proxy = createServer();
    proxy.on("connect", (_, socket) => socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
    const port = await listen(proxy);
    const fetch = open({ dispatcher: new ProxyAgent(`http://127.0.0.1:${port}`) });
    const error = await revokeBy("https://kaiten.example.com/api", fetch).catch((thrown: KaitenError) => thrown);
    expect(error).toMatchObject({ name: "KaitenConnectionError", outcome: "not-revoked" });
  });

  test("when the port speaks plain HTTP instead of HTTPS", async () => {
    const url = await serve((_, response) => response.end());
    const error = await revokeBy(url.replace("http:", "https:"), open()).catch((thrown: KaitenError) => thrown);
    expect(error).toMatchObject({ name: "KaitenConnectionError", outcome: "not-revoked" });
    expect((error as KaitenError).message).toContain("the port speaks plain HTTP, not HTTPS");
  });

  test("when the TLS handshake breaks off", async () => {
    const port = await listen(createTcpServer((socket) => socket.once("data", () => socket.destroy())));
    const error = await revokeBy(`https://127.0.0.1:${port}`, open()).catch((thrown: KaitenError) => thrown);
    expect(error).toMatchObject({ name: "KaitenConnectionError", outcome: "not-revoked" });
  });
});

test("a call that was aborted while it waited for a connection is never sent", async () => {
  let answer = () => {};
  await using server = await playScript([
    (exchange) => {
      answer = () => api(exchange);
    },
    send("HTTP/1.1 204 No Content\r\n\r\n"),
  ]);
  const fetch = open({ connections: 1 });
  const first = revokeBy(server.url, fetch);
  await expect.poll(() => server.requests.length, { timeout: 50_000 }).toBe(1);
  await expect(revokeBy(server.url, fetch, 50)).rejects.toMatchObject({ outcome: "not-revoked" });
  answer();
  await expect(first).resolves.toMatchObject({ outcome: "revoked" });
  await expect(revokeBy(server.url, fetch)).resolves.toMatchObject({ outcome: "revoked" });
  expect(server.requests).toHaveLength(2);
});

test("a signal that has aborted before: nothing is sent", async () => {
  await using server = await playScript([api]);
  const call = open()(server.url, { method: "DELETE", signal: AbortSignal.abort("before") });
  await expect(call).rejects.toBe("before");
  expect(server.requests).toHaveLength(0);
});

describe("a call through a fetch around it frees its connection when it is aborted", () => {
  type Around = (fetch: ReturnType<typeof undiciFetch>) => Fetch;
  const asOurs = { reportsStart: true } as const;
  test.each<[string, Around]>([
    ["that passes on what it gets", (fetch) => (url, init) => fetch(url, init)],
    [
      "that makes another init",
      (fetch) =>
        (url, { ...init }) =>
          fetch(url, init),
    ],
    [
      "that tells of the start, too, and makes an init of what is documented",
      (fetch) =>
        Object.assign((url: string, { method, headers, signal, onStart }: SendingInit) => {
          return fetch(url, { method, headers, signal, onStart } as RequestInit);
        }, asOurs),
    ],
  ])("%s", async (_, around) => {
    const controller = new AbortController();
    let closed: Promise<unknown> | undefined;
    const baseUrl = await serve(({ socket }) => {
      closed = once(socket, "close");
      controller.abort();
    });
    const kaiten = createKaitenClient({ baseUrl, token: "ksh_0123456789", fetch: around(open()) });
    const call = kaiten.serviceAccounts.tokens.revoke(REF, { signal: controller.signal });
    await expect(call).rejects.toMatchObject({ name: "KaitenAbortError", outcome: "unknown" });
    await closed;
  });
});

test("a signal of a fetch around it ends the request, too", async () => {
  const own = new AbortController();
  const url = await serve(() => own.abort(new Error("The fetch around it has had enough")));
  const fetch = open();
  const around = Object.assign((url: string, init: RequestInit) => fetch(url, { ...init, signal: own.signal }), fetch);
  const summary = expect.stringContaining("has had enough");
  await expect(revokeBy(url, around)).rejects.toMatchObject({ name: "KaitenConnectionError", summary });
});

test("data behind an answer without content is dropped", async () => {
  const dispatcher = new Agent();
  dispatcher.dispatch = (_, handler) => {
    const controller = { abort: () => {} } as unknown as Dispatcher.DispatchController;
    handler.onRequestStart?.(controller, {});
    handler.onResponseStart?.(controller, 204, {});
    handler.onResponseData?.(controller, Buffer.from("data"));
    handler.onResponseEnd?.(controller, {});
    return true;
  };
  const response = await open({ dispatcher })("http://127.0.0.1/", { method: "DELETE" });
  expect({ status: response.status, text: await response.text() }).toEqual({ status: 204, text: "" });
});

test("another undici than 7 or 8 is refused when it is imported", async () => {
  vi.resetModules();
  vi.doMock("undici", () => ({ default: {} }));
  onTestFinished(() => {
    vi.doUnmock("undici");
    vi.resetModules();
  });
  await expect(import("../../src/undici.js")).rejects.toThrow("needs undici 7 or 8");
});

test("a request may pass through a proxy", async () => {
  await using server = await playScript([api]);
  const tunnels: string[] = [];
  const proxy = createServer();
  proxy.on("connect", ({ url }, socket) => {
    tunnels.push(String(url));
    const target = connect(server.port, "127.0.0.1", () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
    target.pipe(socket).pipe(target);
  });
  const port = await listen(proxy);
  const fetch = open({ dispatcher: new ProxyAgent({ uri: `http://127.0.0.1:${port}`, proxyTunnel: true }) });
  await expect(revokeBy(server.url, fetch)).resolves.toMatchObject({ outcome: "revoked" });
  expect(tunnels).toEqual([`127.0.0.1:${server.port}`]);
});

test("close waits for the requests in flight, and then nothing more is sent", async () => {
  let arrived = () => {};
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  let answer = () => {};
  const closing = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await using server = await playScript([
    async (exchange) => {
      arrived();
      await closing;
      return api(exchange);
    },
  ]);
  const fetch = undiciFetch();
  const call = revokeBy(server.url, fetch);
  await arrival;
  const closed = fetch.close();
  answer();
  await closed;
  await expect(call).resolves.toMatchObject({ outcome: "revoked" });
  await expect(revokeBy(server.url, fetch)).rejects.toMatchObject({ outcome: "not-revoked" });
});
