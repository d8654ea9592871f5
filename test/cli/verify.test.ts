// `verify`: are leaked secrets still accepted? The person's own credential is only the control.
import { expect, test } from "vitest";
import { playScript } from "../faults/server.js";
import { message, page, send } from "../faults/steps.js";
import {
  CREDENTIAL,
  LEAKED,
  makeClock,
  makeFolder,
  makeJwt,
  run,
  runAtTerminal,
  start,
  TOKEN_FILE,
  until,
} from "./command.js";
import { type Served, serve, tokensOf } from "./servers.js";

const TOKENS = tokensOf("ci-bot", "deploy-key");
const SCOPES = ["write:tokens"];
const ENTER = "\r";
const SECRET = "Leaked secret (hidden): ";
const CONTROL = "Another credential, not the leaked one (hidden): ";

/** The leaked secret is accepted as long as `accepts` says, and then no more. */
async function serveLeaked(accepts: (requests: number) => boolean): Promise<Served> {
  const server: Served = await serve(TOKENS, {
    latency() {
      // Called for each request, before it is answered.
      if (!accepts(server.fake.requests.length)) server.fake.credentials.delete(LEAKED);
      return 0;
    },
  });
  server.fake.credentials.set(LEAKED, SCOPES);
  return server;
}

const FROM_INPUT = ["verify", "--secret-file", "-"];
const input = `${LEAKED}\n`;

test("4: it is accepted, and nothing was revoked", async () => {
  await using server = await serveLeaked(() => true);
  const { code, stdout, stderr } = await run(FROM_INPUT, { ...server, input });
  expect(stdout).toBe(`active\tline 1\t${server.url}\n`);
  expect(stderr).toContain(`Asking about 1 secret at ${server.url}\n`);
  expect(stderr).toContain("line 1: The API accepts the secret, and it may revoke tokens.\n");
  expect(server.fake.alive()).toEqual(TOKENS);
  expect(code).toBe(4);
});

test("0: it is refused twice, and the control is accepted in between", async () => {
  await using server = await serve(TOKENS);
  const { code, stdout, stderr } = await run(FROM_INPUT, { ...server, input });
  expect(stdout).toBe(`inactive\tline 1\t${server.url}\n`);
  expect(stderr).toContain("Other servers may accept a revoked token for up to 5 minutes: --for 5m keeps asking.");
  expect(server.sent.map(({ answered }) => answered)).toEqual([401, 404, 401]);
  expect(code).toBe(0);
});

test("6: a refusal proves nothing while the API refuses everybody", async () => {
  await using server = await serveLeaked(() => true);
  server.fake.play("database-down", { times: Number.POSITIVE_INFINITY });
  const { code, stdout, stderr } = await run(FROM_INPUT, { ...server, input });
  expect(stdout).toBe(`unknown\tline 1\t${server.url}\n`);
  expect(stderr).toContain("which alone proves nothing");
  expect(code).toBe(6);
});

test("the person's own credential in the environment is never what is asked about", async () => {
  await using server = await serveLeaked(() => true);
  const refused = await run(["verify"], server);
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toBe(
    "There is no secret: pass --secret-file PATH, or - for standard input. Nothing was sent.\n",
  );
  const person = runAtTerminal(["verify"], server);
  await person.answer(SECRET, LEAKED + ENTER);
  expect(await person.ended).toBe(4);
  expect(person.text).toContain(`active the secret ${server.url} `);
});

test("6: the leaked secret as its own control proves nothing", async () => {
  await using server = await serve(TOKENS);
  const env = { ...server.env, KAITEN_AUTH_TOKEN: LEAKED };
  const { code, stderr } = await run(FROM_INPUT, { env, input });
  expect(stderr).toContain("The secret is the client's own credential: another one is needed as its control.");
  expect(code).toBe(6);
});

