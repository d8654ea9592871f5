// What a person sees before anything is revoked, what they are asked, and what happens after a wrong answer.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import type { Io } from "../../src/cli/io.js";
import { CREDENTIAL, makeClock, makeFolder, makeJwt, runAtTerminal, startInTerminal, until } from "./command.js";
import { makeTokens, serve, tokensOf } from "./servers.js";

const ENTER = "\r";
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";

const YES = "Type yes to revoke: ";
const NUMBER = "Type the number of tokens to revoke: ";
const HIDDEN = "Credential (hidden): ";

test("it names the base URL with its path, the credential, and the tokens with what the record knows of them", async () => {
  const members = { createdAt: "2025-03-01T10:00:00Z", expiresAt: "2099-01-01T00:00:00Z", scopes: ["read:users"] };
  const [one, ...others] = tokensOf("ci-bot", ...Array.from({ length: 10 }, (_, index) => `key-${index}`));
  const refs = [{ ...(one as (typeof others)[number]), ...members }, ...others];
  await using server = await serve([...refs, ...tokensOf("ci-bot", "spare-key")]);
  const person = runAtTerminal(["revoke", "ci-bot", ...refs.map((ref) => ref.tokenSlug), "misspelt"], server);
  await person.answer(YES, `yes${ENTER}`);
  expect(person.text).toContain(`Base URL: ${server.url} `);
  expect(person.text).toContain("Credential: access token from KAITEN_AUTH_TOKEN ");
  expect(person.text).toContain("Not in the record: 1 token, not sent ci-bot misspelt ");
  expect(person.text).toContain("To revoke: 10 tokens of 1 service account ");
  expect(person.text).toContain(" ci-bot key-0 created 2025-03-01, expires 2099-01-01, read:users ");
  expect(person.text).toMatch(/ ci-bot key-9 created \S+, never expires, write:tokens /);
  expect(await person.ended).toBe(4);
  expect(server.fake.alive()).toEqual(tokensOf("ci-bot", "spare-key"));
});

test("it names counts for each account, and asks for the number, when there are more than ten tokens", async () => {
  const { refs, csv } = makeTokens(123);
  await using server = await serve([...refs, ...tokensOf("lonely", "token")]);
  const list = makeFolder().write("leak.csv", `${csv}lonely,token\n`);
  const person = runAtTerminal(["revoke", "--from", list], { ...server, columns: 40 });
  await person.answer(NUMBER, `yes${ENTER}`);
  expect(person.text).toContain("To revoke: 124 tokens of 11 service accounts account-0 13 tokens ");
  expect(person.text).toContain(" lonely 1 token ");
  expect(person.text).not.toContain("token-0");
  await person.answer("Type the number of tokens, or press Ctrl-C: ", `124${ENTER}`);
  expect(await person.ended).toBe(0);
  expect(server.fake.alive()).toEqual([]);
});

test("how many are revoked already is told, and no question is asked when that is all of them", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1", "key-2"));
  const first = runAtTerminal(["revoke", "ci-bot", "key-1"], server);
  await first.answer(YES, `yes${ENTER}`);
  await first.ended;
  const second = runAtTerminal(["revoke", "ci-bot", "key-1", "key-2"], server);
  await second.answer(YES, `yes${ENTER}`);
  expect(second.text).toContain("Revoked already: 1 token, not sent again To revoke: 1 token of 1 service account ");
  expect(await second.ended).toBe(0);
  const third = runAtTerminal(["revoke", "ci-bot", "key-1", "key-2"], server);
  expect(await third.ended).toBe(0);
  expect(third.text).not.toContain("Type ");
});

test.each(["9", "y", ""])("a wrong answer, %j, is asked for once more", async (wrong) => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  const right = runAtTerminal(["revoke", "ci-bot", "key-1"], server);
  await right.answer(YES, wrong + ENTER);
  await right.answer("Type yes, or press Ctrl-C: ", `yes${ENTER}`);
  expect(await right.ended).toBe(0);
  // Each key is shown once.
  expect(right.text).toContain("or press Ctrl-C: yes ");

  await using other = await serve(tokensOf("ci-bot", "key-1"));
  const twice = runAtTerminal(["revoke", "ci-bot", "key-1"], other);
  await twice.answer(YES, wrong + ENTER);
  await twice.answer("Type yes, or press Ctrl-C: ", wrong + ENTER);
  expect(await twice.ended).toBe(1);
  expect(twice.text).toContain("Nothing was revoked.");
  expect(other.sent).toEqual([]);
});

test.each([
  ["Ctrl-C", CTRL_C],
  ["Ctrl-D", CTRL_D],
])("%s at the question sends nothing", async (_, keys) => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  const person = runAtTerminal(["revoke", "ci-bot", "key-1"], server);
  await person.answer(YES, keys);
  expect(await person.ended).toBe(130);
  expect(person.text).toMatch(/Nothing was revoked\. $/);
  expect(server.sent).toEqual([]);
});

test.each([
  ["a signal", ""],
  ["Ctrl-C", CTRL_C],
])("%s while the question is drawn is not lost among the keys that do not count", async (_, keys) => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  let stop = () => {};
  const onSignal: Io["onSignal"] = (listener: () => void) => {
    stop = listener;
  };
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode(): unknown {
      stdin.setRawMode = () => {};
      return keys ? stdin.write(keys) : stop();
    },
  });
  const person = runAtTerminal(["revoke", "ci-bot", "key-1"], { ...server, stdin, onSignal });
  expect(await person.ended).toBe(130);
  expect(server.sent).toEqual([]);
});

