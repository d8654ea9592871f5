// The journal through the command: continuing, what it refuses, and disks that fail.
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { playScript } from "../faults/server.js";
import { message, problem, send } from "../faults/steps.js";
import { CREDENTIAL, type Folder, makeFolder, run, start, until } from "./command.js";
import { makeTokens, serve, tokensOf } from "./servers.js";

const REVOKE = ["revoke", "--from", "leak.csv", "--yes"];
const revoked = send(message(204, undefined));
const JOURNAL = "leak.csv.journal.ndjson";

function makeList(length: number) {
  const { refs, csv } = makeTokens(length);
  const folder = makeFolder();
  folder.write("leak.csv", csv);
  return { refs, folder };
}

const readLines = (folder: Folder, name = JOURNAL) =>
  folder
    .read(name)
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

test("it is beside the list, only its owner can read it, and each token has a line before and after", async () => {
  const { refs, folder } = makeList(30);
  await using server = await serve(refs);
  const { code } = await run(REVOKE, { ...server, folder });
  expect(code).toBe(0);
  const [header, ...lines] = readLines(folder);
  expect(header).toMatchObject({ kind: "run", format: 1, baseUrl: server.url, tokens: 30 });
  expect(header.sender).toMatch(/^[0-9a-f]{12}$/);
  expect(lines.filter(({ kind }) => kind === "sending")).toHaveLength(30);
  expect(lines.filter(({ kind, outcome }) => kind === "result" && outcome === "revoked")).toHaveLength(30);
  for (const { tokenSlug } of refs) {
    const kinds = lines.filter((line) => line.tokenSlug === tokenSlug).map(({ kind }) => kind);
    expect(kinds).toEqual(["sending", "result"]);
  }
  if (process.platform !== "win32") expect(statSync(join(folder.path, JOURNAL)).mode & 0o777).toBe(0o600);
});

test("a token that is not sent has no line that says so, also where the run stops by itself", async () => {
  const { folder } = makeList(60);
  // The credential is revoked in the middle of the run.
  await using server = await playScript([...Array(20).fill(revoked), problem(401)]);
  const { code } = await run(REVOKE, { env: { KAITEN_BASE_URL: server.url }, folder });
  expect(code).toBe(3);
  const sent = readLines(folder).filter(({ kind }) => kind === "sending");
  const requested = server.requests.map(({ path }) => path.split("/").at(-1));
  expect(requested.length).toBeLessThan(60);
  expect(sent.map(({ tokenSlug }) => tokenSlug).sort()).toEqual(requested.sort());
});

test("the same command again sends nothing when all is done", async () => {
  const { refs, folder } = makeList(30);
  await using server = await serve(refs);
  await run(REVOKE, { ...server, folder });
  const { code, stdout, stderr } = await run(REVOKE, { ...server, folder });
  expect(server.fake.requests).toHaveLength(30);
  expect(stdout).toBe("");
  expect(stderr).toContain("30 tokens not sent again: 30 revoked and 0 no longer found");
  expect(code).toBe(0);
});

test("tokens of the journal that may be active and are not in this list end with 6", async () => {
  const { refs, folder } = makeList(3);
  await using server = await serve(refs);
  server.fake.play("api-422", { times: 3 });
  expect((await run(REVOKE, { ...server, folder })).code).toBe(5);
  folder.write("leak.csv", "account-0,token-0\n");
  const { code, stderr } = await run(REVOKE, { ...server, folder });
  expect(stderr).toContain("2 tokens of the journal may still be active and are not in this list.");
  expect(code).toBe(6);
});

test("an absent token that --ignore-absent accepted is sent again without it", async () => {
  await using server = await serve([]);
  const folder = makeFolder();
  folder.write("leak.csv", "ci-bot,key-1\n");
  expect((await run([...REVOKE, "--ignore-absent"], { ...server, folder })).code).toBe(0);
  const { code } = await run(REVOKE, { ...server, folder });
  expect(server.fake.requests).toHaveLength(2);
  expect(code).toBe(4);
});

