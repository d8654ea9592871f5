// What may stand in a slug arrives as exactly one segment of the path. What may not is refused, and nothing is sent:
// `unit/slug.test.ts` has all of that.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKaitenClient } from "../../src/index.js";
import { undiciFetch } from "../../src/undici.js";
import { playScript, type ScriptedServer } from "./server.js";

const TOKEN = "opaque-0123456789";

const ALLOWED: [string, string][] = [
  ["a space", "my token"],
  ["spaces around it", " token "],
  ["a question mark", "token?force=true"],
  ["a hash", "token#1"],
  ["a semicolon", "token;v=1"],
  ["an ampersand", "a&b=c"],
  ["a plus sign", "a+b"],
  ["a colon and an at sign", "user:secret@host"],
  ["quotes", `"it's"`],
  ["brackets", "<{[(token)]}>"],
  ["accents", "jeton-périmé"],
  ["another script, from right to left", "مفتاح"],
  ["a combining accent, which is not composed", "e\u0301"],
  ["an emoji of several code points", "👩‍👩‍👧‍👦"],
  ["a byte order mark and a space without width", "\uFEFFa\u200bb"],
  ["three dots", "..."],
  ["a placeholder of the path", "{tokenSlug}"],
  ["2 000 characters", "long-".repeat(400)],
  ["the beginning of a secret, not at its own beginning", "my-ksh_key"],
  ["what begins like a JWT, with one dot", "eyJ.x"],
  ["all of the credential but a character", TOKEN.slice(1)],
];

const undici = undiciFetch();
afterAll(() => undici.close());

describe.each([
  ["the platform's fetch", undefined],
  ["undici", undici],
])("over %s, a slug", (_, fetch) => {
  let server: ScriptedServer;
  beforeAll(async () => {
    server = await playScript([(exchange) => exchange.socket.write("HTTP/1.1 204 No Content\r\n\r\n")]);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const revoke = (serviceAccountSlug: string, tokenSlug: string) =>
    createKaitenClient({ baseUrl: server.url, token: TOKEN, fetch, retries: 0 }).serviceAccounts.tokens.revoke({
      serviceAccountSlug,
      tokenSlug,
    });

  async function expectArrival(account: string, token: string): Promise<void> {
    await revoke(account, token);
    const segments = server.requests.at(-1)?.path.split("/").map(decodeURIComponent);
    expect(segments).toEqual(["", "service-accounts", account, "tokens", token]);
  }

  /** In either place, without being shown. */
  async function expectRefusal(slug: string): Promise<void> {
    const before = server.requests.length;
    for (const call of [revoke(slug, "plain"), revoke("plain", slug)]) {
      const error: unknown = await call.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TypeError);
      if (slug.length > 3) expect(String((error as Error).stack)).not.toContain(slug);
    }
    expect(server.requests).toHaveLength(before);
  }

  test.each(ALLOWED)("with %s arrives as it is", async (_, slug) => {
    await expectArrival(slug, "plain");
    await expectArrival("plain", slug);
    await expectArrival(slug, slug);
  });

  test("with any ASCII character arrives as it is or is refused", async () => {
    for (let code = 0; code < 128; code++) {
      const character = String.fromCharCode(code);
      const refused = code < 32 || code === 127 || "/\\%".includes(character);
      for (const slug of [`a${character}b`, character.repeat(3)]) {
        await (refused ? expectRefusal(slug) : expectArrival(slug, slug));
      }
    }
  });
});
