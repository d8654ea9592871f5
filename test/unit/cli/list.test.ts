// A list of tokens: every format, every fault with its place and words, and what is no list.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, onTestFinished, test } from "vitest";
import { UsageError } from "../../../src/cli/exit.js";
import { processIo } from "../../../src/cli/io.js";
import { readList } from "../../../src/cli/list.js";

const ACCEPTED =
  "Columns are named account, service account or service account slug; and token, token slug or slug (capitals, spaces, _ and - do not matter).";

const BASE_URL = "https://kaiten.example.com/api";

interface Options {
  account?: string;
  skipBad?: boolean;
}

/** A file that is removed after the test. */
function makeFile(content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "kaiten-list-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "leak.csv");
  writeFileSync(file, content);
  return file;
}

/** The tokens of a list as `account/token`, and what is said of it; file names are shortened to LIST. */
async function read(content: string | Uint8Array, options: Options = {}) {
  const file = makeFile(content);
  const short = (line: string) => line.replaceAll(file, "LIST");
  try {
    const { targets, skipped, notices } = await readList(file, processIo, { baseUrl: BASE_URL, ...options });
    const tokens = Array.from(targets.values(), (ref) => `${ref.serviceAccountSlug}/${ref.tokenSlug}`);
    return { tokens, skipped, notices: notices.map(short) };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const said = error.message.split("\n").map(short);
    expect(said.join()).not.toContain("ksh_");
    return { refused: said };
  }
}

const tokensOf = (...tokens: string[]) => ({ tokens, skipped: 0, notices: [] });

