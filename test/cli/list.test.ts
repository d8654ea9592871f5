// What may be in a list (`--from`), and what is told of one that cannot be used.
import { Buffer } from "node:buffer";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CREDENTIAL, type Ended, makeFolder, run } from "./command.js";
import { playTokens } from "./tokens.js";

const BASE = { KAITEN_BASE_URL: "http://127.0.0.1:9" };

/** What would be revoked, as slugs, and all that was said. */
async function read(list: string | Uint8Array, ...more: string[]): Promise<Ended & { slugs: string[] }> {
  const ended = await run(["revoke", "--from", "-", "--dry-run", "--json", ...more], { env: BASE, input: list });
  const refs = ended.stdout.split("\n").filter(Boolean);
  return {
    ...ended,
    slugs: refs.map((line) => {
      const { serviceAccountSlug, tokenSlug } = JSON.parse(line);
      return `${serviceAccountSlug}/${tokenSlug}`;
    }),
  };
}

describe("a list that can be used", () => {
  test.each<[string, string, string[]]>([
    ["JSON", '{"serviceAccountSlug":"a","tokenSlug":"b"}\n', ["a/b"]],
    [
      "JSON with other members, in any order",
      '{"outcome":"unknown","tokenSlug":"b","serviceAccountSlug":"a"}',
      ["a/b"],
    ],
    ["JSON with space around it", '  {"serviceAccountSlug": "a", "tokenSlug": "b"} \n', ["a/b"]],
    ["CSV", "a,b\nc,d\n", ["a/b", "c/d"]],
    ["CSV without a last line end", "a,b\nc,d", ["a/b", "c/d"]],
    ["both", 'a,b\n{"serviceAccountSlug":"c","tokenSlug":"d"}\ne,f\n', ["a/b", "c/d", "e/f"]],
    ["quotes", '"a,1","b ""2"""\n"c",d\ne,"f"\n', ['a,1/b "2"', "c/d", "e/f"]],
    ["space in quotes, which is meant", '" a","b "\n', [" a/b "]],
    ["a header", "account,token\na,b\n", ["a/b"]],
    ["a header of the API's names", "serviceAccountSlug,tokenSlug\na,b\n", ["a/b"]],
    ["a header in quotes and capitals, after a blank line", '\n"Account","Token"\na,b\n', ["a/b"]],
    ["header's words further down, which are slugs", "a,b\naccount,token\n", ["a/b", "account/token"]],
    ["a byte order mark", "\uFEFFa,b\n", ["a/b"]],
    ["a byte order mark before a header", "\uFEFFaccount,token\na,b\n", ["a/b"]],
    ["CRLF", "account,token\r\na,b\r\n\r\nc,d\r\n", ["a/b", "c/d"]],
    ["blank lines", "\n\na,b\n   \n\t\nc,d\n\n", ["a/b", "c/d"]],
    ["text of any script", "bücher,ключ-🔑\n", ["bücher/ключ-🔑"]],
    ["nothing", "", []],
    ["nothing but a header", "account,token\n", []],
  ])("%s", async (_, list, expected) => {
    const { code, slugs } = await read(list);
    expect(slugs).toEqual(expected);
    expect(code).toBe(0);
  });

  test("duplicates, in either form, are sent once", async () => {
    await using server = await playTokens();
    const input = 'a,b\n{"serviceAccountSlug":"a","tokenSlug":"b"}\n"a","b"\na,c\n';
    const env = { KAITEN_BASE_URL: server.url };
    const { code, stderr } = await run(["revoke", "--from", "-", "--yes"], { env, input });
    expect(Object.fromEntries(server.asked)).toEqual({ "a/b": 1, "a/c": 1 });
    expect(stderr).toBe("2 duplicates left out.\n2 tokens, revoked 2\n");
    expect(code).toBe(0);
  });

  test("characters that a chunk of the stream parts", async () => {
    const slugs = Array.from({ length: 20_000 }, (_, index) => `ключ/🔑${index}`);
    const { slugs: seen } = await read(slugs.map((slug) => `${slug.replace("/", ",")}\n`).join(""));
    expect(seen).toEqual(slugs);
  });

  test("an empty list is nothing to do, also without --yes", async () => {
    const { code, stderr } = await run(["revoke", "--from", "-"], { env: BASE });
    expect(stderr).toBe("0 tokens, nothing to do\n");
    expect(code).toBe(0);
  });
});

