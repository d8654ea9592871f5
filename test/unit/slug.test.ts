// Which slugs may leave this machine.
import { describe, expect, test } from "vitest";
import { assertSlug } from "../../src/slug.js";

describe("a slug that would not arrive as one segment is refused by name", () => {
  test.each([
    [undefined, "must be a string, not undefined"],
    [null, "must be a string, not null"],
    [7, "must be a string, not number"],
    [["a"], "must be a string, not object"],
    [new String("a"), "must be a string, not object"],
    ["", "is empty"],
    [".", 'is "."'],
    ["..", 'is ".."'],
    ["\ud800", "has a lone surrogate"],
    ["a\udc00b", "has a lone surrogate"],
    ["\udc00\ud800", "has a lone surrogate"],
  ])("%j", (slug, fault) => {
    expect(() => assertSlug("tokenSlug", slug)).toThrow(TypeError);
    expect(() => assertSlug("tokenSlug", slug)).toThrow(`tokenSlug ${fault}`);
  });
});

describe("every other string is allowed", () => {
  test.each([
    "a",
    "...",
    ".a",
    "a.",
    "..a",
    "a/b",
    "../x",
    "%2e%2e",
    "%",
    " ",
    "\0",
    "\n",
    "ü",
    "😀",
    "x".repeat(10_000),
  ])("%j", (slug) => {
    expect(() => assertSlug("tokenSlug", slug)).not.toThrow();
  });
});
