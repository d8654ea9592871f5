// Which slugs may leave this machine, and which of them the API can have created.
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createKaitenClient, type TokenRef } from "../../src/index.js";
import { slugFault } from "../../src/slug.js";
import { absent, answer, BASE, lost, refused, revoke, scripted, TOKEN } from "./fake-api.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl";

/** Whatever a person or a log can see of it. */
const shown = (...values: unknown[]) => values.map((value) => `${inspect(value)}${JSON.stringify(value)}`).join("");

/** The reference with a slug at each of its places. */
const places = (slug: unknown) =>
  [
    ["serviceAccountSlug", { serviceAccountSlug: slug, tokenSlug: "deploy-key" }],
    ["tokenSlug", { serviceAccountSlug: "ci-bot", tokenSlug: slug }],
  ] as [string, { serviceAccountSlug: string; tokenSlug: string }][];

describe("a slug that would address something else is refused by name, and never printed", () => {
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
    ...["\0", "\n", "\r", "\t", "\x1b", "\x7f", "\x80", "\x9f"].map((c) => [`del${c}key`, "has a control character"]),
    ...["\u2028", "\u2029"].map((c) => [`del${c}key`, "has a control character"]),
    // The characters that reverse the direction of a text.
    ...["\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069"].map((c) => [
      `del${c}key`,
      "has a control character",
    ]),
    ["del/key", "has one of the characters / \\ %"],
    ["../key", "has one of the characters / \\ %"],
    ["del\\key", "has one of the characters / \\ %"],
    ["del%2fkey", "has one of the characters / \\ %"],
    ["%2e%2e", "has one of the characters / \\ %"],
  ] as [unknown, string][])("%j", async (slug, fault) => {
    for (const [name, ref] of places(slug)) {
      const { error, requests, events } = revoke(answer(204), { ref });
      expect(await error).toBeInstanceOf(TypeError);
      expect((await error).message).toContain(`${name} ${fault}`);
      expect((await error).message).toContain("Nothing was sent.");
      if (typeof slug === "string" && slug.length > 2) expect((await error).message).not.toContain(slug);
      expect([requests, events]).toEqual([[], []]);
    }
  });
});

