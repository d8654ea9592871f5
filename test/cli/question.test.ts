// What a person sees before anything is revoked, and what they must type, in a real pseudo-terminal.
import { expect, test } from "vitest";
import { CLOCK, CREDENTIAL, LEAKED, makeFolder, startInTerminal, until } from "./command.js";
import { makeTokens, serve, tokensOf } from "./servers.js";

const ENTER = "\r";
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";

const YES = "Type yes to revoke: ";
const NUMBER = "Type the number of tokens to revoke: ";

test("it names the base URL with its path, the credential and up to ten tokens", async () => {
  const refs = tokensOf("ci-bot", ...Array.from({ length: 10 }, (_, index) => `key-${index}`));
  await using server = await serve(refs);
  const terminal = startInTerminal(["revoke", "ci-bot", ...refs.map((ref) => ref.tokenSlug)], server);
  await until(() => terminal.text.includes(YES));
  expect(terminal.text).toContain(`Base URL:   ${server.url}\r\n`);
  expect(terminal.text).toContain("Credential: access token from KAITEN_AUTH_TOKEN\r\n");
  expect(terminal.text).toContain(
    "To revoke:  10 tokens of 1 service account\r\n  ci-bot  key-0\r\n  ci-bot  key-1\r\n",
  );
  expect(terminal.text).toContain("  ci-bot  key-9\r\n");
  expect(server.fake.requests).toEqual([]);
  terminal.type(`yes${ENTER}`);
  expect(await terminal.ended).toBe(0);
  expect(server.fake.alive()).toEqual([]);
});

test("it names counts for each account, and asks for the number, when there are more than ten tokens", async () => {
  const { refs, csv } = makeTokens(1234);
  await using server = await serve(refs);
  const folder = makeFolder();
  folder.write("leak.csv", `${csv}lonely,token\n`);
  const terminal = startInTerminal(["revoke", "--from", "leak.csv"], { ...server, folder, columns: 40 });
  await until(() => terminal.text.includes(NUMBER));
  expect(terminal.text).toContain("To revoke:  1,235 tokens of 11 service accounts\r\n  account-0  124 tokens\r\n");
  expect(terminal.text).toContain("  lonely  1 token\r\n");
  expect(terminal.text).not.toContain("token-0");
  terminal.type(`yes${ENTER}`);
  expect(await terminal.ended).toBe(1);
  expect(terminal.text).toContain("Nothing was sent.\r\n");
  expect(server.fake.requests).toEqual([]);
});

test("the number of tokens revokes them", async () => {
  const { refs, csv } = makeTokens(11);
  await using server = await serve(refs);
  const folder = makeFolder();
  folder.write("leak.csv", csv);
  const terminal = startInTerminal(["revoke", "--from", "leak.csv"], { ...server, folder });
  await until(() => terminal.text.includes(NUMBER));
  terminal.type(`11${ENTER}`);
  expect(await terminal.ended).toBe(0);
  expect(server.fake.alive()).toEqual([]);
});

test.each([
  ["another word", `y${ENTER}`, 1],
  ["Enter alone", ENTER, 1],
  ["Ctrl-C", CTRL_C, 130],
  ["Ctrl-D", CTRL_D, 130],
])("%s sends nothing", async (_, keys, code) => {
  await using server = await serve([]);
  const terminal = startInTerminal(["revoke", "ci-bot", "key-1"], server);
  await until(() => terminal.text.includes(YES));
  terminal.type(keys);
  expect(await terminal.ended).toBe(code);
  expect(terminal.text).toContain("Nothing was sent.\r\n");
  expect(server.fake.requests).toEqual([]);
});

test("keys typed before the question was drawn do not answer it", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  // The list arrives late, so that the keys wait in the terminal: a whole line, and one without an end.
  const folder = makeFolder();
  const shell = 'mkfifo list; (read -r go; printf "ci-bot,key-1\\n") < gate > list & kaiten-tokens "$@"';
  const gated = `mkfifo gate; ${shell}`;
  const terminal = startInTerminal(["revoke", "--from", "list"], { ...server, folder, shell: gated });
  await until(() => folder.names().includes("gate"));
  terminal.type(`yes${ENTER}yes`);
  // The terminal echoes what is typed while nobody reads it.
  await until(() => terminal.text.includes("yes\r\nyes"));
  folder.write("gate", "go\n");
  await until(() => terminal.text.includes(YES));
  terminal.type(ENTER);
  expect(await terminal.ended).toBe(1);
  expect(server.fake.requests).toEqual([]);
});

