// A list of tokens: every form of a line, every fault with its line and its words, and what is no list.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, onTestFinished, test } from "vitest";
import { nameOf, readList, type Tally } from "../../../src/cli/list.js";
import { createTargets } from "../../../src/cli/targets.js";
import { UsageError } from "../../../src/cli/usage-error.js";

const CREDENTIAL = "ksh_0123456789";

interface Read extends Tally {
  tokens: [account: string, token: string][];
  faults: string[];
}

async function read(from: string): Promise<Read> {
  const targets = createTargets(CREDENTIAL);
  const faults: string[] = [];
  const tally = await readList(from, targets, async (fault) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    faults.push(fault);
  });
  return { ...tally, faults, tokens: [...targets].map((ref) => [ref.serviceAccountSlug, ref.tokenSlug]) };
}

/** A file that is gone after the test. */
function write(content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "kaiten-list-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "list");
  writeFileSync(path, content);
  return path;
}

const readText = (content: string | Uint8Array) => read(write(content));

/** Gives the chunks to whoever reads standard input. */
function giveInput(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): void {
  const before = Object.getOwnPropertyDescriptor(process, "stdin") as PropertyDescriptor;
  Object.defineProperty(process, "stdin", { configurable: true, value: Readable.from(chunks) });
  onTestFinished(() => void Object.defineProperty(process, "stdin", before));
}

async function refusal(from: string): Promise<string> {
  const error = await read(from).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  return (error as Error).message;
}

describe("a line that names a token", () => {
  test.each<[string, string, [string, string]]>([
    ["CSV", "ci-bot,deploy-key", ["ci-bot", "deploy-key"]],
    ["CSV with white space within", "ci bot,deploy key", ["ci bot", "deploy key"]],
    ["CSV with the first field in quotes", '"a,b",c', ["a,b", "c"]],
    ["CSV with the second field in quotes", 'a,"b,c"', ["a", "b,c"]],
    ["CSV with both in quotes", '"a","b"', ["a", "b"]],
    ["CSV with quotes in quotes", '"a""b""",""""', ['a"b"', '"']],
    ["CSV with quotes, and quotes in the second field", 'a,"""b"", c"', ["a", '"b", c']],
    ["CSV with white space in quotes", '" a ","\tb "', [" a ", "\tb "]],
    ["CSV with a carriage return in quotes", '"a\rb",c', ["a\rb", "c"]],
    ["CSV with a quoted brace", '"{a","b}"', ["{a", "b}"]],
    ["CSV in other scripts", "бот,ключ🔑", ["бот", "ключ🔑"]],
    ["JSON", '{"serviceAccountSlug":"a","tokenSlug":"b"}', ["a", "b"]],
    ["JSON with what else is known", '{"tokenSlug":"b","outcome":"unknown","serviceAccountSlug":"a"}', ["a", "b"]],
    ["JSON with space around it", ' \t{"serviceAccountSlug":" a","tokenSlug":"b,\\n"} ', [" a", "b,\n"]],
  ])("%s", async (_, line, token) => {
    const expected = { duplicates: 0, bad: 0, faults: [], tokens: [token] };
    expect(await readText(line)).toEqual(expected);
    expect(await readText(`${line}\n`)).toEqual(expected);
    expect(await readText(`\r\n${line}\r\n  \r\n`)).toEqual(expected);
  });
});

describe("a header", () => {
  test.each([
    "account,token",
    "serviceAccountSlug,tokenSlug",
    "account,tokenSlug",
    "ACCOUNT,Token",
    '"account","token"',
    " account,token ",
  ])("%j is none of the tokens", async (line) => {
    expect(await readText(`\n${line}\na,b\n`)).toEqual({ duplicates: 0, bad: 0, faults: [], tokens: [["a", "b"]] });
  });

  test.each<[string, [string, string]]>([
    ["my-account,token", ["my-account", "token"]],
    ["account,token-1", ["account", "token-1"]],
    ["token,account", ["token", "account"]],
  ])("%j is a token", async (line, token) => {
    expect((await readText(line)).tokens).toEqual([token]);
  });

  test.each(["account,token", "a,b", "bad"])("after %j, account,token is a token", async (line) => {
    const { tokens } = await readText(`${line}\naccount,token\n`);
    expect(tokens.at(-1)).toEqual(["account", "token"]);
  });
});

const NEITHER = 'is neither JSON nor CSV of two fields: account,token (quote a field with , or " in it)';
const SPACE = "has white space around a field: remove it, or quote the field";

