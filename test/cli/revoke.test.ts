// What becomes of tokens that are named, from the record to the end. Nothing is remembered between two runs.
import { expect, test } from "vitest";
import { makeClock, makeFolder, makeJwt, run, runAtTerminal } from "./command.js";
import { makeTokens, serve, tokensOf } from "./servers.js";

const REVOKED = { revokedAt: "2025-03-01T10:00:00Z", revokedBy: { id: "u-1", name: "Alice" } };
const ENTER = "\r";

/** A token of ci-bot. */
const token = (tokenSlug: string, members: object = {}) => ({ serviceAccountSlug: "ci-bot", tokenSlug, ...members });

test("a token that the record has as revoked is a result at once, with when and by whom, and nothing is sent for it", async () => {
  await using server = await serve([token("old-key", REVOKED), token("deploy-key")]);
  const { code, stdout, stderr } = await run(["revoke", "ci-bot", "old-key", "deploy-key", "--yes"], server);
  expect(stdout).toBe("revoked\tci-bot\told-key\t2025-03-01T10:00:00Z by Alice\nrevoked\tci-bot\tdeploy-key\tnow\n");
  expect(server.sent.map(({ ref }) => ref?.tokenSlug)).toEqual(["deploy-key"]);
  expect(stderr).toContain("2 tokens, revoked 2 (1 before this run)\n");
  expect(code).toBe(0);
});

test("the same command again sends nothing, and succeeds", async () => {
  const { refs, csv } = makeTokens(50);
  await using server = await serve(refs);
  const list = makeFolder().write("leak.csv", csv);
  const args = ["revoke", "--from", list, "--yes"];
  expect((await run(args, server)).code).toBe(0);
  const { code, stdout } = await run(args, server);
  expect(stdout.match(/^revoked\taccount-\d\ttoken-\d+\t20\S+ by Fake User$/gm)).toHaveLength(50);
  expect(server.sent).toHaveLength(50);
  expect(code).toBe(0);
});

test("a token that its account does not have ends absent, and the others are sent", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1", "key-2"));
  const { code, stdout, stderr } = await run(["revoke", "ci-bot", "key-1", "kye-2", "--yes"], server);
  expect(stdout).toBe("absent\tci-bot\tkye-2\tnot in the record\nrevoked\tci-bot\tkey-1\tnow\n");
  expect(server.sent).toHaveLength(1);
  expect(stderr).toContain("absent: The record has no such token, so nothing was sent for it. It is misspelt,");
  expect(stderr).toContain("1 token may still be active. Check their names: kaiten-service-accounts list <account>.");
  expect(code).toBe(4);
});

test("if no token of the list is there, nothing is sent, and the active tokens are named, up to ten", async () => {
  const names = Array.from({ length: 12 }, (_, index) => `key-${index}`);
  await using server = await serve(tokensOf("ci-bot", ...names));
  const { code, stderr } = await run(["revoke", "ci-bot", "deploy", "release", "--yes"], server);
  expect(server.sent).toEqual([]);
  expect(stderr).toMatch(/^Nothing was revoked\. None of these tokens is in the record of its service account\.\n/);
  expect(stderr).toContain("Active tokens there:\n  ci-bot  key-0\n");
  expect(stderr).toContain("  ci-bot  key-9\n  and 2 more tokens\n");
  expect(code).toBe(4);
});

test("if an account of the list is unknown, nothing is sent, also for the others", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  const list = makeFolder().write("leak.csv", "ci-bot,key-1\nci-bott,key-2\n");
  const { code, stdout, stderr } = await run(["revoke", "--from", list, "--yes"], server);
  expect(server.sent).toEqual([]);
  expect(stdout).toBe("absent\tci-bott\tkey-2\tunknown service account\n");
  expect(stderr).toContain("Nothing was revoked. The API does not know these service accounts: they are misspelt,");
  expect(stderr).toContain("\n  ci-bott\nCorrect the list,");
  expect(code).toBe(4);
});

test("where the record cannot be read, a notice says why, and the answers decide", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  server.fake.play("record-unreadable", { times: Number.POSITIVE_INFINITY });
  const first = await run(["revoke", "ci-bot", "key-1", "--yes", "--retries", "0"], server);
  expect(first.stderr).toMatch(/^Without the record of 1 service account, only answers decide: The API answered 500/);
  expect(first).toMatchObject({ code: 0, stdout: "revoked\tci-bot\tkey-1\tnow\n" });
  // The second time, nobody can know that it was ours.
  const second = await run(["revoke", "ci-bot", "key-1", "--yes", "--retries", "0"], server);
  expect(second).toMatchObject({ code: 4, stdout: "absent\tci-bot\tkey-1\t404 Token.NotFound\n" });
});

test("if the first eight records cannot be read, no more are asked for", async () => {
  const { refs, csv } = makeTokens(40);
  const wide = csv.replace(/account-\d,token-(\d+)/g, "account-$1,token-$1");
  await using server = await serve(refs);
  server.fake.play("record-unreadable", { times: Number.POSITIVE_INFINITY });
  const { stderr } = await run(["revoke", "--from", "-", "--dry-run", "--retries", "0"], { ...server, input: wide });
  expect(server.fake.requests.length).toBeGreaterThanOrEqual(8);
  expect(server.fake.requests.length).toBeLessThanOrEqual(16);
  expect(stderr).toContain("Without the record of 40 service accounts, only answers decide");
});