describe("a CSV", () => {
  test.each<[string, string, string[]]>([
    ["needs no header", "ci-bot,deploy-key\nci-bot,old-key\n", ["ci-bot/deploy-key", "ci-bot/old-key"]],
    ["may name such a token", "ci-bot,key\nname,deploy-key\n", ["ci-bot/key", "name/deploy-key"]],
    ["may have one", "account,token\nci-bot,deploy-key\n", ["ci-bot/deploy-key"]],
    ["may have white space within the quotes of its header", '" account"," token "\na,b\n', ["a/b"]],
    ["may begin after more blank lines than are read at once", `${"\n".repeat(70_000)}account;token\na;b\n`, ["a/b"]],
    ["may have its columns in any order", "token,account\ndeploy-key,ci-bot\n", ["ci-bot/deploy-key"]],
    ["may use the names of the API", "serviceAccountSlug,tokenSlug\nci-bot,deploy-key\n", ["ci-bot/deploy-key"]],
    ["may use names with underscores", "service_account,token_slug\nci-bot,deploy-key\n", ["ci-bot/deploy-key"]],
    ["may use names with spaces", "Service Account,Token Slug\nci-bot,deploy-key\n", ["ci-bot/deploy-key"]],
    ["may use names with hyphens", "token-slug;service-account-slug\ndeploy-key;ci-bot\n", ["ci-bot/deploy-key"]],
    ["may begin with the delimiter, as a spreadsheet writes it", "sep=;\r\naccount;token\r\na;b\r\n", ["a/b"]],
    ["may have its delimiter in quotes, and blank lines", '"sep=\t"\n\n \naccount\ttoken\na\tb,c\n', ["a/b,c"]],
    [
      "may have white space within quotes, also no-break",
      '"account","token"\n"ci-bot ","\u00a0leaked-05 "\n',
      ["ci-bot/leaked-05"],
    ],
    ["may name the token slug", "Slug,ACCOUNT\ndeploy-key,ci-bot\n", ["ci-bot/deploy-key"]],
    ["may have further columns", 'id,token,note,account\n1,deploy-key,"a, b",ci-bot\n', ["ci-bot/deploy-key"]],
    ["may be delimited by semicolons", "account;token;note\nci-bot;deploy-key;a, b\n", ["ci-bot/deploy-key"]],
    ["may be delimited by tabs", "account\ttoken\nci-bot\tdeploy-key\n", ["ci-bot/deploy-key"]],
    ["may have white space around its cells", ' account , token\n ci-bot, "deploy-key" \n', ["ci-bot/deploy-key"]],
    ["may be in quotes", '"account","token"\n"ci-bot","say ""hi"""\n', ['ci-bot/say "hi"']],
    ["may have CRLF, also in some lines only", "account,token\r\na,b\nc,d\r\n", ["a/b", "c/d"]],
    ["may lack the last line end", "account,token\nci-bot,deploy-key", ["ci-bot/deploy-key"]],
    ["may have blank lines, and lines of empty cells", "\n  \naccount,token\n\n,\na,b\n \n", ["a/b"]],
    ["may begin with a byte order mark", "\uFEFFaccount,token\nci-bot,deploy-key\n", ["ci-bot/deploy-key"]],
    ["may have slugs of any script", "account,token\nbücher,ключ-🔑\n", ["bücher/ключ-🔑"]],
    ["may have a header's words further down", "a1,b1\naccount,token\n", ["a1/b1", "account/token"]],
    [
      "may have line breaks in a cell that is not needed",
      'account,token,note\na,b,"one\r\ntwo"\nc,d,\n',
      ["a/b", "c/d"],
    ],
  ])("%s", async (_, content, tokens) => {
    expect(await read(content)).toEqual(tokensOf(...tokens));
  });

  test("needs only the tokens, if the account is an argument", async () => {
    const options = { account: "ci-bot" };
    expect(await read("deploy-key\nold-key\n", options)).toEqual(tokensOf("ci-bot/deploy-key", "ci-bot/old-key"));
    expect(await read("id;slug\n1;deploy-key\n", options)).toEqual(tokensOf("ci-bot/deploy-key"));
    // Where the first line has no delimiter, it is the comma.
    expect(await read("deploy-key\nold,key\n", options)).toMatchObject({
      refused: ["LIST:2: it has more or fewer cells than the first line", expect.any(String)],
    });
    expect(await read("account,token\nci-bot,deploy-key\n", options)).toEqual(tokensOf("ci-bot/deploy-key"));
    expect(await read("account,token\nother-bot,deploy-key\n", options)).toEqual({
      refused: [
        "LIST:2: it is of another service account than the argument",
        "1 fault in LIST. Leave the argument out. Correct the list, or pass --skip-bad to leave these lines out.",
      ],
    });
  });

  test("is read whole, wherever the chunks of the stream end", async () => {
    const tokens = Array.from({ length: 20_000 }, (_, index) => `ключ/🔑-${index}`);
    const content = `account,token\n${tokens.map((token) => token.replace("/", ",")).join("\r\n")}`;
    expect(await read(content)).toEqual(tokensOf(...tokens));
  });
});

const AMBIGUOUS = (example: string) => [
  `Cannot use the list LIST: its first line does not name the columns. Begin with a line such as ${example}. ${ACCEPTED}`,
];

