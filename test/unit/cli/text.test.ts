// Text for a terminal: nothing in it moves the cursor or is unseen, and JSON remains the same JSON.
import { describe, expect, test } from "vitest";
import { plural, printable, table, wrap } from "../../../src/cli/text.js";

describe("a character is written as JSON would escape it", () => {
  test.each([
    ["NUL", "\0", "\\u0000"],
    ["a tab", "\t", "\\u0009"],
    ["a line feed", "\n", "\\u000a"],
    ["a carriage return", "\r", "\\u000d"],
    ["the escape character", "\u001b", "\\u001b"],
    ["DEL", "\u007f", "\\u007f"],
    ["a control sequence in one byte", "\u009b", "\\u009b"],
    ["a soft hyphen", "\u00ad", "\\u00ad"],
    ["a space without a width", "\u200b", "\\u200b"],
    ["a line separator", "\u2028", "\\u2028"],
    ["a paragraph separator", "\u2029", "\\u2029"],
    ["a change of the text's direction", "\u202e", "\\u202e"],
    ["a byte order mark", "\ufeff", "\\ufeff"],
    ["an unseen tag, which has two units", "\u{e0041}", "\\udb40\\udc41"],
  ])("%s", (_, character, escaped) => {
    expect(printable(character)).toBe(escaped);
    expect(printable(`a${character}b${character}${character}`)).toBe(`a${escaped}b${escaped}${escaped}`);
  });
});

test.each(["", " ", "deploy key", "bücher", "ключ", "🔑", "\u00a0", `it's "quoted" \\ u001b`])(
  "%j is left as it is",
  (text) => {
    expect(printable(text)).toBe(text);
  },
);

test("JSON remains the same JSON", () => {
  const value = { token: "\u007f\u009b31m\u202e\u{e0041}🔑\u2028" };
  const text = printable(JSON.stringify(value));
  expect(text).toBe('{"token":"\\u007f\\u009b31m\\u202e\\udb40\\udc41🔑\\u2028"}');
  expect(JSON.parse(text)).toEqual(value);
});

test.each([
  [0, "0 tokens"],
  [1, "1 token"],
  [2, "2 tokens"],
  [999, "999 tokens"],
  [1_000, "1,000 tokens"],
  [1_234_567, "1,234,567 tokens"],
])("%i is %j", (count, text) => {
  expect(plural(count, "token")).toBe(text);
});

test.each([
  [12, "one two three four", "one two\nthree four"],
  [9, "  one two three", "  one\n  two\n  three"],
  [5, "uninterruptible ok", "uninterruptible\nok"],
  [80, "one two", "one two"],
  [80, "", ""],
])("in %i columns, %j breaks between words", (columns, text, wrapped) => {
  expect(wrap(text, columns)).toBe(wrapped);
});

test("cells of a table stand below each other", () => {
  expect(
    table([
      ["A", "LONG", "C"],
      ["longer", "b", ""],
    ]),
  ).toEqual(["A       LONG  C", "longer  b"]);
});
