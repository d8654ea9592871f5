// Requests that the contract does not have: Prism refuses them, and that says nothing of the token.
import { expect, test } from "vitest";
import { createKaitenClient } from "../../src/index.js";
import { preferring, prism, problemOf, REF, TOKEN } from "./mock.js";

const PRISM = "https://stoplight.io/prism/errors#";

test("another method is answered 405, and the token is not revoked", async () => {
  const kaiten = createKaitenClient({
    baseUrl: prism.url,
    token: TOKEN,
    fetch: (url, init) => fetch(url, { ...init, method: "PUT" }),
  });
  const error = await problemOf(kaiten.serviceAccounts.tokens.revoke(REF));
  expect(error).toMatchObject({
    status: 405,
    outcome: "not-revoked",
    problem: { type: `${PRISM}NO_METHOD_MATCHED_ERROR` },
  });
});

test("a base URL with a path that is not there is answered 404, which is not taken for an absent token", async () => {
  const kaiten = createKaitenClient({ baseUrl: `${prism.url}/wrong/prefix`, token: TOKEN });
  const error = await problemOf(kaiten.serviceAccounts.tokens.revoke(REF));
  expect(error).toMatchObject({
    status: 404,
    outcome: "not-revoked",
    problem: { type: `${PRISM}NO_PATH_MATCHED_ERROR` },
  });
  expect(error.message).toContain("There may be no API at this base URL");
});

test("an API without such a route answers 404, which is not taken for an absent token either", async () => {
  const kaiten = createKaitenClient({
    baseUrl: prism.url,
    token: TOKEN,
    fetch: preferring("DELETE", "code=404, example=route-not-found"),
  });
  const error = await problemOf(kaiten.serviceAccounts.tokens.revoke(REF));
  expect(error).toMatchObject({ status: 404, outcome: "not-revoked", code: "NOT_FOUND" });
});