describe("a secret in place of a slug is refused, and never printed", () => {
  test.each([
    "ksh_another-secret",
    "KSH_ANOTHER-SECRET",
    " ksh_another-secret",
    "ksm_another-secret",
    "kst_another-secret",
    "whsec_another-secret",
    "Bearer ksh_another-secret",
    "bearer  ksm_another-secret",
    JWT,
    ` ${JWT}`,
    JWT.slice(0, JWT.lastIndexOf(".") + 1),
    TOKEN,
    `my-${TOKEN}-1`,
  ])("%j", async (slug) => {
    for (const [name, ref] of places(slug)) {
      const { error, requests, events } = revoke(answer(204), { ref });
      expect(await error).toBeInstanceOf(TypeError);
      expect((await error).message).toContain(`${name} is a secret: pass the slug`);
      expect(shown(await error, events)).not.toMatch(/another-secret|c2lnbmF0dXJl|0123456789/i);
      expect(requests).toEqual([]);
    }
  });

  /** What the provider returns, the last token again and again. */
  const provider =
    (...tokens: string[]) =>
    () =>
      (tokens.length > 1 ? tokens.shift() : tokens[0]) as string;
  const OPAQUE = { serviceAccountSlug: "ci-bot", tokenSlug: "old-opaque-token" };

  test("also when it is the token that the provider returns: nothing is sent, by revoke nor by get", async () => {
    const { error, events, requests, reads } = revoke(answer(204), {
      ref: OPAQUE,
      client: { token: provider("opaque-token") },
    });
    expect(await error).toBeInstanceOf(TypeError);
    expect((await error).message).toBe(
      "tokenSlug is a secret: pass the slug, which is the token's name. Nothing was sent.",
    );
    expect(shown(await error, events)).not.toContain("opaque-token");
    expect(events[0]?.ref).toEqual({ serviceAccountSlug: "[credential]", tokenSlug: "[credential]" });
    expect([requests, reads]).toEqual([[], []]);

    const { fetch, reads: none } = scripted();
    const kaiten = createKaitenClient({ baseUrl: BASE, token: provider("opaque-token"), fetch });
    const thrown = await kaiten.serviceAccounts.get("opaque-token").catch((caught: unknown) => caught);
    expect(thrown).toBeInstanceOf(TypeError);
    expect(shown(thrown)).not.toContain("opaque-token");
    expect(none).toEqual([]);
  });

  test("also when a later attempt gets that token: the refused attempt before it was not carried out", async () => {
    const { error, requests, reads } = revoke(refused(), {
      ref: OPAQUE,
      client: { token: provider(TOKEN, "opaque-token") },
    });
    await vi.runAllTimersAsync();
    expect(await error).toBeInstanceOf(TypeError);
    expect((await error).message).toContain("The request before, with another token, was not carried out.");
    expect([requests.length, reads.length]).toEqual([1, 0]);
  });

  test("also after an attempt that may have revoked the token: the outcome is unknown, and the record is not asked", async () => {
    const call = revoke(lost(), { ref: OPAQUE, client: { token: provider(TOKEN, "opaque-token") } });
    await vi.runAllTimersAsync();
    expect(await call.error).toMatchObject({ name: "KaitenError", outcome: "unknown", attempts: 2 });
    expect((await call.error).message).toContain("tokenSlug is a secret: pass the slug");
    expect(shown(await call.error, call.events.at(-1), call.readEvents)).not.toContain("opaque-token");
    expect(call.reads).toEqual([]);
  });

  test("also when it holds a credential that is known besides, as the command asks", () => {
    const known = ["first-credential", "opaque-token"];
    expect(slugFault("my-opaque-token-1", known)).toBe("is a secret: pass the slug, which is the token's name");
    expect(slugFault("my-opaque-toke-1", known)).toBeUndefined();
  });

  test("but not a name that has something in common with one", async () => {
    for (const tokenSlug of ["ksh", "my-ksh_key", "eyJ-bot", "eyJ.bot", "whsec", "bearer-key", "pk_bot"]) {
      expect(await revoke(answer(204), { ref: { serviceAccountSlug: "a", tokenSlug } }).result).toBeDefined();
    }
    // A credential of fewer than eight characters is part of many names.
    const ref = { serviceAccountSlug: "ci-bot", tokenSlug: "seven77-key" };
    expect(await revoke(answer(204), { ref, client: { token: "seven77" } }).result).toBeDefined();
    expect(await revoke(answer(204), { ref, client: { token: "seven77-" } }).error).toBeInstanceOf(TypeError);
  });
});

describe("every other slug is sent as one segment of the path", () => {
  test.each([
    ["a", "a"],
    ["...", "..."],
    [".a", ".a"],
    ["a.", "a."],
    ["..a", "..a"],
    [" ", "%20"],
    ["a b", "a%20b"],
    ["a?b#c", "a%3Fb%23c"],
    ["a;b=c", "a%3Bb%3Dc"],
    ["{tokenSlug}", "%7BtokenSlug%7D"],
    ["$&", "%24%26"],
    ["ü", "%C3%BC"],
    ["😀", "%F0%9F%98%80"],
    ["x".repeat(10_000), "x".repeat(10_000)],
  ])("%j", async (slug, segment) => {
    const sent: string[] = [];
    for (const [, ref] of places(slug)) {
      const { requests, result } = revoke(answer(204), { ref });
      expect(await result).toMatchObject({ outcome: "revoked", ref });
      sent.push(...requests.map(({ url }) => url));
    }
    expect(sent).toEqual([
      `${BASE}/service-accounts/${segment}/tokens/deploy-key`,
      `${BASE}/service-accounts/ci-bot/tokens/${segment}`,
    ]);
  });
});

describe("absent says whether the API can have created the name", () => {
  const messageFor = async (ref: TokenRef) => {
    const { error } = revoke(absent(), { ref });
    await vi.runAllTimersAsync();
    expect(await error).toMatchObject({ name: "KaitenProblemError", outcome: "absent", ref });
    return (await error).message;
  };
  const HINT = "The API creates only names of lower-case letters, digits and hyphens.";

  test.each(["Deploy-Key", "deploy_key", "deploy.key", "-deploy", "deploy-", "d", "ü", "deploy key", "x".repeat(101)])(
    "it cannot: %s",
    async (slug) => {
      for (const [, ref] of places(slug)) expect(await messageFor(ref)).toContain(HINT);
    },
  );

  test.each(["dk", "d-k", "00", "9-9", "a--b", "x".repeat(100)])("it can: %s", async (slug) => {
    for (const [, ref] of places(slug)) expect(await messageFor(ref)).not.toContain(HINT);
  });
});
