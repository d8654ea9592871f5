// A slug arrives as exactly one segment of the path, whatever is in it. The witness is Prism's log.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { createKaitenClient } from "../../src/index.js";
import { prism, TOKEN } from "./mock.js";

const kaiten = createKaitenClient({ baseUrl: prism.url, token: TOKEN, retries: 0 });

/** The paths that Prism has received, each in its segments as it decodes. */
async function received(): Promise<string[][]> {
  const log = await readFile(prism.log, "utf8");
  const paths = [...log.matchAll(/\[HTTP SERVER\] delete \/(\S*) .*Request received/g)];
  return paths.map(([, path = ""]) => path.split("/").map(decodeURIComponent));
}

/** Revokes by these slugs, and waits until the log shows them as they are. */
async function expectArrival(slugs: readonly (readonly [serviceAccountSlug: string, tokenSlug: string])[]) {
  for (const [serviceAccountSlug, tokenSlug] of slugs) {
    const { outcome } = await kaiten.serviceAccounts.tokens.revoke({ serviceAccountSlug, tokenSlug });
    expect(outcome).toBe("revoked");
  }
  const expected = slugs.map(([account, token]) => ["service-accounts", account, "tokens", token]);
  await vi.waitFor(async () => expect(await received()).toEqual(expect.arrayContaining(expected)), { timeout: 5_000 });
}

test.each([
  ["a space", "my token"],
  ["spaces around it", " token "],
  ["a slash", "my/token"],
  ["what would leave the folder", "../../tokens/other"],
  ["a backslash", "..\\other"],
  ["a percent sign", "100%"],
  ["an encoded slash", "my%2Ftoken"],
  ["an encoded dot segment", "%2e%2e"],
  ["a question mark", "token?force=true"],
  ["a hash", "token#1"],
  ["a semicolon", "token;v=1"],
  ["an ampersand", "a&b=c"],
  ["a plus sign", "a+b"],
  ["a colon and an at sign", "user:secret@host"],
  ["quotes", `"it's"`],
  ["brackets", "<{[(token)]}>"],
  ["control characters", "a\0b\tc\r\nd\x1b[31me\x7f"],
  ["accents", "jeton-périmé"],
  ["another script, from right to left", "مفتاح"],
  ["a combining accent, which is not composed", "e\u0301"],
  ["an emoji of several code points", "👩‍👩‍👧‍👦"],
  ["a byte order mark and other invisible characters", "\uFEFFa\u200b\u2028b"],
  ["three dots", "..."],
  ["a placeholder of the path", "{tokenSlug}"],
  ["a format directive of the log", "%s %d %j"],
  ["2 000 characters", "long-".repeat(400)],
])("a slug with %s", async (_, slug) => {
  await expectArrival([
    [slug, "plain"],
    ["plain", slug],
    [slug, slug],
  ]);
});

test("a slug with any ASCII character", async () => {
  const characters = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
  await expectArrival(characters.map((character) => [`a${character}b`, `${character}${character}${character}`]));
});

test("a slug of any text", async () => {
  const slug = fc.string({ unit: "binary", minLength: 1 }).filter((text) => text !== "." && text !== "..");
  await fc.assert(
    fc.asyncProperty(slug, slug, (account, token) => expectArrival([[account, token]])),
    { numRuns: 100 },
  );
});

describe("slugs that would address something else", () => {
  test.each(["", ".", "..", "\ud800"])("%j reaches nobody", async (slug) => {
    const mark = randomUUID();
    for (const ref of [
      { serviceAccountSlug: mark, tokenSlug: slug },
      { serviceAccountSlug: slug, tokenSlug: mark },
    ]) {
      const error = await kaiten.serviceAccounts.tokens.revoke(ref).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(TypeError);
    }
    // The log is written later: a request that comes after these tells when it would hold them.
    await expectArrival([["after", randomUUID()]]);
    expect((await received()).flat()).not.toContain(mark);
  });
});
