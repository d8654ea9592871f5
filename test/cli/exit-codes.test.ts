// The exit code, for what can become of a token, and for many tokens.
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { playScript, type Step } from "../faults/server.js";
import { api, cut, message, NOT_FOUND, page, problem, send } from "../faults/steps.js";
import { run } from "./command.js";
import { serve } from "./servers.js";

const ONE = ["revoke", "ci-bot", "deploy-key", "--yes", "--retries", "0"];

/** Every request to revoke is answered by the step. The server has no records. */
async function codeOf(args: readonly string[], step: Step) {
  await using server = await playScript([step]);
  return await run(args, { env: { KAITEN_BASE_URL: server.url } });
}

test.each<[number, string, string, string, Step]>([
  [0, "revoked", "now", "a 204", api],
  [3, "not-revoked", "401 ValidateToken.Invalid", "a 401", problem(401, { code: "ValidateToken.Invalid" })],
  [3, "not-revoked", "403 Auth.MissingScope", "a 403 of the API", problem(403, { code: "Auth.MissingScope" })],
  [6, "not-revoked", "403", "a 403 of the gateway", page(403)],
  [4, "absent", "404 Token.NotFound", "no such token", problem(404, NOT_FOUND)],
  [4, "not-revoked", "404 NOT_FOUND", "no such route", problem(404, { code: "NOT_FOUND" })],
  [5, "not-revoked", "422", "a 422", problem(422)],
  [6, "unknown", "500", "a 500", problem(500)],
  [6, "unknown", "200", "a login page", page(200)],
  [6, "unknown", "302", "a redirect", page(302, { Location: "/login" })],
  [6, "unknown", "connection", "a lost connection", cut()],
])("%i: %s, %s, after %s", async (code, outcome, note, _, step) => {
  expect(await codeOf(ONE, step)).toMatchObject({ code, stdout: `${outcome}\tci-bot\tdeploy-key\t${note}\n` });
});

test("6: nothing listens", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const { code, stdout, stderr } = await run([...ONE, "--base-url", `http://127.0.0.1:${port}`]);
  expect(stdout).toBe("not-revoked\tci-bot\tdeploy-key\tconnection\n");
  expect(stderr).toContain(
    "1 token may still be active. See the reasons above, then run the same command again: it continues.",
  );
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
    expect(await codeOf(["revoke", "ci-bot", ...tokens, ...args], byToken)).toMatchObject({ code });
    expect(await codeOf(["revoke", "ci-bot", ...tokens.toReversed(), ...args], byToken)).toMatchObject({ code });
  },
);

const MANY = Array.from({ length: 30 }, (_, index) => `token-${index}`);

test("3: a refused credential sends nothing", async () => {
  await using server = await serve([], { credential: "ksh_another-credential" });
  const { code, stdout, stderr } = await run(["revoke", "ci-bot", ...MANY, "--yes"], server);
  expect(code).toBe(3);
  expect(stdout).toBe("");
  expect(server.sent).toEqual([]);
  expect(stderr).toContain("use another credential, or try again later. Nothing was revoked.\n");
});

test("3: a scope that is missing stops the run; the other tokens are not attempted", async () => {
  const args = ["revoke", "ci-bot", ...MANY, "--yes", "--concurrency", "2"];
  const { code, stdout, stderr } = await codeOf(args, problem(403, { code: "Auth.MissingScope" }));
  expect(code).toBe(3);
  expect(stdout.match(/^not-revoked\tci-bot\ttoken-\d+\tnot attempted$/gm)?.length).toBeGreaterThanOrEqual(28);
  expect(stderr).toContain("30 tokens, not-revoked 30\n30 tokens may still be active.");
});

test("5: a rate limit that does not end stops the run", async () => {
  const { code } = await codeOf(ONE, problem(429, {}, { "Retry-After": "3600" }));
  expect(code).toBe(5);
});

test("4: a route that does not exist stops the run", async () => {
  const { code, stdout, stderr } = await codeOf(
    ["revoke", "ci-bot", ...MANY, "--yes", "--concurrency", "1"],
    page(404),
  );
  expect(code).toBe(4);
  expect(stdout.match(/^not-revoked\t/gm)).toHaveLength(30);
  expect(stderr).toContain("base URL");
});