describe("a CSV is refused", () => {
  test.each<[string, string, Options?]>([
    ["has unknown names", "Account Name,Token Name\nci-bot,deploy-key\n"],
    ["has names that are no slugs", "Service,Key\nci-bot,deploy-key\n"],
    ["does not name the account", "token,note\ndeploy-key,old\n"],
    ["does not name the token", "account,name\nci-bot,deploy-key\n"],
    ["names the token twice", "account,token,slug\nci-bot,a,b\n"],
    ["has a third column without a name", "ci-bot,deploy-key,note\n"],
    ["has one column", "deploy-key\n"],
    ["has a secret", "ci-bot,ksh_abcdefgh\n"],
    ["has no token, and the account is an argument", "account,name\nci-bot,a\n", { account: "ci-bot" }],
    ["has two columns, and the account is an argument", "ci-bot,deploy-key\n", { account: "ci-bot" }],
  ])("if its first line %s", async (_, content, options) => {
    const example = options ? "token" : "account,token";
    expect(await read(content, { ...options, skipBad: true })).toEqual({ refused: AMBIGUOUS(example) });
  });

  test.each<[string, string, string]>([
    ["a quote is not closed", 'a1,b1\na,"b\nc,d\n', "a quote is missing or misplaced in line 2, or after it"],
    ["a quote is within a cell", 'a1,b1\nc1,d1\nksh_x"y,z\n', "a quote is missing or misplaced in line 3, or after it"],
    ["text follows a quote", 'a1,b1\n"a"x,b\n', "a quote is missing or misplaced in line 2, or after it"],
    [
      "a quoted cell takes in the lines after it",
      'account,token,note\na,b,"c\nd,e,"\nf,g,h\n',
      "a quoted cell of line 2 has several lines. Its closing quote may be missing",
    ],
    [
      "the first cell has several lines",
      '"a,\nb",c\n',
      "a quoted cell of line 1 has several lines. Its closing quote may be missing",
    ],
    [
      "a slug has several lines",
      'account,token\n"a\nb",c\n',
      "a quoted cell of line 2 has several lines. Its closing quote may be missing",
    ],
    [
      "a quoted cell never ends",
      `account,token\na,"${"b\n".repeat(40_000)}`,
      "a quote is missing or misplaced in line 2, or after it",
    ],
  ])("as a whole, also with --skip-bad, if %s", async (_, content, why) => {
    const refused = [`Cannot use the list LIST: ${why}.`];
    expect(await read(content, { skipBad: true })).toEqual({ refused });
  });
});

describe("JSON", () => {
  test.each<[string, string, string[]]>([
    [
      "may be an object on each line, with any of the names",
      '{"account":"a","token":"b"}\n\n \n {"tokenSlug":"d","more":1,"serviceAccountSlug":"c"}\r\n{"service_account":"e","slug":"f"}',
      ["a/b", "c/d", "e/f"],
    ],
    ["may be an array", '[{"account":"a","token":"b"},{"account":"c","token":"d"}]', ["a/b", "c/d"]],
    ["may be an array on many lines", `\n${JSON.stringify([{ account: "a", token: "b" }], null, 2)}\n`, ["a/b"]],
    ["may begin with a byte order mark", '\uFEFF[{"account":"a","token":"b"}]', ["a/b"]],
  ])("%s", async (_, content, tokens) => {
    expect(await read(content)).toEqual(tokensOf(...tokens));
  });

  test("may be the vendor's own list, with the account as an argument: revoked tokens are counted", async () => {
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const list = [
      { slug: "deploy-key", name: "Deploy key", revokedAt: null },
      { slug: "old-key", name: "Old key", revokedAt: "2025-01-01T00:00:00Z" },
      { slug: "later-key", name: "Not revoked yet", revokedAt: later },
      { slug: "zero-key", name: "Not revoked", revokedAt: "0001-01-01T00:00:00Z" },
      { slug: "number-key", name: "Not revoked", revokedAt: 0 },
      { slug: "text-key", name: "Not revoked", revokedAt: "0" },
      { slug: "words-key", name: "Not revoked", revokedAt: "not before 1" },
      { slug: "list-key", name: "Not revoked", revokedAt: ["2025-01-01T00:00:00Z"] },
      { slug: "epoch-key", name: "Not revoked", revokedAt: "1970-01-01T00:00:00-05:00" },
      { slug: "century-key", name: "Not revoked", revokedAt: "2000-01-01T00:00:00Z" },
    ];
    expect(await read(JSON.stringify(list), { account: "ci-bot" })).toEqual({
      tokens: ["deploy", "later", "zero", "number", "text", "words", "list", "epoch", "century"].map(
        (name) => `ci-bot/${name}-key`,
      ),
      skipped: 0,
      notices: ["1 token left out: revoked already, says the list."],
    });
    expect(await read(JSON.stringify(list.slice(1, 2)), { account: "ci-bot" })).toMatchObject({ tokens: [] });
    expect(await read(JSON.stringify(list.slice(0, 2)), { account: "ci-bot" })).toMatchObject({
      tokens: ["ci-bot/deploy-key"],
    });
  });

  test("may be the results of an earlier run: what was revoked at this base URL is left out, wherever it is named", async () => {
    const line = (tokenSlug: string, outcome: string, baseUrl = BASE_URL) =>
      JSON.stringify({ baseUrl, serviceAccountSlug: "a", tokenSlug, outcome, before: false, attempts: 1, at: "2026" });
    const results = [
      line("done", "revoked"),
      line("elsewhere", "revoked", "https://other.example.com/api"),
      ...["unknown", "absent", "not-revoked"].map((outcome) => line(outcome, outcome)),
    ];
    const expected = {
      tokens: ["a/elsewhere", "a/unknown", "a/absent", "a/not-revoked"],
      skipped: 0,
      notices: ["1 token left out: revoked already, says the list."],
    };
    expect(await read(results.join("\n"))).toEqual(expected);
    const list = '{"account":"a","token":"done"}';
    expect(await read([list, ...results, list].join("\n"))).toEqual(expected);
  });

  test.each([
    ["the API's own JSON of a service account", { id: "1", slug: "ci-bot", tokens: [{ slug: "deploy-key" }] }, null],
    ["the same on many lines", { id: "1", slug: "ci-bot", tokens: [{ slug: "deploy-key" }] }, 2],
    ["a page of a list", { items: [{ slug: "deploy-key" }], next: null }, 2],
  ])("that is %s is refused with a pointer to --all", async (_, object, space) => {
    const { refused } = await read(JSON.stringify(object, null, space ?? undefined), { account: "ci-bot" });
    expect(refused).toEqual([
      expect.stringMatching(/^Cannot use the list LIST: an object in it has a list of its own.+ --all\.$/),
    ]);
  });

  test("may be one object on many lines", async () => {
    expect(await read(JSON.stringify({ account: "a", token: "b" }, null, 2))).toEqual(tokensOf("a/b"));
  });

  test("that is a broken array is refused as a whole, also with --skip-bad", async () => {
    const list = JSON.stringify(
      [
        { account: "a", token: "b" },
        { account: "c", token: "d" },
      ],
      null,
      2,
    );
    const refused = ["Cannot use the list LIST: it begins like a JSON array, but is not valid JSON."];
    expect(await read(list.slice(0, -1), { skipBad: true })).toEqual({ refused });
    expect(await read(`${list}${list}`, { skipBad: true })).toEqual({ refused });
  });
});

