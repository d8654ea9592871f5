// A run under the gateway's own limiter: 100 requests a second, and a 429 in plain text without Retry-After.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createKaitenClient } from "../../src/index.js";
import { createFakeKaiten } from "../../src/testing/index.js";

const LIMIT = 100;

const refs = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ serviceAccountSlug: "ci-bot", tokenSlug: `token-${index}` }));

describe("a thousand tokens", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date("2026-11-23T12:00:00Z") });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([8, 64, 256])(
    "at concurrency %i are all revoked, and at most one request in four is refused",
    async (concurrency) => {
      const tokens = refs(1_000);
      const fake = createFakeKaiten({ tokens, rateLimit: LIMIT, latency: (_, random) => 5 + random() * 40 });
      const kaiten = createKaitenClient({ baseUrl: fake.baseUrl, token: fake.credential, fetch: fake.fetch });
      const started = Date.now();
      let ended = 0;
      const run = async () => {
        for await (const { outcome } of kaiten.serviceAccounts.tokens.revokeAll(tokens, { concurrency })) {
          expect(outcome).toBe("revoked");
        }
        ended = Date.now();
      };
      const running = run();
      await vi.runAllTimersAsync();
      await running;
      expect(fake.alive()).toEqual([]);
      const refused = fake.requests.filter(({ answered }) => answered === 429).length;
      expect(refused / fake.requests.length).toBeLessThanOrEqual(0.25);
      // What the limit allows, and half as long again.
      expect((ended - started) / 1_000).toBeLessThanOrEqual((1.5 * tokens.length) / LIMIT);
    },
  );
});

test("three hundred tokens over real sockets and in real time are all revoked", async () => {
  const tokens = refs(300);
  const fake = createFakeKaiten({ tokens, rateLimit: LIMIT });
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