test("another credential sends what is unknown as new, and says why", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  server.fake.credentials.set("ksh_another-credential", ["write:tokens"]);
  server.fake.play("lost-after-commit");
  const folder = makeFolder();
  folder.write("leak.csv", "ci-bot,key-1\n");
  expect((await run([...REVOKE, "--retries", "0"], { ...server, folder })).code).toBe(6);
  const env = { ...server.env, KAITEN_AUTH_TOKEN: "ksh_another-credential" };
  const { code, stderr } = await run(REVOKE, { env, folder });
  expect(stderr).toContain("another credential");
  // For another organization, "absent" proves nothing.
  expect(code).toBe(4);
  expect((await run(REVOKE, { ...server, folder })).code).toBe(0);
});

test("a token that another credential revoked is sent: in another organization, the same name is another token", async () => {
  await using server = await playScript([revoked]);
  const env = { KAITEN_BASE_URL: server.url };
  const folder = makeFolder();
  folder.write("leak.csv", "ci-bot,key-1\n");
  expect((await run(REVOKE, { env, folder })).code).toBe(0);
  const second = await run(REVOKE, { env: { ...env, KAITEN_AUTH_TOKEN: "ksh_another-credential" }, folder });
  expect(second.stdout).toBe("revoked\tci-bot\tkey-1\n");
  expect(second.stderr).toContain("1 token sent as new: another credential revoked them or may have");
  expect(second.code).toBe(0);
  expect(server.requests).toHaveLength(2);
});

test("with a credential that took the place of an old one, what the old one revoked is absent, with the reason", async () => {
  const { refs, csv } = makeTokens(25);
  await using server = await serve([...refs, ...tokensOf("ci-bot", "key-1")]);
  const folder = makeFolder();
  folder.write("leak.csv", csv);
  await run(REVOKE, { ...server, folder });
  server.fake.credentials.set("ksh_another-credential", ["write:tokens"]);
  folder.write("leak.csv", `${csv}ci-bot,misspelt\nci-bot,key-1\n`);
  const env = { ...server.env, KAITEN_AUTH_TOKEN: "ksh_another-credential" };
  const { code, stdout, stderr } = await run([...REVOKE, "--concurrency", "1"], { env, folder });
  // That the first twenty are absent says nothing about the list here.
  expect(server.fake.alive()).toEqual([]);
  expect(stdout.match(/^absent\t/gm)).toHaveLength(26);
  const [reason, other] = stderr.split("\n").filter((line) => line.startsWith("absent: "));
  expect(reason).toMatch(/An earlier run with another credential revoked a token of this name: .+ it is this token\.$/);
  expect(other).not.toContain("another credential");
  expect(stderr).toContain("  and 15 more tokens\n");
  expect(code).toBe(4);
});

test("a token that was revoked more than 30 days ago is sent again: its name can be used again", async () => {
  const { refs, folder } = makeList(2);
  await using server = await serve(refs);
  await run(REVOKE, { ...server, folder });
  const [run1, ...lines] = readLines(folder);
  const days = (count: number) => new Date(Date.now() - count * 86_400_000).toISOString();
  const aged = lines.map((line) => ({ ...line, at: line.tokenSlug === "token-0" ? days(31) : days(29) }));
  folder.write(JOURNAL, [run1, ...aged].map((line) => `${JSON.stringify(line)}\n`).join(""));
  const { code, stdout } = await run(REVOKE, { ...server, folder });
  expect(stdout).toBe("absent\taccount-0\ttoken-0\n");
  expect(code).toBe(4);
});

test("a journal of another base URL is refused, and names --journal", async () => {
  const { refs, folder } = makeList(3);
  await using server = await serve(refs);
  await run(REVOKE, { ...server, folder });
  await using other = await serve(refs);
  const refused = await run(REVOKE, { ...other, folder });
  expect(refused.stderr).toContain(server.url);
  expect(refused.stderr).toContain("--journal FILE");
  expect(refused.code).toBe(2);
  expect(other.fake.requests).toEqual([]);
  const { code } = await run([...REVOKE, "--journal", "other.ndjson"], { ...other, folder });
  expect(code).toBe(0);
  expect(readLines(folder, "other.ndjson")).toHaveLength(7);
});

