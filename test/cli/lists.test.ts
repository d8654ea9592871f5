// Lists that would revoke the wrong tokens, or report living ones as dead.
import { expect, test } from "vitest";
import { makeFolder, run } from "./command.js";
import { makeTokens, serve, tokensOf } from "./servers.js";

async function runList(content: string, tokens = tokensOf("ci-bot", "key-1", "key-2"), ...args: string[]) {
  await using server = await serve(tokens);
  const folder = makeFolder();
  folder.write("leak", content);
  const ended = await run(["revoke", "--from", "leak", "--yes", ...args], { ...server, folder });
  return { ...ended, alive: server.fake.alive().map((ref) => ref.tokenSlug), sent: server.fake.requests };
}

test.each([
  ["columns in another order", "token,account\nkey-1,ci-bot\nkey-2,ci-bot\n"],
  ["semicolons, capitals and a third column", "Account;Owner;Token\r\nci-bot;me;key-1\r\nci-bot;you;key-2\r\n"],
  ["tabs without a header", "ci-bot\tkey-1\nci-bot\tkey-2\n"],
  ["NDJSON", '{"account":"ci-bot","token":"key-1"}\n{"account":"ci-bot","token":"key-2","outcome":"unknown"}\n'],
  ["a pretty-printed JSON array", JSON.stringify(tokensOf("ci-bot", "key-1", "key-2"), null, 2)],
])("%s", async (_, content) => {
  const { code, alive } = await runList(content);
  expect(alive).toEqual([]);
  expect(code).toBe(0);
});

test("the vendor's own list, with its account as argument", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  const input = JSON.stringify([
    { slug: "key-1", name: "Key" },
    { slug: "key-2", revokedAt: "2026-01-01T00:00:00Z" },
  ]);
  const { code, stdout, stderr } = await run(["revoke", "ci-bot", "--from", "-", "--yes"], { ...server, input });
  expect(stdout).toBe("revoked\tci-bot\tkey-1\n");
  expect(stderr).toContain("revoked already");
  expect(code).toBe(0);
});

test.each([
  ["an unknown header", "Service,Key Name\nci-bot,key-1\n"],
  ["a header that lacks a column", "account,owner\nci-bot,me\n"],
  ["an empty list", ""],
  ["nothing but a header", "account,token\n"],
  ["a third column without a header", "ci-bot,key-1,me\n"],
  [
    "a broken JSON array, also with --skip-bad",
    '[\n  {"account":"ci-bot","token":"key-1"},\n  {"account":"ci-bot"',
    "--skip-bad",
  ],
])("%s is refused", async (_, content, ...args) => {
  const { code, stdout, stderr, sent } = await runList(content, undefined, ...args);
  expect(stderr).toContain("Nothing was sent.");
  expect(stdout).toBe("");
  expect(sent).toEqual([]);
  expect(code).toBe(2);
});

test("secrets in place of slugs are refused, and not shown", async () => {
  const { code, stderr, sent } = await runList("account,token\nci-bot,ksh_aaaaaaaaaaaaaaaa\nci-bot,whsec_bbbbbbbb\n");
  expect(stderr).not.toMatch(/aaaa|bbbb/);
  expect(stderr).toContain("secret");
  expect(sent).toEqual([]);
  expect(code).toBe(2);
});

test("of ten thousand bad lines, ten are named", async () => {
  const { code, stderr } = await runList("ci-bot,key-1\n".repeat(5) + "only-one-column\n".repeat(10_000));
  expect(stderr.split("\n").length).toBeLessThan(20);
  expect(stderr).toContain("10,000");
  expect(code).toBe(2);
});

test("a list with a misspelt account stops after twenty tokens, and --ignore-absent is not advised", async () => {
  const { refs } = makeTokens(100);
  const csv = refs.map((ref) => `acount,${ref.tokenSlug}\n`).join("");
  const { code, stderr, alive, sent } = await runList(csv, refs);
  expect(alive).toHaveLength(100);
  // Those in flight when the twentieth answer came were sent, too.
  expect(sent.length).toBeLessThan(20 + 8);
  expect(stderr).toContain(
    "No token of this list was ever confirmed revoked. Check accounts, columns and organization.",
  );
  expect(stderr).toContain("not attempted.");
  expect(stderr).not.toContain("--ignore-absent");
  expect(code).toBe(4);
});

test("a list that never had a revoked token ends with 4, also when it is repeated", async () => {
  await using server = await serve([]);
  const folder = makeFolder();
  folder.write("leak.csv", "acount,key-1\nacount,key-2\n");
  const args = ["revoke", "--from", "leak.csv", "--yes"];
  for (let times = 0; times < 2; times++) {
    const { code, stderr } = await run(args, { ...server, folder });
    expect(stderr).toContain("No token of this list was ever confirmed revoked.");
    expect(code).toBe(4);
  }
  expect((await run([...args, "--ignore-absent"], { ...server, folder })).code).toBe(0);
});