test("keys typed before the question was drawn do not answer it", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  const folder = makeFolder();
  // The list arrives late, so that the keys wait in the terminal: a whole line, and one without an end.
  const shell = `mkfifo gate list; (read -r go; printf "ci-bot,key-1\\n") < gate > list & kaiten-service-accounts "$@"`;
  const terminal = startInTerminal(["revoke", "--from", "list"], { ...server, folder, shell });
  await until(() => existsSync(join(folder.path, "gate")));
  terminal.type(`yes${ENTER}yes`);
  // The terminal echoes what is typed while nobody reads it.
  await until(() => terminal.raw.includes("yes\r\nyes"));
  folder.write("gate", "go\n");
  await until(() => terminal.text.includes(YES.trim()));
  terminal.type(ENTER);
  await until(() => terminal.text.includes("or press Ctrl-C:"));
  terminal.type(CTRL_C);
  expect(await terminal.ended).toBe(130);
  expect(server.sent).toEqual([]);
});

test("of a JWT it names the subject, the organization and when it expires", async () => {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const credential = makeJwt({ sub: "alice", org_id: "acme", exp, secret: "not-shown" });
  await using server = await serve(tokensOf("ci-bot", "key-1"), { credential });
  const person = runAtTerminal(["revoke", "ci-bot", "key-1"], {
    env: { ...server.env, KAITEN_AUTH_TOKEN: credential },
  });
  await person.answer(YES, CTRL_C);
  const expires = new Date(exp * 1000).toISOString();
  expect(person.text).toContain(`Credential: JWT from KAITEN_AUTH_TOKEN, sub alice, org_id acme, expires ${expires} `);
  expect(person.text).not.toContain("not-shown");
  await person.ended;
});

test("a JWT that expires while the question is open is asked for again, and must be of the same user", async () => {
  const clock = makeClock();
  const expiring = (sub: string, seconds: number) => makeJwt({ sub, exp: Math.floor(clock.time / 1000) + seconds });
  const [first, of] = [expiring("alice", 60), { bob: expiring("bob", 600), alice: expiring("alice", 600) }];
  await using server = await serve(tokensOf("ci-bot", "key-1"), { credential: first });
  const env = { ...server.env, KAITEN_AUTH_TOKEN: first };
  const person = runAtTerminal(["revoke", "ci-bot", "key-1"], { env, ...clock, now: () => clock.time });
  await until(() => person.text.includes(YES));
  clock.time += 61_000;
  server.fake.credentials.clear();
  server.fake.credentials.set(of.alice, ["write:tokens"]);
  await person.answer(YES, `yes${ENTER}`);
  await person.answer(`The credential has expired, by the clock of this machine. ${HIDDEN}`, of.bob + ENTER);
  await person.answer("This is the credential of another user or organization", "");
  await person.answer(HIDDEN, of.alice + ENTER);
  expect(await person.ended).toBe(0);
  expect(server.fake.alive()).toEqual([]);
});

test("a missing credential is asked for, is not shown, and is asked for again when it cannot be right or is refused", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  const env = { ...server.env, KAITEN_AUTH_TOKEN: undefined };
  const person = runAtTerminal(["revoke", "ci-bot", "key-1"], { env });
  await person.answer(HIDDEN, `Bearer ${CREDENTIAL}${ENTER}`);
  await person.answer(
    `What you typed begins with the word Bearer: pass the token alone. ${HIDDEN}`,
    `ksh_wrong-one${ENTER}`,
  );
  await person.answer("The API answered 401 ValidateToken.Invalid", "");
  await person.answer(HIDDEN, CREDENTIAL + ENTER);
  await person.answer(YES, `yes${ENTER}`);
  expect(person.text).toContain("Credential: access token from the prompt ");
  expect(await person.ended).toBe(0);
  expect(server.fake.alive()).toEqual([]);
});

test("a JWT that expires during the run is asked for again, and the rest goes on; the results are not repeated", async () => {
  const [first, second] = [makeJwt({ sub: "alice", jti: 1 }), makeJwt({ sub: "alice", jti: 2 })];
  const { refs, csv } = makeTokens(30);
  await using server = await serve(refs, {
    credential: first,
    latency: () => {
      if (server.sent.length > 12) server.fake.credentials.delete(first);
      return 0;
    },
  });
  server.fake.credentials.set(second, ["write:tokens"]);
  const list = makeFolder().write("leak.csv", csv);
  const env = { ...server.env, KAITEN_AUTH_TOKEN: undefined };
  const person = runAtTerminal(["revoke", "--from", list, "--concurrency", "1"], { env });
  await person.answer(HIDDEN, first + ENTER);
  await person.answer(NUMBER, `30${ENTER}`);
  await person.answer("18 tokens left; Ctrl-C leaves them as they are.", "");
  await person.answer(HIDDEN, second + ENTER);
  expect(await person.ended).toBe(0);
  expect(server.fake.alive()).toEqual([]);
  expect(person.raw.match(/revoked\taccount-\d\ttoken-\d+\tnow/g)).toHaveLength(30);
  expect(person.text).toContain("30 tokens, revoked 30 ");
});

test("the credential is asked for after the list was read: a misspelt file name costs no paste", async () => {
  const env = { KAITEN_BASE_URL: "http://127.0.0.1:9", KAITEN_AUTH_TOKEN: undefined };
  const person = runAtTerminal(["revoke", "--from", "/no/such/list.csv"], { env });
  expect(await person.ended).toBe(2);
  expect(person.text).not.toContain(HIDDEN);
  expect(person.text).toContain("Cannot use the list /no/such/list.csv: ENOENT");
});