test("many secrets at once are named by their lines, and one control serves them all", async () => {
  await using server = await serveLeaked(() => true);
  const dead = Array.from({ length: 29 }, (_, index) => `ksh_dead-secret-of-number-${index}`);
  const file = makeFolder().write(TOKEN_FILE, `\n${dead.join("\n")}\r\n\n${LEAKED}\n`);
  const { code, stdout, stderr } = await run(["verify", "--secret-file", file], server);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toEqual([
    ...dead.map((_, index) => `inactive\tline ${index + 2}\t${server.url}`),
    `active\tline 32\t${server.url}`,
  ]);
  expect(server.sent.filter(({ answered }) => answered === 404)).toHaveLength(2);
  // One reason, said once.
  expect(stderr).toMatch(/\nline 2, line 3, .*, line 30: The API refused the secret twice/);
  expect(stderr.match(/refused the secret twice/g)).toHaveLength(1);
  expect(stdout + stderr).not.toContain("ksh_dead");
  expect(code).toBe(4);
});

test("--json prints one object for each secret", async () => {
  await using server = await serve(TOKENS);
  const { stdout } = await run([...FROM_INPUT, "--json"], { ...server, input });
  expect(JSON.parse(stdout)).toEqual({
    ...{ baseUrl: server.url, secret: "line 1", validity: "inactive", reason: expect.any(String) },
    ...{ at: expect.any(String), traceId: expect.stringMatching(/^[0-9a-f]{32}$/), checks: 1, lastAccepted: null },
  });
});

test("without a credential, the control is asked for only after a refusal, and again when it is refused, too", async () => {
  await using server = await serveLeaked(() => true);
  const env = { ...server.env, KAITEN_AUTH_TOKEN: undefined };
  const accepted = runAtTerminal(["verify"], { env });
  await accepted.answer(SECRET, LEAKED + ENTER);
  expect(await accepted.ended).toBe(4);
  expect(accepted.text).not.toContain(CONTROL);

  server.fake.credentials.delete(LEAKED);
  const person = runAtTerminal(["verify"], { env });
  await person.answer(SECRET, LEAKED + ENTER);
  await person.answer(CONTROL, `ksh_refused-control${ENTER}`);
  await person.answer(`That credential was refused, too. ${CONTROL}`, CREDENTIAL + ENTER);
  expect(await person.ended).toBe(0);
  expect(person.text).toContain(`inactive the secret ${server.url} `);
});

test.each([ENTER, ""])("of several secrets that are pasted, with %j at the end, none is taken for all", async (end) => {
  await using server = await serve(TOKENS);
  const person = runAtTerminal(["verify"], server);
  await person.answer(SECRET, `${LEAKED}${ENTER}ksh_another-leaked-secret${end}`);
  await person.answer(`What you typed has several lines. ${SECRET}`, LEAKED + ENTER);
  expect(await person.ended).toBe(0);
  expect(server.sent).toHaveLength(3);
});

test("6: without a control and with nobody to ask, it says how to give one", async () => {
  await using server = await serve(TOKENS);
  const env = { ...server.env, KAITEN_AUTH_TOKEN: undefined };
  const { code, stderr } = await run(FROM_INPUT, { env, input });
  expect(stderr).toContain("There is no credential: set KAITEN_AUTH_TOKEN, or pass --token-file PATH.");
  expect(code).toBe(6);
});

test.each([
  ["a login page", page(200)],
  ["a 204 to a token that cannot exist", send(message(204, undefined))],
])("6: %s proves nothing", async (_, step) => {
  await using server = await playScript([step]);
  const { code, stdout } = await run(FROM_INPUT, { env: { KAITEN_BASE_URL: server.url }, input });
  expect(stdout).toBe(`unknown\tline 1\t${server.url}\n`);
  expect(code).toBe(6);
});

test.each([
  ["another kind of secret", "whsec_0123456789", "line 1 is another kind of secret"],
  ["several in a line", `${LEAKED} ${CREDENTIAL}`, "line 1 has characters that no bearer token has"],
  ["nothing", " \n", "There is no secret in the file of --secret-file."],
])("%s in --secret-file is refused", async (_, text, fault) => {
  const env = { KAITEN_BASE_URL: "http://127.0.0.1:9" };
  const { code, stdout, stderr } = await run(FROM_INPUT, { env, input: text });
  expect(stderr).toContain(fault);
  expect(stdout).toBe("");
  expect(code).toBe(2);
});

test("standard input cannot give both the secrets and the control", async () => {
  const env = { KAITEN_BASE_URL: "http://127.0.0.1:9" };
  const { code, stderr } = await run([...FROM_INPUT, "--token-file", "-"], { env, input });
  expect(stderr).toContain("Standard input cannot give both the secrets and the credential.");
  expect(code).toBe(2);
});