describe("faults", () => {
  const ADVICE = "Correct the list, or pass --skip-bad to leave these lines out.";
  const NAMES = `The columns may be named wrongly. A list has names (slugs) of tokens, never secrets. ${ACCEPTED}`;

  test.each<[string, string, string, string]>([
    [
      "a secret",
      "account,token\na,b\nc,ksh_abcdefgh\n",
      "LIST:3: the token is a secret: pass the slug, which is the token's name",
      NAMES,
    ],
    [
      "an empty cell, after a cell with line breaks",
      'account,token,note\na,b,"1\r\n2\r\n3"\n\nc,,\n',
      "LIST:6: the token is empty",
      NAMES,
    ],
    [
      "too many cells",
      "account,token\na,b,c\n",
      "LIST:2: it has more or fewer cells than the first line",
      "Put cells with a delimiter in quotes.",
    ],
    [
      "a line that is no JSON",
      '{"account":"a","token":"b"}\nc,d\n',
      "LIST:2: it is not a JSON object that names each column once",
      "Write one object on each line.",
    ],
    ["a JSON object without a token", '{"account":"a"}', "LIST:1: the token is missing", NAMES],
    [
      "a slug that is a number",
      '[{"account":"a","token":1}]',
      "LIST:entry 1: the token must be a string, not number",
      NAMES,
    ],
    [
      "null",
      "[null]",
      "LIST:entry 1: it is not a JSON object that names each column once",
      "Write one object on each line.",
    ],
    [
      "two names for the token",
      '[{"account":"a","token":"b","slug":"c"}]',
      "LIST:entry 1: it is not a JSON object that names each column once",
      "Write one object on each line.",
    ],
  ])("%s is reported with its place", async (_, content, fault, cause) => {
    expect(await read(content)).toEqual({ refused: [fault, `1 fault in LIST. ${cause} ${ADVICE}`] });
  });

  const many = `account,token\n${"a,ksh_abcdefgh\n".repeat(1200)}c,d,e\nok-1,ok-1\n`;
  const firstTen = [
    ...Array.from({ length: 10 }, (_, index) => {
      return `LIST:${index + 2}: the token is a secret: pass the slug, which is the token's name`;
    }),
  ];

  test("after the first ten are counted, with the likely cause of the first", async () => {
    expect(await read(many)).toEqual({
      refused: [...firstTen, "and 1,191 more", `1,201 faults in LIST. ${NAMES} ${ADVICE}`],
    });
  });

  test("are left out with --skip-bad, and counted", async () => {
    const notices = [...firstTen, "and 1,191 more", `1,201 lines skipped. ${NAMES}`];
    expect(await read(many, { skipBad: true })).toEqual({ tokens: ["ok-1/ok-1"], skipped: 1201, notices });
  });

  test("a token that is named again is sent once", async () => {
    const list = '{"account":"a","token":"b"}\n{"slug":"b","account":"a"}\n{"account":"a","token":"b"}\n';
    expect(await read(list)).toEqual({ ...tokensOf("a/b"), notices: ["2 duplicates left out."] });
  });
});

