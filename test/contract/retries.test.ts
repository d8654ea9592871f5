// Several attempts at one token: what the answers prove together.
import { expect, test } from "vitest";
import { createKaitenClient, type KaitenClient } from "../../src/index.js";
import { revocation } from "../revocation.js";
import { preferring, prism, problemOf, REF, TOKEN } from "./mock.js";

const answering = (...preferences: string[]): KaitenClient =>
  createKaitenClient({ baseUrl: prism.url, token: TOKEN, fetch: preferring(...preferences) });

test("a 500 is tried again, and the 204 that follows has revoked the token", async () => {
  const kaiten = answering("code=500", "code=204");
  expect(await kaiten.serviceAccounts.tokens.revoke(REF)).toEqual(revocation("revoked", 2));
});

test("a 404 after a 500 is the goal reached: the token is absent", async () => {
  const kaiten = answering("code=500", "code=404, example=token-not-found");
  expect(await kaiten.serviceAccounts.tokens.revoke(REF)).toEqual(
    revocation("absent", 2, { errorId: expect.any(String) }),
  );
});

test.each([401, 403, 422])("a refusal (%i) after a 500 leaves the token unknown", async (status) => {
  const error = await problemOf(answering("code=500", `code=${status}`).serviceAccounts.tokens.revoke(REF));
  expect(error).toMatchObject({ status, outcome: "unknown", attempts: 2 });
});

test("a first 404 rejects", async () => {
  const error = await problemOf(answering("code=404").serviceAccounts.tokens.revoke(REF));
  expect(error).toMatchObject({ status: 404, outcome: "absent", attempts: 1 });
});

test("a first 404 resolves where an absent token is as good as a revoked one", async () => {
  const call = answering("code=404").serviceAccounts.tokens.revoke(REF, { ignoreAbsent: true });
  expect(await call).toEqual(revocation("absent", 1, { errorId: expect.any(String) }));
});
