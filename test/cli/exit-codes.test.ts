// The exit code, for what can become of a token, and for many tokens.
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { playScript, type Step } from "../faults/server.js";
import { api, cut, message, NOT_FOUND, page, problem, send } from "../faults/steps.js";
import { makeFolder, run } from "./command.js";
import { serve } from "./servers.js";

const ONE = ["revoke", "ci-bot", "deploy-key", "--yes", "--retries", "0"];

async function codeOf(args: readonly string[], steps: readonly Step[]) {
  await using server = await playScript(steps);
  return await run(args, { env: { KAITEN_BASE_URL: server.url } });
}

test.each<[number, string, string, Step]>([
  [0, "revoked", "a 204", api],
  [3, "not-revoked", "a 401", problem(401)],
  [3, "not-revoked", "a 403 of the API", problem(403)],
  [6, "not-revoked", "a 403 of the gateway", page(403)],
  [4, "absent", "no such token", problem(404, NOT_FOUND)],
  [4, "not-revoked", "no such route", problem(404, { code: "NOT_FOUND" })],
  [5, "not-revoked", "a 422", problem(422)],
  [6, "unknown", "a 500", problem(500)],
  [6, "unknown", "a login page", page(200)],
  [6, "unknown", "a redirect", page(302, { Location: "/login" })],
  [6, "unknown", "a lost connection", cut()],
])("%i: %s, after %s", async (code, outcome, _, step) => {
  expect(await codeOf(ONE, [step])).toMatchObject({ code, stdout: `${outcome}\tci-bot\tdeploy-key\n` });
});

test("6: nothing listens", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const { code, stdout } = await run([...ONE, "--base-url", `http://127.0.0.1:${port}`]);
  expect(stdout).toBe("not-revoked\tci-bot\tdeploy-key\n");
  expect(code).toBe(6);
});

// Each is more severe than those before it.
const SEVERITY: [token: string, code: number, step: Step][] = [
  ["revoked", 0, send(message(204, undefined))],
  ["absent", 4, problem(404, NOT_FOUND)],
  ["rejected", 5, problem(422)],
  ["refused", 3, problem(403, { code: "Forbidden" })],
  ["failed", 6, problem(501)],
];

test.each(SEVERITY.map(([, code], index) => [code, SEVERITY.slice(0, index + 1).map(([token]) => token)] as const))(
  "%i: the most severe of many, whatever comes first",
  async (code, tokens) => {
    const byToken: Step = (exchange) => SEVERITY.find(([token]) => exchange.path.endsWith(token))?.[2](exchange);
    const args = ["--yes", "--concurrency", "1"];
    expect(await codeOf(["revoke", "ci-bot", ...tokens, ...args], [byToken])).toMatchObject({ code });
    expect(await codeOf(["revoke", "ci-bot", ...tokens.toReversed(), ...args], [byToken])).toMatchObject({ code });
  },
);

test("3: a refused credential stops the run; the other tokens are not attempted", async () => {
  await using server = await serve([], { credential: "ksh_another-credential" });
  const names = Array.from({ length: 30 }, (_, index) => `token-${index}`);
  const { code, stdout, stderr } = await run(["revoke", "ci-bot", ...names, "--yes", "--concurrency", "2"], server);
  expect(code).toBe(3);
  expect(stdout.match(/^not-revoked\tci-bot\ttoken-\d+$/gm)).toHaveLength(30);
  expect(server.fake.requests.length).toBeLessThanOrEqual(2);
  expect(stderr).toContain("30 tokens, not-revoked 30\n30 tokens may still be active.");
});

test("5: a rate limit that does not end stops the run", async () => {
  const { code } = await codeOf(ONE, [problem(429, {}, { "Retry-After": "3600" })]);
  expect(code).toBe(5);
});

test("4: a route that does not exist stops the run", async () => {
  const names = Array.from({ length: 30 }, (_, index) => `token-${index}`);
  const args = ["revoke", "ci-bot", ...names, "--yes", "--concurrency", "1"];
  const { code, stdout, stderr } = await codeOf(args, [page(404)]);
  expect(code).toBe(4);
  expect(stdout.match(/^not-revoked\t/gm)).toHaveLength(30);
  expect(stderr).toContain("base URL");
});

test("1: lines that --skip-bad left out", async () => {
  await using server = await playScript([api]);
  const folder = makeFolder();
  folder.write("leak.csv", "ci-bot,key-1\nci-bot,\n");
  const args = ["revoke", "--from", "leak.csv", "--yes", "--skip-bad"];
  const { code, stdout } = await run(args, { env: { KAITEN_BASE_URL: server.url }, folder });
  expect(stdout).toBe("revoked\tci-bot\tkey-1\n");
  expect(code).toBe(1);
});