describe("what is no list is refused", () => {
  const utf16 = Buffer.from("account,token\na,b\n", "utf16le");
  const notText = "Cannot use the list LIST: it is not UTF-8 text. Export it as CSV in UTF-8.";

  test.each<[string, string | Uint8Array, string]>([
    ["UTF-16 with a byte order mark", Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]), notText],
    ["UTF-16 without one", utf16, notText],
    ["another encoding", Buffer.from("account,token\nb\u00fccher,b\n", "latin1"), notText],
    ["a spreadsheet", Buffer.from("PK\u0003\u0004\u0014\u0000\u0006\u0000", "latin1"), notText],
    ["a file that ends within a character", Buffer.from("account,token\na,b\u00fc").subarray(0, -1), notText],
    ["nothing", "", `No token is named in LIST. ${ACCEPTED}`],
    ["blank lines", "\n \r\n", `No token is named in LIST. ${ACCEPTED}`],
    ["a header and nothing else", "account,token\n", `No token is named in LIST. ${ACCEPTED}`],
    ["an empty array", "[]", `No token is named in LIST. ${ACCEPTED}`],
  ])("%s", async (_, content, message) => {
    expect(await read(content)).toEqual({ refused: [message] });
  });

  test("a list that has only faults, also with --skip-bad", async () => {
    expect(await read("account,token\na,\n", { skipBad: true })).toEqual({
      refused: ["LIST:2: the token is empty", `No token is named in LIST. ${ACCEPTED}`],
    });
  });

  test("a file that does not exist, or a directory", async () => {
    const options = { baseUrl: BASE_URL };
    await expect(readList("missing.csv", processIo, options)).rejects.toThrow(
      "Cannot use the list missing.csv: ENOENT: no such file or directory, open 'missing.csv'.",
    );
    await expect(readList(".", processIo, options)).rejects.toThrow("Cannot use the list .: EISDIR");
  });
});

describe("standard input", () => {
  const give = (...chunks: Uint8Array[]) => ({ ...processIo, stdin: Readable.from(chunks) });

  test("is read as a list, in whatever pieces it comes", async () => {
    const pieces = Array.from(Buffer.from("\n account;token\r\nbücher;ключ\n"), (byte) => Uint8Array.of(byte));
    const { targets } = await readList("-", give(...pieces), { baseUrl: BASE_URL });
    expect([...targets.values()]).toEqual([{ serviceAccountSlug: "bücher", tokenSlug: "ключ" }]);
  });

  test("has a name in faults", async () => {
    const refused = readList("-", give(Buffer.from("account,token\na,\n")), { baseUrl: BASE_URL });
    await expect(refused).rejects.toThrow("standard input:2: the token is empty\n");
  });
});
