// Prism starts, says why it does not, and ends with whoever started it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { commandOf } from "../../../scripts/command.js";
import { type Prism, startPrism, startPrismProxy } from "../../../scripts/prism.js";

const folder = mkdtempSync(join(tmpdir(), "prism-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Whether somebody listens; found out without a request, so that nothing is logged. */
async function listens(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function start(...parameters: Parameters<typeof startPrism>): Promise<Prism> {
  const prism = await startPrism(...parameters);
  onTestFinished(prism.stop);
  return prism;
}

test("Prism listens on a free port of the loopback interface until it is stopped", async () => {
  const [one, other] = await Promise.all([start("openapi.yaml"), start("openapi.yaml")]);
  expect(one.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(other.url).not.toBe(one.url);
  expect(await listens(one.url)).toBe(true);
  await one.stop();
  await one.ended;
  expect(await listens(one.url)).toBe(false);
  expect(await listens(other.url)).toBe(true);
});

test("a listener receives a line for each request, in plain text", async () => {
  vi.stubEnv("FORCE_COLOR", "1");
  onTestFinished(() => void vi.unstubAllEnvs());
  const lines: string[] = [];
  const prism = await start("openapi.yaml", { onLine: (line) => lines.push(line) });
  expect(lines).toEqual([]);
  await fetch(`${prism.url}/some/where`);
  const line = expect.stringMatching(/ \[HTTP SERVER\] get \/some\/where .*Request received$/);
  await vi.waitFor(() => expect(lines).toContainEqual(line), { timeout: 50_000 });
});

test("Prism's last words are known when a request ends it", async () => {
  const spec = readFileSync("openapi.yaml", "utf8").replaceAll("in: path\n", "in: path\n          style: matrix\n");
  const prism = await start(write("matrix.yaml", spec));
  const url = `${prism.url}/service-accounts/ci-bot/tokens/deploy-key`;
  await expect(fetch(url, { method: "DELETE" })).rejects.toThrow();
  expect(await prism.ended).toBe('Matrix serialization style requires parameter to be prefixed with ";"');
});

test("a proxy follows no redirect, not even to another port of the same host", async () => {
  const followed: string[] = [];
  const elsewhere = createHttpServer(({ url = "" }, response) => {
    followed.push(url);
    response.end();
  });
  const upstream = createHttpServer((_, response) => {
    response.writeHead(307, { location: `${urlOf(elsewhere)}/elsewhere` }).end();
  });
  for (const server of [elsewhere, upstream]) {
    onTestFinished(() => void server.close());
    await once(server.listen(0, "127.0.0.1"), "listening");
  }
  const prism = await startPrismProxy("openapi.yaml", urlOf(upstream));
  onTestFinished(prism.stop);
  const headers = { authorization: "Bearer any" };
  const url = `${prism.url}/service-accounts/ci-bot/tokens/deploy-key`;
  expect((await fetch(url, { method: "DELETE", headers, redirect: "manual" })).status).toBe(307);
  expect(followed).toEqual([]);
});

describe("a mock that cannot start says why in one line", () => {
  test.each([
    ["there is no such file", join(folder, "nowhere.yaml"), "Error opening file"],
    ["it is not YAML", write("broken.yaml", "paths: ["), "unexpected end of the stream"],
    ["it is not OpenAPI", write("other.yaml", "hello"), "is not a valid JSON Schema"],
    ["it has no operation", write("empty.yaml", "openapi: 3.1.0\npaths: {}"), "No operations found"],
  ])("%s", async (_, spec, why) => {
    const error: unknown = await start(spec).catch((error: unknown) => error);
    expect(String(error)).toMatch(/^Error: Prism cannot mock [^\n]+$/);
    expect(String(error)).toContain(why);
  });

  test("the port is in use", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await expect(start("openapi.yaml", { port })).rejects.toThrow(
      `Prism cannot mock openapi.yaml: listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
    );
  });

  test("there is no such file, in production", async () => {
    vi.stubEnv("NODE_ENV", "production");
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(start("nowhere.yaml")).rejects.toThrow("Error opening file");
  });

  test("it does not listen in time", async () => {
    await expect(start("openapi.yaml", { timeout: 1 })).rejects.toThrow("it did not listen within 1 ms");
  });

  test("it is not installed", () => {
    expect(() => commandOf("@stoplight/no-prism", "prism")).toThrow(
      "@stoplight/no-prism is not installed: run `npm ci` first.",
    );
  });
});

// It ends with the channel between them, which closes however the process ends.
describe("Prism does not outlive the process that started it", () => {
  const START = `
    import { startPrism } from ${JSON.stringify(pathToFileURL("scripts/prism.ts").href)};
    const { url } = await startPrism("openapi.yaml");
    console.log(url);
  `;

  test.each([
    ["is interrupted", "", "SIGINT"],
    ["is killed", "", "SIGKILL"],
    ["throws where nobody can catch it", "setTimeout(() => { throw new Error('on purpose') })", undefined],
  ] as const)("when that %s", async (ending, code, signal) => {
    const file = write(`${ending}.ts`, START + code);
    const parent = spawn(process.execPath, [commandOf("jiti", "jiti"), file], { stdio: ["ignore", "pipe", "ignore"] });
    const ended = once(parent, "exit");
    const [output] = await once(parent.stdout, "data");
    const url = String(output).trim();
    if (signal) parent.kill(signal);
    await ended;
    await vi.waitFor(async () => expect(await listens(url)).toBe(false), { timeout: 50_000 });
  });
});