test("a journal that is damaged in the middle is refused with the number of the line", async () => {
  const { refs, folder } = makeList(3);
  await using server = await serve(refs);
  await run(REVOKE, { ...server, folder });
  const lines = folder.read(JOURNAL).split("\n");
  folder.write(JOURNAL, lines.with(3, '{"kind":"resu').join("\n"));
  const { code, stderr } = await run(REVOKE, { ...server, folder });
  expect(stderr).toContain("line 4");
  expect(code).toBe(2);
});

test("--no-journal, --dry-run, arguments and a piped list write none", async () => {
  const { refs, folder } = makeList(3);
  await using server = await serve([...refs, ...tokensOf("ci-bot", "key-1", "key-2")]);
  await run([...REVOKE, "--dry-run"], { ...server, folder });
  await run([...REVOKE, "--no-journal"], { ...server, folder });
  await run(["revoke", "ci-bot", "key-1", "--yes"], { ...server, folder });
  await run(["revoke", "--from", "-", "--yes"], { ...server, folder, input: "ci-bot,key-2\n" });
  expect(server.fake.alive()).toEqual([]);
  expect(folder.files()).toEqual(["leak.csv"]);
});

test.each([
  ["is a folder", "folder"],
  ["is below a file", "leak.csv/journal"],
  ["is in a folder that does not exist", "missing/journal"],
  ["cannot be created", "/proc/journal"],
])("a journal that %s is refused before anything is sent", async (_, journal) => {
  const { refs, folder } = makeList(3);
  mkdirSync(join(folder.path, "folder"));
  await using server = await serve(refs);
  const { code, stderr } = await run([...REVOKE, "--journal", journal], { ...server, folder });
  expect(stderr).toContain(journal);
  expect(stderr).toMatch(/[Pp]ass --journal FILE/);
  expect(stderr).toMatch(/Nothing was sent\.\n$/);
  expect(server.fake.requests).toEqual([]);
  expect(code).toBe(2);
});

test("when the disk is full, no token is sent without its line; later, the same command continues", async () => {
  const { refs, folder } = makeList(300);
  await using server = await serve(refs);
  // No file may become larger than 20 KiB.
  const shell = 'ulimit -f 20; exec kaiten-tokens "$@"';
  const { code, stdout, stderr } = await run(REVOKE, { ...server, folder, shell });
  expect(stderr).toContain(`Cannot write the journal ${JOURNAL}: `);
  expect(stderr).toContain("run the same command again");
  expect(stderr.match(/Cannot write the journal/g)).toHaveLength(1);
  expect(code).toBe(1);
  const text = folder.read(JOURNAL);
  expect(server.fake.requests.length).toBeGreaterThan(0);
  expect(server.fake.alive().length).toBeGreaterThan(0);
  for (const { ref } of server.fake.requests) expect(text).toContain(`"tokenSlug":"${ref?.tokenSlug}"`);
  // Every result was printed, also those that the journal has no room for.
  expect(stdout.match(/^revoked\t/gm)).toHaveLength(server.fake.requests.length);

  const second = await run(REVOKE, { ...server, folder });
  expect(second.code).toBe(0);
  expect(server.fake.alive()).toEqual([]);
});

test("two processes share a journal: at the end every token is revoked, and no line is broken", async () => {
  const { refs, folder } = makeList(100);
  await using server = await serve(refs, { limit: 0 });
  const both = [start(REVOKE, { ...server, folder }), start(REVOKE, { ...server, folder })];
  await until(() => server.waiting === 16);
  server.release();
  for (const { ended } of both) expect([0, 4]).toContain((await ended).code);
  expect(server.fake.alive()).toEqual([]);
  const lines = readLines(folder);
  expect(lines.filter(({ outcome }) => outcome === "revoked")).toHaveLength(100);
  const last = await run(REVOKE, { ...server, folder });
  expect(last).toMatchObject({ code: 0, stdout: "" });
});

test("it contains no part of a credential, also where the server repeats it", async () => {
  const { refs, folder } = makeList(3);
  await using server = await serve(refs, { credential: "ksh_another-credential" });
  await run(REVOKE, { ...server, folder });
  // Every run is held to this; here the file is certain to exist.
  expect(folder.read(JOURNAL)).not.toContain(CREDENTIAL.slice(0, 12));
});