describe("a line that names none is told", () => {
  test.each([
    ["one field", "hunter2", NEITHER],
    ["three fields", "a,b,c", NEITHER],
    ["an open quote", '"a,b', NEITHER],
    ["an open second quote", 'a,"b', NEITHER],
    ["a quote within", 'a"b,c', NEITHER],
    ["text before a quote", 'x"a",b', NEITHER],
    ["text after a quote", '"a"x,b', NEITHER],
    ["text after the last quote", 'a,"b"x', NEITHER],
    ["a quote that is not doubled", '"a"b",c', NEITHER],
    ["a list in JSON", '[{"serviceAccountSlug":"a","tokenSlug":"b"}]', NEITHER],
    ["space after the comma", "a, b", SPACE],
    ["space before the comma", "a ,b", SPACE],
    ["space before the line", " a,b", SPACE],
    ["space after the line", "a,b\t", SPACE],
    ["space beside quotes", '"a",b ', SPACE],
    ["no account", ",b", "serviceAccountSlug is empty."],
    ["no token", "a,", "tokenSlug is empty."],
    ["empty quotes", '"",b', "serviceAccountSlug is empty."],
    ["empty second quotes", 'a,""', "tokenSlug is empty."],
    ["..", "a,..", 'tokenSlug is "..", which would address something else.'],
    ["broken JSON", '{"serviceAccountSlug":"a"', "is not JSON"],
    ["JSON without a member", '{"tokenSlug":"b"}', "serviceAccountSlug must be a string, not undefined."],
    ["JSON of a number", '{"serviceAccountSlug":"a","tokenSlug":7}', "tokenSlug must be a string, not number."],
    ["the credential", `a,${CREDENTIAL}`, "tokenSlug holds the credential itself: give the slug, which is a name."],
  ])("%s", async (_, line, fault) => {
    const path = write(`a,b\n\n${line}\nc,d\n`);
    expect(await read(path)).toEqual({
      duplicates: 0,
      bad: 1,
      faults: [`${path}:3: ${fault}`],
      tokens: [
        ["a", "b"],
        ["c", "d"],
      ],
    });
  });

  test("each with its number, blank lines and the header counted", async () => {
    const path = write("account,token\nbad\n\r\na,b\n \nworse\n{}");
    const { bad, faults } = await read(path);
    expect(faults).toEqual([
      `${path}:2: ${NEITHER}`,
      `${path}:6: ${NEITHER}`,
      `${path}:7: serviceAccountSlug must be a string, not undefined.`,
    ]);
    expect(bad).toBe(3);
  });
});

test("duplicates are counted, in whatever form they are, and are not bad", async () => {
  const list = 'a,b\n"a","b"\na,c\n{"serviceAccountSlug":"a","tokenSlug":"b"}\n';
  expect(await readText(list)).toEqual({
    duplicates: 2,
    bad: 0,
    faults: [],
    tokens: [
      ["a", "b"],
      ["a", "c"],
    ],
  });
});

test.each(["", "\n", "\r\n \t\r\n"])("%j is a list of none", async (list) => {
  expect(await readText(list)).toEqual({ duplicates: 0, bad: 0, faults: [], tokens: [] });
});

test("a byte order mark is no part of the first line", async () => {
  expect((await readText("\ufeffaccount,token\na,b\n")).tokens).toEqual([["a", "b"]]);
});

/** What a file is read by. */
const CHUNK = 64 * 1024;

test("a line is whole, and so is a character, wherever a chunk ends", async () => {
  const line = `a,${"ü🔑".repeat(10)}\n`;
  const shift = "a,b\n";
  for (const start of ["", shift, shift + shift]) {
    const { tokens, duplicates, bad } = await readText(start + line.repeat(3_000));
    expect(tokens).toEqual([...(start ? [["a", "b"]] : []), ["a", "ü🔑".repeat(10)]]);
    expect(duplicates).toBe(2_999 + (start.length > 4 ? 1 : 0));
    expect(bad).toBe(0);
  }
});

describe("standard input", () => {
  test("is read for -, and called by its name", async () => {
    giveInput([Buffer.from("a,b\nba"), Buffer.from("d\nc,d")]);
    expect(await read("-")).toEqual({
      duplicates: 0,
      bad: 1,
      faults: [`standard input:2: ${NEITHER}`],
      tokens: [
        ["a", "b"],
        ["c", "d"],
      ],
    });
    expect(nameOf("-")).toBe("standard input");
    expect(nameOf("leak.csv")).toBe("leak.csv");
  });

  test("is read no further than a line that is too long", async () => {
    giveInput(
      (async function* () {
        yield Buffer.from("a,b\n");
        yield Buffer.alloc(CHUNK + 1, "x");
        throw new Error("it was read on");
      })(),
    );
    expect(await refusal("-")).toBe(
      "Cannot read standard input: it has a line longer than 64 KiB, as no list has (after line 1). Nothing was sent.",
    );
  });
});

describe("what is no list is refused", () => {
  test("a file that is not there", async () => {
    const path = join(write(""), "..", "missing");
    expect(await refusal(path)).toBe(
      `Cannot read ${path}: ENOENT: no such file or directory, open '${path}'. Nothing was sent.`,
    );
  });

  test.each<[string, Uint8Array]>([
    ["binary", Buffer.from([0x89, 0x50, 0x4e, 0x47])],
    ["Latin-1", Buffer.from("a,b\u00fccher\n", "latin1")],
    ["UTF-16", Buffer.from("a,b\n", "utf16le")],
    ["cut within a character", Buffer.from("a,🔑").subarray(0, 4)],
  ])("a file that is %s", async (_, content) => {
    const path = write(content);
    expect(await refusal(path)).toMatch(/: it is not UTF-8 text( \(after line \d+\))?\. Nothing was sent\.$/);
    expect(await refusal(path)).toContain(`Cannot read ${path}: `);
  });

  test("and it is told after which line", async () => {
    const path = write(Buffer.concat([Buffer.from("a,b\n".repeat(CHUNK / 4)), Buffer.from([0xff])]));
    expect(await refusal(path)).toBe(
      `Cannot read ${path}: it is not UTF-8 text (after line ${CHUNK / 4}). Nothing was sent.`,
    );
  });

  test("a line of more than 64 KiB, which one of 64 KiB is not", async () => {
    const longest = `a,${"b".repeat(CHUNK - 2)}`;
    expect((await readText(longest)).tokens).toEqual([["a", "b".repeat(CHUNK - 2)]]);
    for (const end of ["", "\n", "\nc,d\n"]) {
      const path = write(`${longest}b${end}`);
      expect(await refusal(path)).toBe(
        `Cannot read ${path}: it has a line longer than 64 KiB, as no list has. Nothing was sent.`,
      );
    }
  });
});
