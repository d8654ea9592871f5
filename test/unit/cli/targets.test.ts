// Tokens, each once and in order; and no argument that is a secret.
import { expect, test } from "vitest";
import { createTokenMap, namedTargets } from "../../../src/cli/targets.js";
import { UsageError } from "../../../src/cli/usage-error.js";

const ref = (serviceAccountSlug: string, tokenSlug: string) => ({ serviceAccountSlug, tokenSlug });

test("tokens are kept once, by account, in the order they were added", () => {
  const tokens = createTokenMap<number>();
  expect(tokens.size).toBe(0);
  tokens.set(ref("b", "2"), 1);
  tokens.set(ref("a", "1"), 2);
  tokens.set(ref("b", "1"), 3);
  tokens.set(ref("b", "2"), 4);
  expect([...tokens.entries()]).toEqual([
    [ref("b", "2"), 4],
    [ref("b", "1"), 3],
    [ref("a", "1"), 2],
  ]);
  expect(tokens.size).toBe(3);
  expect(tokens.get(ref("b", "2"))).toBe(4);
  expect(tokens.get(ref("a", "2"))).toBeUndefined();
});

test("slugs with the names of members that every object has are slugs like any other", () => {
  const tokens = createTokenMap<true>();
  expect(tokens.get(ref("constructor", "__proto__"))).toBeUndefined();
  tokens.set(ref("constructor", "__proto__"), true);
  expect(tokens.get(ref("constructor", "__proto__"))).toBe(true);
});

test("tokens named as arguments are sent once each", () => {
  const targets = namedTargets("ci-bot", ["deploy-key", "old-key", "deploy-key"], []);
  expect([...targets.entries()].map(([target]) => target)).toEqual([
    ref("ci-bot", "deploy-key"),
    ref("ci-bot", "old-key"),
  ]);
  expect(targets.get(ref("ci-bot", "old-key"))).toBe(true);
});

test.each<[string, string, string[], string]>([
  ["a token that is a secret", "ci-bot", ["deploy-key", "ksh_abcdefgh"], "The token is a secret"],
  ["a token with the credential in it", "ci-bot", ["my-s3cr3t-credential"], "The token is a secret"],
  ["an account that is a secret", "ksh_abcdefgh", ["deploy-key"], "The service account is a secret"],
  ["an empty token", "ci-bot", [""], "The token is empty"],
  ["a token that would address something else", "ci-bot", [".."], 'The token is ".."'],
])("%s is refused, without showing a secret", (_, account, tokens, message) => {
  const act = () => namedTargets(account, tokens, ["s3cr3t-credential"]);
  expect(act).toThrow(UsageError);
  expect(act).toThrow(message);
  expect(act).not.toThrow(/ksh_abc|s3cr3t/);
});