test.each([
  ["standard input is a pipe", "echo ci-bot,key-1 | kaiten-tokens revoke --from -"],
  ["there is nobody to answer", "kaiten-tokens revoke ci-bot key-1 < /dev/null"],
  ["nobody would see it", "kaiten-tokens revoke ci-bot key-1 2> told; code=$?; cat told; exit $code"],
])("where %s, --yes is needed", async (_, shell) => {
  await using server = await serve([]);
  const terminal = startInTerminal([], { ...server, shell });
  expect(await terminal.ended).toBe(2);
  expect(terminal.text).toContain(
    "Cannot ask for confirmation here: pass --yes to revoke these tokens. Nothing was sent.\r\n",
  );
  expect(server.fake.requests).toEqual([]);
});

/** A JWT that nobody signed. */
function makeJwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return [part({ alg: "none" }), part(claims), "c2lnbmF0dXJl"].join(".");
}

test("of a JWT it names the subject, the organization and when it expires", async () => {
  await using server = await serve([]);
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const jwt = makeJwt({ sub: "alice", org_id: "acme", exp, secret: "not-shown" });
  const env = { ...server.env, KAITEN_AUTH_TOKEN: jwt };
  const terminal = startInTerminal(["revoke", "ci-bot", "key-1"], { env });
  await until(() => terminal.text.includes(YES));
  const expires = new Date(exp * 1000).toISOString();
  expect(terminal.text).toContain(`Credential: JWT, sub alice, org_id acme, expires ${expires}\r\n`);
  expect(terminal.text).not.toContain("not-shown");
  terminal.type(CTRL_C);
  await terminal.ended;
});

test("a JWT that expires while the question is open is not sent", async () => {
  await using server = await serve([]);
  const jwt = makeJwt({ sub: "alice", exp: Math.floor(Date.now() / 1000) + 1800 });
  const env = { ...server.env, ...CLOCK, KAITEN_AUTH_TOKEN: jwt };
  const terminal = startInTerminal(["revoke", "ci-bot", "key-1"], { env });
  await until(() => terminal.text.includes(YES));
  terminal.kill("SIGUSR2");
  await until(() => terminal.text.includes("An hour later."));
  terminal.type(`yes${ENTER}`);
  expect(await terminal.ended).toBe(3);
  expect(terminal.text).toContain("The credential has expired");
  expect(terminal.text).toContain("Nothing was sent.\r\n");
  expect(server.fake.requests).toEqual([]);
});

test("a missing credential is asked for, and is not shown", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  const env = { ...server.env, KAITEN_AUTH_TOKEN: undefined };
  const terminal = startInTerminal(["revoke", "ci-bot", "key-1"], { env });
  await until(() => terminal.text.includes("Credential (hidden): "));
  terminal.type(`${CREDENTIAL}${ENTER}`);
  await until(() => terminal.text.includes(YES));
  expect(terminal.text).toContain("Credential (hidden): \r\nBase URL: ");
  expect(terminal.text).toContain("Credential: access token from the prompt\r\n");
  terminal.type(`yes${ENTER}`);
  expect(await terminal.ended).toBe(0);
  expect(server.fake.alive()).toEqual([]);
});

test("verify asks for the secret when none is given, and does not show it", async () => {
  await using server = await serve([]);
  const env = { ...server.env, KAITEN_AUTH_TOKEN: undefined };
  const terminal = startInTerminal(["verify"], { env, columns: 40 });
  await until(() => terminal.text.includes("Credential (hidden): "));
  terminal.type(`${LEAKED}${ENTER}`);
  expect(await terminal.ended).toBe(0);
  expect(terminal.text).toContain("Checking the secret from the prompt");
});
