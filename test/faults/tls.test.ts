// TLS for real: a certificate that is not trusted stops the call before a byte of it is written.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { promisify } from "node:util";
import { generate } from "selfsigned";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createKaitenClient, KaitenConnectionError } from "../../src/index.js";
import { undiciFetch } from "../../src/undici.js";
import { revocation } from "../revocation.js";
import { playScript, type ScriptedServer } from "./server.js";
import { api } from "./steps.js";

const TOKEN = "ksh_tls.0123456789";
const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
const DAY = 24 * 60 * 60 * 1000;

type Names = Parameters<typeof generate>[1] & object;

async function certificate(host: string, dates: Names = {}) {
  const altName = host === "127.0.0.1" ? ({ type: 7, ip: host } as const) : ({ type: 2, value: host } as const);
  return generate([{ name: "commonName", value: host }], {
    ...dates,
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [altName] },
    ],
  });
}

async function playOverTls(pems: { private: string; cert: string }): Promise<ScriptedServer> {
  const server = createServer({ key: pems.private, cert: pems.cert });
  server.on("tlsClientError", () => {});
  const scripted = await playScript([api], { server, event: "secureConnection" });
  return { ...scripted, url: scripted.url.replace("http:", "https:") };
}

const revoke = (baseUrl: string) =>
  createKaitenClient({ baseUrl, token: TOKEN, retries: 0 })
    .serviceAccounts.tokens.revoke(REF)
    .catch((error) => error);

describe.each([
  ["self-signed", "127.0.0.1", {}, "self-signed certificate", "NODE_EXTRA_CA_CERTS"],
  ["self-signed and for another host", "kaiten.example.com", {}, "self-signed certificate", "NODE_EXTRA_CA_CERTS"],
  [
    "expired",
    "127.0.0.1",
    { notBeforeDate: new Date(Date.now() - 9 * DAY), notAfterDate: new Date(Date.now() - DAY) },
    "expired",
    "Check the clock of this machine",
  ],
] as const)("a certificate that is %s", (_, host, dates, reason, advice) => {
  test("is refused as not-revoked, with the reason, and nothing is sent", async () => {
    await using scripted = await playOverTls(await certificate(host, dates));
    const error = await revoke(scripted.url);
    expect(error).toBeInstanceOf(KaitenConnectionError);
    expect(error.outcome).toBe("not-revoked");
    expect(error.message).toContain(reason);
    expect(error.message).toContain(advice);
    expect(error.cause.cause.code).toMatch(/CERT|SELF_SIGNED|EXPIRED|VERIFY/);
    expect(scripted.requests).toHaveLength(0);
  });
});

test("a certificate that is trusted, but for another host, is refused with advice of its own", async () => {
  const pems = await certificate("kaiten.example.com");
  await using scripted = await playOverTls(pems);
  const fetch = undiciFetch({ connect: { ca: pems.cert } });
  const { tokens } = createKaitenClient({ baseUrl: scripted.url, token: TOKEN, fetch, retries: 0 }).serviceAccounts;
  const error = await tokens.revoke(REF).catch((thrown) => thrown);
  await fetch.close();
  expect(error).toMatchObject({ name: "KaitenConnectionError", outcome: "not-revoked" });
  expect(error.message).toContain("the server's certificate is for another host");
  expect(error.message).toContain("Check the base URL");
  expect(scripted.requests).toHaveLength(0);
});

describe("a certificate of one's own authority", () => {
  const folder = mkdtempSync(join(tmpdir(), "kaiten-tls-"));
  let scripted: ScriptedServer;
  beforeAll(async () => {
    const pems = await certificate("127.0.0.1");
    writeFileSync(join(folder, "ca.pem"), pems.cert);
    scripted = await playOverTls(pems);
  });
  afterAll(async () => {
    await scripted[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  test("works in a program that trusts it (NODE_EXTRA_CA_CERTS)", async () => {
    const program = `
      import { createKaitenClient } from "kaiten-service-accounts";
      const kaiten = createKaitenClient({ baseUrl: ${JSON.stringify(scripted.url)}, token: ${JSON.stringify(TOKEN)} });
      console.log(JSON.stringify(await kaiten.serviceAccounts.tokens.revoke(${JSON.stringify(REF)})));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") },
    });
    expect(JSON.parse(stdout)).toEqual(revocation("revoked", 1));
    expect(scripted.requests[0]?.path).toBe("/service-accounts/ci-bot/tokens/deploy-key");
  });
});

test("https to a port that speaks plain http is not-revoked, in words that a person can read", async () => {
  const plain = createHttpServer().listen(0, "127.0.0.1");
  onTestFinished(() => void plain.close());
  await once(plain, "listening");
  const { port } = plain.address() as { port: number };
  const error = await revoke(`https://127.0.0.1:${port}`);
  expect(error).toBeInstanceOf(KaitenConnectionError);
  expect(error.outcome).toBe("not-revoked");
  expect(error.message).toContain("the port speaks plain HTTP, not HTTPS. Check the base URL");
  expect(error.message).not.toMatch(/openssl|ssl3|wrong version/i);
});

test("https to a port that answers in plain http without being asked is not-revoked, too", async () => {
  const greeting = createTcpServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(0, "127.0.0.1");
  onTestFinished(() => void greeting.close());
  await once(greeting, "listening");
  const { port } = greeting.address() as { port: number };
  const error = await revoke(`https://127.0.0.1:${port}`);
  expect(error).toMatchObject({ name: "KaitenConnectionError", outcome: "not-revoked" });
});
