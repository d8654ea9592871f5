// Whether a secret is still accepted: the answers, the exit codes, and asking for a while.
import { expect, test } from "vitest";
import { playScript } from "../faults/server.js";
import { message, page, send } from "../faults/steps.js";
import { CLOCK, CREDENTIAL, LEAKED, makeFolder, run, start, TOKEN_FILE, until } from "./command.js";
import { type Served, serve, tokensOf } from "./servers.js";

const TOKENS = tokensOf("ci-bot", "key-1");
const SCOPES = ["write:tokens"];

/** `KAITEN_AUTH_TOKEN` is the leaked secret, which the API accepts as long as `accepts` says, and then no more. */
async function serveLeaked(accepts: (requests: number) => boolean): Promise<Served> {
  const server: Served = await serve(TOKENS, {
    latency() {
      // Called for each request, before it is answered.
      if (!accepts(server.fake.requests.length)) server.fake.credentials.delete(LEAKED);
      return 0;
    },
  });
  server.fake.credentials.set(LEAKED, SCOPES);
  server.env.KAITEN_AUTH_TOKEN = LEAKED;
  return server;
}

test("4: it is accepted, and nothing was revoked", async () => {
  await using server = await serveLeaked(() => true);
  const { code, stdout, stderr } = await run(["verify"], server);
  expect(stdout).toBe(`active\t${server.url}\n`);
  expect(stderr).toContain(`Checking the secret from KAITEN_AUTH_TOKEN at ${server.url}\n`);
  expect(stderr).toContain("The API accepts the secret, and it may revoke tokens.");
  expect(stderr).toMatch(/\n1 answer until (\S+Z)\. Last accepted: \1\.\n$/);
  expect(server.fake.alive()).toEqual(TOKENS);
  expect(code).toBe(4);
});

test("4: it is accepted, but may not revoke", async () => {
  await using server = await serveLeaked(() => true);
  server.fake.credentials.set(LEAKED, ["read:tokens"]);
  const { code, stderr } = await run(["verify"], server);
  expect(stderr).toContain("It lacks the scope write:tokens.");
  expect(code).toBe(4);
});

test("0: it is not accepted; that is no proof for other servers", async () => {
  await using server = await serve(TOKENS);
  const folder = makeFolder();
  folder.write(TOKEN_FILE, `${LEAKED}\n`);
  const { code, stdout, stderr } = await run(["verify", "--token-file", TOKEN_FILE], { ...server, folder });
  expect(stdout).toBe(`inactive\t${server.url}\n`);
  expect(stderr).toContain("Checking the secret from --token-file at ");
  expect(stderr).toContain("mistyped or of another deployment");
  expect(stderr).toContain("--for 5m keeps asking");
  expect(stderr).toContain("Last accepted: never.");
  expect(code).toBe(0);
});

test.each([
  ["a login page", page(200)],
  ["a 204 to a token that cannot exist", send(message(204, undefined))],
])("6: %s proves nothing", async (_, step) => {
  await using server = await playScript([step]);
  const { code, stdout } = await run(["verify"], { env: { KAITEN_BASE_URL: server.url } });
  expect(stdout).toBe(`unknown\t${server.url}\n`);
  expect(code).toBe(6);
});

test("--token-file - reads the secret from standard input, and --json prints one object", async () => {
  await using server = await serve(TOKENS);
  const { code, stdout } = await run(["verify", "--token-file", "-", "--json"], { ...server, input: `${LEAKED}\n` });
  expect(JSON.parse(stdout)).toEqual({
    validity: "inactive",
    baseUrl: server.url,
    reason: expect.any(String),
    at: expect.any(String),
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    checks: 1,
    lastAccepted: null,
  });
  expect(code).toBe(0);
});

test("a secret of another kind is refused", async () => {
  const env = { KAITEN_BASE_URL: "http://127.0.0.1:9", KAITEN_AUTH_TOKEN: "whsec_0123456789" };
  const { code, stdout } = await run(["verify"], { env });
  expect(stdout).toBe("");
  expect(code).toBe(2);
});

test("--for asks for the whole time: 0 when the last minute had only refusals", async () => {
  await using server = await serveLeaked((requests) => requests <= 3);
  server.env.NODE_OPTIONS = CLOCK.NODE_OPTIONS;
  const { code, stdout } = await run(["verify", "--for", "2m", "--json"], server);
  const { validity, checks, lastAccepted, at } = JSON.parse(stdout);
  expect(validity).toBe("inactive");
  expect(checks).toBe(server.fake.requests.length);
  // Every 5 s.
  expect(checks).toBeGreaterThanOrEqual(20);
  expect(checks).toBeLessThanOrEqual(25);
  expect(Date.parse(lastAccepted)).toBeLessThanOrEqual(Date.parse(at));
  expect(code).toBe(0);
});

test("--for: 4 when the secret was accepted within the last minute", async () => {
  await using server = await serveLeaked((requests) => requests <= 6);
  server.env.NODE_OPTIONS = CLOCK.NODE_OPTIONS;
  const { code, stdout } = await run(["verify", "--for", "1m"], server);
  expect(stdout).toBe(`active\t${server.url}\n`);
  expect(code).toBe(4);
});

test("--for: 6 when there were fewer than ten answers in the last minute", async () => {
  await using server = await serveLeaked(() => false);
  Object.assign(server.env, CLOCK, { CLOCK_SKIP_MS: "10000" });
  const { code, stdout } = await run(["verify", "--for", "5m"], server);
  expect(stdout).toBe(`unknown\t${server.url}\n`);
  expect(code).toBe(6);
});

test("--for: 6 when an answer of the last minute proves nothing", async () => {
  const server = await serveLeaked((requests) => {
    if (requests === 10) server.fake.play("login-page");
    return false;
  });
  await using _ = server;
  server.env.NODE_OPTIONS = CLOCK.NODE_OPTIONS;
  const { code, stdout } = await run(["verify", "--for", "1m"], server);
  expect(stdout).toBe(`unknown\t${server.url}\n`);
  expect(code).toBe(6);
});

test("Ctrl-C ends it with what is known so far", async () => {
  await using server = await serve(TOKENS);
  const running = start(["verify", "--for", "5m"], { env: { ...server.env, KAITEN_AUTH_TOKEN: CREDENTIAL } });
  await until(() => server.fake.requests[0]?.answered !== undefined);
  running.kill("SIGINT");
  const { code } = await running.ended;
  expect(code).toBe(130);
});
