// What the record says settles what an answer leaves open: both are Prism's, from the examples of openapi.yaml.
import { expect, test } from "vitest";
import { createKaitenClient, type KaitenError, type Outcome } from "../../src/index.js";
import { preferring, prism, TOKEN } from "./mock.js";

const REVOKED = "leaked-token";

/** How a revocation ends that was answered so, and then the record. */
async function endOf(tokenSlug: string, answer: string, record: string) {
  const [ofDelete, ofRead] = [preferring("DELETE", answer), preferring("GET", record)];
  const kaiten = createKaitenClient({
    baseUrl: prism.url,
    token: TOKEN,
    retries: 0,
    fetch: (url, init) => (init.method === "GET" ? ofRead : ofDelete)(url, init),
  });
  return kaiten.serviceAccounts.tokens
    .revoke({ serviceAccountSlug: "service-account-slug", tokenSlug })
    .catch((error: KaitenError) => error);
}

const ABSENT = "code=404, example=token-not-found";
const RECORD = "code=200";

test.each([
  ["a 404", ABSENT, 404],
  ["a 500", "code=500", 500],
  ["a limit", "code=429", 429],
])(
  "after %s, a token that is revoked by its record is revoked, and the caller learns when and by whom",
  async (_, answer, status) => {
    expect(await endOf(REVOKED, answer, RECORD)).toMatchObject({
      outcome: "revoked",
      status,
      attempts: 1,
      revokedAt: "2026-04-28T21:07:12.345678Z",
      revokedBy: { id: "0197e2a1-7d90-7b32-94c6-5e08a1f3b2d4" },
    });
  },
);

test.each<[string, token: string, answer: string, record: string, Outcome]>([
  ["is active", "my-token-slug", ABSENT, RECORD, "unknown"],
  ["is active, and the request was refused", "my-token-slug", "code=429", RECORD, "not-revoked"],
  ["has expired, and was not revoked", "expired-token", "code=500", RECORD, "unknown"],
  ["is not in the record", "no-such-token", "code=500", RECORD, "absent"],
  ["is of an account without tokens", REVOKED, "code=500", "code=200, example=no-tokens", "absent"],
  ["is of an account that is not there", REVOKED, ABSENT, "code=404, example=service-account-not-found", "absent"],
  ["cannot be looked up: no such route", REVOKED, "code=500", "code=404, example=route-not-found", "unknown"],
  ["cannot be looked up: a limit", REVOKED, "code=500", "code=429", "unknown"],
  ["cannot be looked up: not allowed", REVOKED, ABSENT, "code=403", "absent"],
])("a token that %s (%s; %s, %s) is %s", async (_, token, answer, record, outcome) => {
  expect(await endOf(token, answer, record)).toMatchObject({ outcome, attempts: 1 });
});