test("--for asks every 5 s for the whole time: 0 when the last minute had only refusals", async () => {
  await using server = await serveLeaked((requests) => requests <= 3);
  const { code, stdout } = await run([...FROM_INPUT, "--for", "2m", "--json"], { ...server, ...makeClock(), input });
  const { validity, checks, lastAccepted, at } = JSON.parse(stdout);
  expect(validity).toBe("inactive");
  expect(checks).toBe(25);
  expect(Date.parse(lastAccepted)).toBeLessThanOrEqual(Date.parse(at));
  expect(code).toBe(0);
});

test("--for also asks every 5 s where the answers take their time", async () => {
  const clock = makeClock();
  await using server = await serve(TOKENS, {
    latency: () => {
      clock.time += 1_000;
      return 0;
    },
  });
  const io = { now: clock.now, sleep: clock.sleep };
  const { code, stdout } = await run([...FROM_INPUT, "--for", "2m"], { ...server, ...io, input });
  expect(stdout).toBe(`inactive\tline 1\t${server.url}\n`);
  expect(code).toBe(0);
});

test("--for: 4 when a secret was accepted within the last minute", async () => {
  await using server = await serveLeaked((requests) => requests <= 6);
  const { code, stdout } = await run([...FROM_INPUT, "--for", "1m"], { ...server, ...makeClock(), input });
  expect(stdout).toBe(`active\tline 1\t${server.url}\n`);
  expect(code).toBe(4);
});

test("--for: 6 when there were fewer than ten answers in the last minute", async () => {
  await using server = await serveLeaked(() => false);
  const clock = makeClock();
  const slow = { now: clock.now, sleep: (ms: number, signal: AbortSignal) => clock.sleep(ms * 2, signal) };
  const { code, stdout, stderr } = await run([...FROM_INPUT, "--for", "5m"], { ...server, ...slow, input });
  expect(stdout).toBe(`unknown\tline 1\t${server.url}\n`);
  expect(stderr).toContain(
    "It takes ten answers within a minute, all of them refusals, to say that it is not accepted.",
  );
  expect(code).toBe(6);
});

test("--for: 6 when an answer of the last minute proves nothing", async () => {
  const server: Served = await serveLeaked((requests) => {
    if (requests === 10) server.fake.play("login-page");
    return false;
  });
  await using _ = server;
  const { code, stdout } = await run([...FROM_INPUT, "--for", "1m"], { ...server, ...makeClock(), input });
  expect(stdout).toBe(`unknown\tline 1\t${server.url}\n`);
  expect(code).toBe(6);
});

test("--for with a JWT as control that ends sooner is refused before asking, unless a file renews it", async () => {
  await using server = await serveLeaked(() => true);
  const clock = makeClock();
  const jwt = makeJwt({ sub: "alice", exp: Math.floor(clock.time / 1000) + 60 });
  const env = { ...server.env, KAITEN_AUTH_TOKEN: jwt };
  const refused = await run([...FROM_INPUT, "--for", "5m"], { env, ...clock, now: clock.now, input });
  expect(refused.stderr).toContain("The credential is a JWT that expires before the time of --for is over");
  expect(refused.code).toBe(2);
  expect(server.fake.requests).toEqual([]);
  const file = makeFolder().write(TOKEN_FILE, jwt);
  const args = [...FROM_INPUT, "--for", "1m", "--token-file", file];
  expect((await run(args, { env, ...clock, now: clock.now, input })).code).toBe(4);
});

test("Ctrl-C ends it with what is known, and does not pass it off as more", async () => {
  await using server = await serve(TOKENS);
  const running = start([...FROM_INPUT, "--for", "5m"], { ...server, input });
  await until(() => server.sent.length === 3 && server.sent[2]?.answered === 401);
  running.kill("SIGINT");
  const { code, stdout, stderr } = await running.ended;
  expect(stdout).toBe(`unknown\tline 1\t${server.url}\n`);
  expect(stderr).toContain("line 1: Interrupted. It takes ten answers within a minute, all of them refusals,");
  expect(stderr).not.toContain("twice");
  expect(code).toBe(130);
});