describe("bad lines", () => {
  const BAD = [
    ["one field", "alone", "is neither JSON nor CSV"],
    ["three fields", "a,b,c", "is neither JSON nor CSV"],
    ["an open quote", '"a,b', "is neither JSON nor CSV"],
    ["an empty field", "a,", "tokenSlug is empty"],
    ["another empty field", ",b", "serviceAccountSlug is empty"],
    ["empty quotes", '"",b', "serviceAccountSlug is empty"],
    ["space after the comma, which no slug begins with", "a, b", "has white space around a field"],
    ["space before the comma", "a ,b", "has white space around a field"],
    ["an indented line", "  a,b", "has white space around a field"],
    ["broken JSON", '{"serviceAccountSlug":"a"', "is not JSON"],
    ["JSON without a member", '{"serviceAccountSlug":"a"}', "tokenSlug must be a string, not undefined"],
    ["JSON of a number", '{"serviceAccountSlug":"a","tokenSlug":7}', "tokenSlug must be a string, not number"],
    ["JSON of null", '{"serviceAccountSlug":null,"tokenSlug":"b"}', "serviceAccountSlug must be a string, not null"],
    ["a list in JSON", '[{"serviceAccountSlug":"a","tokenSlug":"b"}]', "is neither JSON nor CSV"],
    ["..", "a,..", 'tokenSlug is "..", which would address something else'],
    ["a lone surrogate", '{"serviceAccountSlug":"a","tokenSlug":"\\ud800"}', "tokenSlug has a lone surrogate"],
    ["the credential", `a,Bearer ${CREDENTIAL}`, "tokenSlug holds the credential itself"],
  ] as const;

  test.each(BAD)("%s", async (_, line, fault) => {
    const { code, stdout, stderr } = await read(`a,b\n${line}\n`);
    expect(stderr).toContain(`standard input:2: ${fault}`);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test("all are told with their numbers, and nothing is sent", async () => {
    await using server = await playTokens();
    const folder = makeFolder();
    const lines = Array.from({ length: 3000 }, (_, index) => (index % 2 ? "bad" : `a,token-${index}`));
    const from = folder.write("leak.csv", lines.join("\r\n"));
    const env = { KAITEN_BASE_URL: server.url };
    const { code, stdout, stderr } = await run(["revoke", "--from", from, "--yes"], { env, folder });
    const numbers = [...stderr.matchAll(/^leak\.csv:(\d+): is neither/gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: 1500 }, (_, index) => 2 * index + 2));
    expect(stderr).toContain(
      "1,500 bad lines in leak.csv. Mend what is named above, or say --skip-bad. Nothing was sent.",
    );
    expect(stdout).toBe("");
    expect(code).toBe(2);
    expect(server.asked.size).toBe(0);
  });

  test("--skip-bad leaves them out, and says so again at the end", async () => {
    await using server = await playTokens();
    const env = { KAITEN_BASE_URL: server.url };
    const input = "bad\na,b\n,\na,c\n";
    const { code, stderr } = await run(["revoke", "--from", "-", "--yes", "--skip-bad"], { env, input });
    expect(stderr).toContain("standard input:1: is neither");
    expect(stderr).toContain("standard input:3: serviceAccountSlug is empty");
    expect(stderr).toMatch(/2 tokens, revoked 2\n2 bad lines of the list skipped: see above\.\n$/);
    expect([...server.dead].sort()).toEqual(["a/b", "a/c"]);
    expect(code).toBe(0);
  });

  test("a list of nothing else is refused, also with --skip-bad", async () => {
    const { code, stderr } = await run(["revoke", "--from", "-", "--yes", "--skip-bad"], {
      env: BASE,
      input: "account;token\na;b\n",
    });
    expect(stderr).toMatch(
      /2 bad lines in standard input, and no other\. Mend what is named above\. Nothing was sent\.\n$/,
    );
    expect(code).toBe(2);
  });

  test("what is told shows no line, which may hold a secret", async () => {
    const { stderr } = await read("hunter2\n");
    expect(stderr).not.toContain("hunter2");
  });
});

describe("a file that is no list", () => {
  const utf16 = (text: string) => Buffer.from(text, "utf16le");

  test.each<[string, (folder: string) => void, string]>([
    ["is missing", () => {}, "ENOENT"],
    ["is a folder", (path) => mkdirSync(path), "EISDIR"],
  ])("one that %s", async (_, make, reason) => {
    const folder = makeFolder();
    make(join(folder.path, "list"));
    const { code, stdout, stderr } = await run(["revoke", "--from", "list", "--yes"], { env: BASE, folder });
    expect(stderr).toMatch(/^Cannot read list: .*Nothing was sent\.\n$/);
    expect(stderr).toContain(reason);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test.each<[string, Uint8Array, string]>([
    ["is binary", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xd, 0xa, 0x1a, 0xa, 0, 0]), "it is not UTF-8 text"],
    ["is Latin-1", Buffer.from("a,b\nb\u00fccher,c\n", "latin1"), "it is not UTF-8 text"],
    ["ends within a character", Buffer.from("a,🔑").subarray(0, 4), "it is not UTF-8 text"],
    ["is UTF-16", utf16("\uFEFFa,b\n"), "it is not UTF-8 text"],
    ["is UTF-16 without a mark, which is UTF-8 too", utf16("a,b\n"), "it is not UTF-8 text"],
    ["has a line of 300 000 characters", Buffer.from(`a,b\n${"x".repeat(300_000)},c\n`), "a line longer than 64 KiB"],
    ["has one at its end", Buffer.from(`a,b\n${"x".repeat(70_000)}`), "a line longer than 64 KiB"],
    ["has one that comes in one piece", Buffer.from(`${"x".repeat(99_000)},1\na,b\n`), "a line longer than 64 KiB"],
  ])("one that %s", async (_, content, reason) => {
    const folder = makeFolder();
    const from = folder.write("list", content);
    const { code, stdout, stderr } = await run(["revoke", "--from", from, "--yes", "--skip-bad"], {
      env: BASE,
      folder,
    });
    expect(stderr).toContain(`Cannot read list: `);
    expect(stderr).toContain(reason);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test("one whose line never ends is not read for ever", async () => {
    const { code, stderr } = await run([], { env: BASE, shell: "yes | tr -d '\\n' | kaiten-tokens revoke --from -" });
    expect(stderr).toContain("a line longer than 64 KiB");
    expect(code).toBe(2);
  });

  test("standard input that is none", async () => {
    const { code, stderr } = await read(Buffer.from("a,b\nb\u00fccher,c\n", "latin1"));
    expect(stderr).toMatch(/^Cannot read standard input: it is not UTF-8 text\b/);
    expect(code).toBe(2);
  });
});

test("a list of 200 000 lines takes bounded memory", async () => {
  const folder = makeFolder();
  const lines = Array.from({ length: 200_000 }, (_, index) => `service-account-${index % 500},deploy-key-${index}\n`);
  folder.write("list", lines.join(""));
  // In MiB: beyond that it would not end but crash.
  const env = { ...BASE, NODE_OPTIONS: "--max-old-space-size=64" };
  const shell = "kaiten-tokens revoke --from list --dry-run | wc -l";
  const { stdout, stderr } = await run([], { env, folder, shell });
  expect(stderr).toBe("Would revoke 200,000 tokens of 500 service accounts at 127.0.0.1:9. Nothing was sent.\n");
  expect(stdout.trim()).toBe("200000");
});
