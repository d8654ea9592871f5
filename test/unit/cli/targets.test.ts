// What is to be revoked: each token once, in order, as long as it is not known to be dead; and no slug that is none.
import { describe, expect, test } from "vitest";
import { createTargets, type Targets } from "../../../src/cli/targets.js";

const CREDENTIAL = "ksh_0123456789";

function targetsOf(...refs: [account: string, token: string][]): Targets {
  const targets = createTargets(CREDENTIAL);
  for (const [serviceAccountSlug, tokenSlug] of refs) targets.add({ serviceAccountSlug, tokenSlug });
  return targets;
}

const ref = (serviceAccountSlug: string, tokenSlug: string) => ({ serviceAccountSlug, tokenSlug });

function refusal(act: () => unknown): string {
  try {
    return String(act());
  } catch (error) {
    return (error as Error).message;
  }
}

test("there are none at first", () => {
  const targets = createTargets(CREDENTIAL);
  expect([...targets]).toEqual([]);
  expect(targets.size).toBe(0);
  expect(targets.accounts).toBe(0);
});

test("they come by account, in the order they were added, and are counted", () => {
  const targets = targetsOf(["b", "2"], ["a", "1"], ["b", "1"], ["a", "2"]);
  expect([...targets]).toEqual([ref("b", "2"), ref("b", "1"), ref("a", "1"), ref("a", "2")]);
  expect(targets.size).toBe(4);
  expect(targets.accounts).toBe(2);
});

test("one that is there is not added again, and add says so", () => {
  const targets = createTargets(CREDENTIAL);
  expect(targets.add(ref("a", "1"))).toBe(true);
  expect(targets.add(ref("a", "1"))).toBe(false);
  expect(targets.add(ref("a", "2"))).toBe(true);
  expect(targets.add(ref("b", "1"))).toBe(true);
  expect(targets.size).toBe(3);
  expect([...targets]).toEqual([ref("a", "1"), ref("a", "2"), ref("b", "1")]);
});

describe("one that is dead", () => {
  test("is there no more, and the others are", () => {
    const targets = targetsOf(["a", "1"], ["a", "2"], ["b", "1"]);
    targets.delete(ref("a", "1"));
    expect([...targets]).toEqual([ref("a", "2"), ref("b", "1")]);
    expect(targets.size).toBe(2);
  });

  test("is taken out once", () => {
    const targets = targetsOf(["a", "1"], ["a", "2"]);
    targets.delete(ref("a", "1"));
    targets.delete(ref("a", "1"));
    expect(targets.size).toBe(1);
  });

  test("is nothing to take out where it never was", () => {
    const targets = targetsOf(["a", "1"]);
    targets.delete(ref("a", "2"));
    targets.delete(ref("b", "1"));
    expect([...targets]).toEqual([ref("a", "1")]);
    expect(targets.size).toBe(1);
  });
});

describe("a slug is refused", () => {
  const holds = "holds the credential itself: give the slug, which is a name. Nothing was sent.";
  test.each([
    ["", "is empty. Nothing was sent."],
    ["..", 'is "..", which would address something else. Nothing was sent.'],
    [7, "must be a string, not number. Nothing was sent."],
    [null, "must be a string, not null. Nothing was sent."],
    [undefined, "must be a string, not undefined. Nothing was sent."],
    ["\ud800", "has a lone surrogate, which cannot be sent. Nothing was sent."],
    [CREDENTIAL, holds],
    [`Bearer ${CREDENTIAL}, as sent`, holds],
  ])("%j", (slug, fault) => {
    const targets = createTargets(CREDENTIAL);
    expect(refusal(() => targets.add({ serviceAccountSlug: slug, tokenSlug: "b" }))).toBe(
      `serviceAccountSlug ${fault}`,
    );
    expect(refusal(() => targets.add({ serviceAccountSlug: "a", tokenSlug: slug }))).toBe(`tokenSlug ${fault}`);
    expect(targets.size).toBe(0);
    expect(targets.accounts).toBe(0);
  });

  test("only from 8 characters on is a credential looked for in it", () => {
    expect(createTargets("1234567").add(ref("a", "token-1234567"))).toBe(true);
    expect(() => createTargets("12345678").add(ref("a", "token-12345678"))).toThrow("tokenSlug holds the credential");
  });
});
