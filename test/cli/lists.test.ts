// Lists that would revoke the wrong tokens, or report living ones as dead. Their formats: test/unit/cli/list.test.ts.
import { expect, test } from "vitest";
import { makeFolder, run } from "./command.js";
import { serve, tokensOf } from "./servers.js";

const KEYS = tokensOf("ci-bot", "key-1", "key-2");

async function runList(content: string, ...args: string[]) {
  await using server = await serve(KEYS);
  const list = makeFolder().write("leak", content);
  const ended = await run(["revoke", ...args, "--from", list, "--yes"], server);
  return { ...ended, alive: server.fake.alive().map((ref) => ref.tokenSlug), requests: server.fake.requests };
}

test.each([
  [
    "of a spreadsheet",
    'sep=;\r\n"Service Account";"Owner";"Token Slug"\r\n"ci-bot";"me";"key-1 "\r\n"ci-bot";"you";"\u00a0key-2"\r\n',
  ],
  ["in NDJSON", '{"account":"ci-bot","token":"key-1"}\n{"account":"ci-bot","token":"key-2","outcome":"unknown"}\n'],
  ["in a pretty-printed JSON array", JSON.stringify(KEYS, null, 2)],
])("a list %s is revoked", async (_, content) => {
  const { code, alive } = await runList(content);
  expect(alive).toEqual([]);
  expect(code).toBe(0);
});

test("what `list --json` prints is a list", async () => {
  await using server = await serve([
    ...KEYS,
    { serviceAccountSlug: "ci-bot", tokenSlug: "old", revokedAt: "2025-01-01T00:00:00Z" },
  ]);
  const { stdout } = await run(["list", "ci-bot", "--json"], server);
  const { code, stderr } = await run(["revoke", "--from", "-", "--yes"], { ...server, input: stdout });
  expect(stderr).toContain("1 token left out: revoked already, says the list.\n");
  expect(server.fake.alive()).toEqual([]);
  expect(code).toBe(0);
});

test("a list from standard input may come a minute later", async () => {
  await using server = await serve(KEYS);
  let isAsked = false;
  async function* input() {
    yield "ci-bot,ke";
    await new Promise((resolve) => setTimeout(resolve, 50));
    isAsked = true;
    yield "y-1\nci-bot,key-2\n";
  }
  expect((await run(["revoke", "--from", "-", "--yes"], { ...server, input: input() })).code).toBe(0);
  expect(isAsked).toBe(true);
  expect(server.fake.alive()).toEqual([]);
});

test("where no record can be read, a run continues from its own --json", async () => {
  await using server = await serve(KEYS);
  server.fake.play("record-unreadable", { times: Number.POSITIVE_INFINITY });
  server.fake.play("api-422", { ref: { serviceAccountSlug: "ci-bot", tokenSlug: "key-2" } });
  const list = KEYS.map((ref) => `${JSON.stringify(ref)}\n`).join("");
  const args = ["revoke", "--from", "-", "--yes", "--json", "--retries", "0"];
  const first = await run(args, { ...server, input: list });
  expect(first.code).toBe(5);
  const second = await run(args, { ...server, input: list + first.stdout });
  expect(second.code).toBe(0);
  expect(second.stdout.trim().split("\n")).toHaveLength(1);
  expect(server.fake.alive()).toEqual([]);
});

test.each([
  ["an unknown header", "Service,Key Name\nci-bot,key-1\n", "Columns are named account, service account or"],
  ["a header that lacks a column", "account,owner\nci-bot,me\n", "Begin with a line such as account,token."],
  ["an empty list", "", "No token is named in"],
  ["a third column without a header", "ci-bot,key-1,me\n", "its first line does not name the columns."],
  ["the API's own JSON of an account", JSON.stringify({ slug: "ci-bot", tokens: [] }), "revoke <account> --all"],
  [
    "a broken JSON array, also with --skip-bad",
    '[{"account":"ci-bot","token":"key-1"},',
    "is not valid JSON",
    "--skip-bad",
  ],
  ["secrets in place of slugs", "account,token\nci-bot,ksh_aaaaaaaa\nci-bot,whsec_aaaaaaaa\n", "is a secret"],
])("%s is refused before anything is asked for", async (_, content, fault, ...args) => {
  const { code, stdout, stderr, requests } = await runList(content, ...args);
  expect(stderr).toContain(fault);
  expect(stderr).toMatch(/Nothing was sent\.\n$/);
  expect(stderr).not.toContain("aaaa");
  expect(stdout).toBe("");
  expect(requests).toEqual([]);
  expect(code).toBe(2);
});

test("of ten thousand bad lines, ten are named", async () => {
  const { code, stderr } = await runList("ci-bot,key-1\n".repeat(5) + "only-one-column\n".repeat(10_000));
  expect(stderr.split("\n").length).toBeLessThan(20);
  expect(stderr).toContain("10,000 faults in ");
  expect(code).toBe(2);
});

test("--skip-bad leaves them out: the others are revoked, and the code is 1 at best", async () => {
  const { code, stdout, stderr, alive } = await runList("ci-bot,key-1\nci-bot,\n", "--skip-bad");
  expect(stdout).toBe("revoked\tci-bot\tkey-1\tnow\n");
  expect(stderr).toContain("1 line skipped.");
  expect(alive).toEqual(["key-2"]);
  expect(code).toBe(1);
});

test("with an account as argument, the tokens suffice", async () => {
  const { code, alive } = await runList("key-1\nkey-2\n", "ci-bot");
  expect(alive).toEqual([]);
  expect(code).toBe(0);
});
