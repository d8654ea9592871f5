// Several attempts at one token: what the answers prove together.
import { expect, test } from "vitest";
import { createKaitenClient, type KaitenClient } from "../../src/index.js";
import { revocation } from "../revocation.js";
import { preferring, prism, problemOf, REF, TOKEN } from "./mock.js";

const answering = (...preferences: string[]): KaitenClient =>
  createKaitenClient({ baseUrl: prism.url, token: TOKEN, fetch: preferring("DELETE", ...preferences) });

test("a 500 is tried again, and the 204 that follows has revoked the token", async () => {
  const kaiten = answering("code=500", "code=204");
  expect(await kaiten.serviceAccounts.tokens.revoke(REF)).toEqual(revocation("revoked", 2));
});

test("a 404 after a 500 is an absent token, where the record cannot be read", async () => {
  const error = await problemOf(answering("code=500", "code=404").serviceAccounts.tokens.revoke(REF));
  expect(error).toMatchObject({ status: 404, outcome: "absent", attempts: 2 });
});

test.each([401, 403, 422])("a refusal (%i) after a 500 leaves the token unknown", async (status) => {
  const error = await problemOf(answering("code=500", `code=${status}`).serviceAccounts.tokens.revoke(REF));
  expect(error).toMatchObject({ status, outcome: "unknown", attempts: 2 });
});