test("a rate limit on the records is waited out", async () => {
  const refs = Array.from({ length: 25 }, (_, index) => ({ serviceAccountSlug: `bot-${index}`, tokenSlug: "key" }));
  await using server = await serve(refs, { rateLimit: 10 });
  const input = refs.map((ref) => `${ref.serviceAccountSlug},key\n`).join("");
  const { code, stderr } = await run(["revoke", "--from", "-", "--yes", "--retries", "0"], { ...server, input });
  expect(stderr).not.toContain("Without the record");
  expect(server.fake.alive()).toEqual([]);
  expect(code).toBe(0);
});

test("a revocation whose answer was lost is settled by the record, and the evidence says when and by whom", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  server.fake.play("lost-after-commit", { times: 3 });
  const { code, stdout } = await run(["revoke", "ci-bot", "key-1", "--yes", "--retries", "0", "--json"], server);
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ baseUrl: server.url, serviceAccountSlug: "ci-bot", tokenSlug: "key-1", outcome: "revoked", before: false },
    ...{ attempts: 1, revokedAt: expect.stringMatching(/^20/), revokedBy: { name: "Fake User" } },
  });
  expect(code).toBe(0);
});

test("--all revokes every active token of the account, and leaves those of others", async () => {
  const expired = token("key-3", { expiresAt: "2025-01-01T00:00:00Z" });
  const others = tokensOf("other", "key-1");
  await using server = await serve([token("key-1"), token("key-2", REVOKED), expired, ...others]);
  const { code, stdout } = await run(["revoke", "ci-bot", "--all", "--yes"], server);
  expect(stdout.split("\n").sort()).toEqual(["", "revoked\tci-bot\tkey-1\tnow", "revoked\tci-bot\tkey-3\tnow"]);
  expect(server.fake.alive()).toEqual(others);
  expect(code).toBe(0);
  const again = await run(["revoke", "ci-bot", "--all", "--yes"], server);
  expect(again).toMatchObject({ code: 0, stdout: "" });
});

test("--all says so where no token is active", async () => {
  await using server = await serve([{ ...token("key-1"), ...REVOKED }]);
  const { code, stdout, stderr } = await run(["revoke", "ci-bot", "--all", "--yes"], server);
  expect(stderr).toBe("The record of ci-bot has no active token.\n");
  expect(stdout).toBe("");
  expect(code).toBe(0);
});

test("a rate limit on the records that does not end is waited out for a minute", async () => {
  const clock = makeClock();
  const began = clock.time;
  const latency = () => {
    clock.time += 1_000;
    return 0;
  };
  await using server = await serve(tokensOf("ci-bot", "key-1"), { rateLimit: 0, latency });
  const args = ["revoke", "ci-bot", "--all", "--yes", "--retries", "0"];
  const { code, stderr } = await run(args, { ...server, now: clock.now, sleep: clock.sleep });
  expect(stderr).toContain("429");
  expect(clock.time - began).toBeLessThan(70_000);
  expect(code).toBe(5);
});

test("--all without a record sends nothing: nobody knows which tokens there are", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  server.fake.play("record-unreadable", { times: Number.POSITIVE_INFINITY });
  const { code, stderr } = await run(["revoke", "ci-bot", "--all", "--yes", "--retries", "0"], server);
  expect(stderr).toContain("So its tokens are not known. Nothing was revoked.\n");
  expect(code).toBe(6);
});

test("--all with an access token warns that it may be one of them, and says so when it was", async () => {
  const own = { secret: "ksh_one-of-the-tokens-itself", createdAt: "2026-06-01T00:00:00Z" };
  const others = Array.from({ length: 5 }, (_, index) => token(`key-${index}`, { createdAt: "2025-01-01T00:00:00Z" }));
  // The newest is the first that is revoked.
  await using server = await serve([...others, token("own-key", own)]);
  const env = { ...server.env, KAITEN_AUTH_TOKEN: own.secret };
  const person = runAtTerminal(["revoke", "ci-bot", "--all", "--concurrency", "1"], { env });
  await person.answer("Type yes to revoke: ", `yes${ENTER}`);
  expect(person.text).toContain("The credential is an access token, which may be one of these.");
  // It is refused, and another one is asked for: Ctrl-C.
  await person.answer("it is probably one of them.", "");
  await person.answer("Credential (hidden): ", "\u0003");
  expect(await person.ended).toBe(130);
  expect(server.fake.alive()).toHaveLength(5);
});

test("of ten thousand tokens that are revoked already, none is sent", async () => {
  const { refs, csv } = makeTokens(10_000);
  await using server = await serve(refs.map((ref) => ({ ...ref, ...REVOKED })));
  const { code, stderr } = await run(["revoke", "--from", "-", "--yes"], { ...server, input: csv });
  expect(stderr).toBe("10,000 tokens, revoked 10,000 (10,000 before this run)\n");
  expect(code).toBe(0);
});

test("after the record, a JWT of somebody else is not taken from the file: the same names are other tokens there", async () => {
  const folder = makeFolder();
  const [alice, bob] = [makeJwt({ sub: "alice", org: "acme" }), makeJwt({ sub: "bob", org: "acme" })];
  const file = folder.write("credential", alice);
  await using server = await serve(tokensOf("ci-bot", "key-1"), {
    credential: bob,
    latency: () => {
      folder.write("credential", bob);
      return 0;
    },
  });
  const { code, stderr } = await run(["revoke", "ci-bot", "key-1", "--yes", "--token-file", file], server);
  expect(stderr).toContain("The file of --token-file now has the credential of another user or organization");
  expect(server.sent).toEqual([]);
  expect(code).toBe(3);
});
