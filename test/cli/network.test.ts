// Inside a company: a proxy from the environment, and a certificate authority of its own.
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createServer as createTlsServer, type Server } from "node:tls";
import { generate } from "selfsigned";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { playScript } from "../faults/server.js";
import { api } from "../faults/steps.js";
import { CREDENTIAL, makeFolder, run, runChild } from "./command.js";
import { serve, tokensOf } from "./servers.js";

const HOST = "kaiten.test";
const ONE = ["revoke", "ci-bot", "deploy-key", "--yes", "--retries", "0"];

let certificate: Awaited<ReturnType<typeof generate>>;
beforeAll(async () => {
  certificate = await generate([{ name: "commonName", value: HOST }], {
    keyType: "ec",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "subjectAltName", altNames: [{ type: 2, value: HOST }] },
    ],
  });
});

/** A server of the API that speaks TLS, as kaiten.test. */
async function serveTls() {
  const server: Server = createTlsServer({ key: certificate.private, cert: certificate.cert });
  return await playScript([api], { server, event: "secureConnection" });
}

/** A proxy that tunnels every CONNECT to one port of this machine, or refuses it. */
async function startProxy(answer: { tunnelTo: number } | { refuse: number }) {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const proxy = createServer((_, response) => response.writeHead(500).end());
  proxy.on("connection", (socket: Socket) => sockets.add(socket));
  proxy.on("connect", ({ url = "", headers }: IncomingMessage, socket: Socket, head: Buffer) => {
    asked.push(`${url} ${JSON.stringify(headers)}`);
    if ("refuse" in answer) {
      socket.end(`HTTP/1.1 ${answer.refuse} Refused\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const target = connect(answer.tunnelTo, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connected\r\n\r\n");
      target.write(head);
      socket.pipe(target).pipe(socket);
    });
    for (const end of [socket, target]) {
      sockets.add(end);
      end.on("error", () => {});
    }
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked };
}

test("HTTPS_PROXY is used, and NODE_EXTRA_CA_CERTS makes a private authority trusted", async () => {
  await using server = await serveTls();
  const proxy = await startProxy({ tunnelTo: server.port });
  const folder = makeFolder();
  const ca = folder.write("ca.pem", certificate.cert);
  const env = { KAITEN_BASE_URL: `https://${HOST}/api`, HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: ca };
  const { code, stdout } = await runChild(ONE, { env, folder });
  expect(stdout).toBe("revoked\tci-bot\tdeploy-key\tnow\n");
  expect(server.dead).toBe(true);
  expect(proxy.asked.length).toBeGreaterThan(0);
  for (const asked of proxy.asked) {
    expect(asked).toContain(`${HOST}:443 `);
    // The proxy sees where requests go, and nothing of them.
    expect(asked).not.toContain(CREDENTIAL);
  }
  expect(code).toBe(0);
});

test("a certificate that is not trusted is explained: the token was not revoked", async () => {
  await using server = await serveTls();
  const proxy = await startProxy({ tunnelTo: server.port });
  const env = { KAITEN_BASE_URL: `https://${HOST}/api`, HTTPS_PROXY: proxy.url };
  const { code, stdout, stderr } = await run(ONE, { env });
  expect(stdout).toBe("not-revoked\tci-bot\tdeploy-key\tconnection\n");
  expect(stderr).toContain("NODE_EXTRA_CA_CERTS");
  expect(stderr).not.toContain("proxy");
  expect(server.requests).toEqual([]);
  expect(code).toBe(6);
});

test.each([
  [407, "the proxy: it answered 407 Proxy Authentication Required. Put a user and a password into the URL"],
  [403, "the proxy: it answered 403 Forbidden. Its rules may not allow this host"],
  [503, "the proxy: it answered 503 Service Unavailable."],
])("a CONNECT that is refused with %i names the proxy, and nothing was sent", async (refuse, words) => {
  const proxy = await startProxy({ refuse });
  const env = { KAITEN_BASE_URL: `https://${HOST}/api`, HTTPS_PROXY: proxy.url.replace("//", "//user:hunter2@") };
  const { code, stdout, stderr } = await run(ONE, { env });
  expect(stdout).toBe("not-revoked\tci-bot\tdeploy-key\tconnection\n");
  expect(stderr).toContain(words);
  expect(stderr).not.toContain("hunter2");
  expect(proxy.asked[0]).toContain("Basic dXNlcjpodW50ZXIy");
  expect(code).toBe(6);
});

test("a proxy that is not there is named as the proxy", async () => {
  const env = { KAITEN_BASE_URL: `https://${HOST}/api`, HTTPS_PROXY: "http://user:hunter2@127.0.0.1:9" };
  const { code, stdout, stderr } = await run(ONE, { env });
  expect(stdout).toBe("not-revoked\tci-bot\tdeploy-key\tconnection\n");
  expect(stderr).toContain("the proxy: it cannot be reached: connect ECONNREFUSED 127.0.0.1:9.");
  expect(stderr).not.toContain("hunter2");
  expect(code).toBe(6);
});

test("NO_PROXY names hosts that are reached directly", async () => {
  const proxy = await startProxy({ refuse: 403 });
  const env = { KAITEN_BASE_URL: `https://${HOST}/api`, HTTPS_PROXY: proxy.url, NO_PROXY: ".test" };
  const { code, stdout, stderr } = await run(ONE, { env });
  // The host does not exist.
  expect(stdout).toBe("not-revoked\tci-bot\tdeploy-key\tconnection\n");
  expect(stderr).not.toContain("proxy");
  expect(proxy.asked).toEqual([]);
  expect(code).toBe(6);
});

test("plain http to this machine never goes through a proxy, which would see the credential", async () => {
  await using server = await serve(tokensOf("ci-bot", "deploy-key"));
  const proxy = await startProxy({ refuse: 403 });
  const env = { ...server.env, HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url };
  const { code } = await run(ONE, { env });
  expect(proxy.asked).toEqual([]);
  expect(code).toBe(0);
});

test.each([
  ["HTTPS_PROXY", "proxy.example.com:8080"],
  ["HTTPS_PROXY", "user:hunter2@proxy:port"],
  ["HTTP_PROXY", "ftp://user:hunter2@proxy"],
  ["HTTPS_PROXY", "socks5://user:hunter2@proxy"],
  ["https_proxy", "http://user:hunter2%@proxy"],
])("%s=%s is refused before anything is asked for, and its password not shown", async (name, value) => {
  const env = { KAITEN_BASE_URL: `https://${HOST}/api`, KAITEN_AUTH_TOKEN: undefined, [name]: value };
  const { code, stderr } = await run(ONE, { env });
  expect(stderr).toBe(`${name} must be a URL such as http://proxy.example.com:8080. Nothing was sent.\n`);
  expect(code).toBe(2);
});
