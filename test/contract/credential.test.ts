// The credential that the contract demands of every request.
import { expect, test } from "vitest";
import { createKaitenClient } from "../../src/index.js";
import { revocation } from "../revocation.js";
import { prism, problemOf, REF, TOKEN, withHeaders } from "./mock.js";

const without = withHeaders((headers) => headers.delete("authorization"));

test("a request with the credential is carried out", async () => {
  const kaiten = createKaitenClient({ baseUrl: prism.url, token: TOKEN });
  expect(await kaiten.serviceAccounts.tokens.revoke(REF)).toEqual(revocation("revoked", 1));
});

test.each([
  ["without a credential", without],
  ["with one of another scheme", withHeaders((headers) => headers.set("authorization", "Basic bWU6c2VjcmV0"))],
])("a request %s is answered 401, and the token is not revoked", async (_, fetch) => {
  const kaiten = createKaitenClient({ baseUrl: prism.url, token: TOKEN, fetch });
  const error = await problemOf(kaiten.serviceAccounts.tokens.revoke(REF));
  expect(error).toMatchObject({ status: 401, outcome: "not-revoked", problem: { title: "Unauthorized" } });
});

test("a provider is asked for another credential after a 401, and that one is carried out", async () => {
  const asked: (string | undefined)[] = [];
  const kaiten = createKaitenClient({
    baseUrl: prism.url,
    token: ({ rejected }) => {
      asked.push(rejected);
      return rejected ? TOKEN : "expired";
    },
    fetch: withHeaders((headers) => {
      if (headers.get("authorization") === "Bearer expired") headers.delete("authorization");
    }),
  });
  expect(await kaiten.serviceAccounts.tokens.revoke(REF)).toEqual(revocation("revoked", 2));
  expect(asked).toEqual([undefined, "expired"]);
});
