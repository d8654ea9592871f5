// The fake API is held to openapi.yaml: Prism's validating proxy stands before it and must find nothing to object to.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { commandOf } from "../../scripts/command.js";
import { type Prism, startPrismProxy } from "../../scripts/prism.js";
import { createFakeKaiten, type Fault } from "../../src/testing/index.js";
import { readAnswers } from "./spec.js";

const OLD = { serviceAccountSlug: "ci-bot", tokenSlug: "old-key" };
const fake = createFakeKaiten({ tokens: [OLD, { ...OLD, tokenSlug: "deploy-key" }] });
fake.credentials.set("ksh_without-scopes", []);

interface Way {
  token?: string;
  path?: string;
  fault?: Fault;
}

/** Every way in which the fake gives a documented answer, by status. */
const WAYS: Record<number, Record<string, Way>> = {
  204: { "a token that is active": {}, "an answer of a stale replica": { path: "old-key", fault: "stale-replica" } },
  400: { "a played 400": { fault: "api-400" } },
  401: { "an unknown credential": { token: "ksh_unknown" } },
  403: { "a credential without the scope": { token: "ksh_without-scopes" } },
  404: {
    "a token that is revoked": {},
    "a token that stays hidden": { fault: "hidden-token" },
    "a wrong base URL": { fault: "wrong-base-url" },
  },
  422: { "a played 422": { fault: "api-422" } },
  500: {
    "a played 500 before the commit": { fault: "api-500-before-commit" },
    "a played 500 after the commit": { fault: "api-500-after-commit" },
  },
};

let server: Awaited<ReturnType<typeof fake.listen>>;
let prism: Prism | undefined;
let folder: string;
beforeAll(async () => {
  server = await fake.listen();
  // Prism compares media types with their parameters. JSON has none that means anything (RFC 8259 §11).
  folder = await mkdtemp(join(tmpdir(), "fake-"));
  const spec = (await readFile("openapi.yaml", "utf8")).replace(/(\+json)\s*;[^"':]*/g, "$1");
  await writeFile(join(folder, "openapi.yaml"), spec);
  prism = await startPrismProxy(join(folder, "openapi.yaml"), server.url);
});
afterAll(async () => {
  await prism?.stop();
  await server?.close();
  await rm(folder, { recursive: true });
});

async function throughPrism({ token = fake.credential, path = "deploy-key", fault }: Way): Promise<Response> {
  if (fault) fake.play(fault);
  const headers = { authorization: `Bearer ${token}` };
  return fetch(`${prism?.url}/service-accounts/ci-bot/tokens/${path}`, { method: "DELETE", headers });
}

test.each(
  Object.entries(WAYS).flatMap(([status, ways]) => Object.entries(ways).map(([name, way]) => ({ status, name, way }))),
)("its $status for $name is as documented", async ({ status, way }) => {
  const before = fake.requests.length;
  const response = await throughPrism(way);
  expect(fake.requests.slice(before), await response.text()).toMatchObject([{ answered: Number(status) }]);
  expect(response.status).toBe(Number(status));
  expect(response.headers.get("sl-violations")).toBeNull();
  // Prism does not tell application/json from application/problem+json.
  if (response.status >= 400) expect(response.headers.get("content-type")).toBe("application/problem+json");
});

test("every documented status is among them", async () => {
  const documented = (await readAnswers("openapi.yaml")).map(({ status }) => status);
  expect(Object.keys(WAYS).map(Number)).toEqual(documented);
});

test("Prism objects to an answer that is not documented", async () => {
  fake.play("login-page");
  expect((await throughPrism({})).headers.get("sl-violations")).toContain("Unable to match the returned status code");
});

test("npm run mock -- --stateful serves it with tokens to revoke, and prints how", async () => {
  const child = spawn(process.execPath, [commandOf("jiti", "jiti"), "scripts/mock.ts", "--stateful", "--port", "0"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  for await (const line of createInterface({ input: child.stdout })) {
    const [, authorization = "", url] = /curl .* "Authorization: (.+)" (.+)$/.exec(line) ?? [];
    if (!url) continue;
    const answers = [1, 2].map(() => fetch(url, { method: "DELETE", headers: { authorization } }));
    expect((await Promise.all(answers)).map(({ status }) => status).sort()).toEqual([204, 404]);
    return;
  }
  expect.unreachable("It ended before it printed a request to try.");
});
