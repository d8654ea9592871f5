// A run under the gateway's own limiter over real sockets: 100 requests a second, and a 429 in plain text without Retry-After.
import { expect, test } from "vitest";
import { createKaitenClient } from "../../src/index.js";
import { createFakeKaiten } from "../../src/testing/index.js";

test("three hundred tokens are all revoked", async () => {
  const tokens = Array.from({ length: 300 }, (_, index) => ({ serviceAccountSlug: "ci-bot", tokenSlug: `t${index}` }));
  const fake = createFakeKaiten({ tokens, rateLimit: 100 });
  const server = await fake.listen();
  try {
    const kaiten = createKaitenClient({ baseUrl: server.url, token: fake.credential });
    for await (const { outcome } of kaiten.serviceAccounts.tokens.revokeAll(tokens, { concurrency: 64 })) {
      expect(outcome).toBe("revoked");
    }
    expect(fake.alive()).toEqual([]);
  } finally {
    await server.close();
  }
});
