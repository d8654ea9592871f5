// A cache in front of the record: an old record, or one of another organization, makes no living token dead.
import { expect, test } from "vitest";
import { createKaitenClient, type TokenRef } from "../../src/index.js";
import { createFakeKaiten, type FakeToken } from "../../src/testing/index.js";
import { describeWith, startGateway } from "./gateway.js";
import { serve } from "./origin.js";

const REF: TokenRef = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
const OTHER: TokenRef = { serviceAccountSlug: "ci-bot", tokenSlug: "other-key" };
const REVOKED = { revokedAt: "2026-01-01T00:00:00Z" };

/** The tokens that another credential saw when the record was cached; a minute later ours asks, and its token is active. */
const CACHED: [string, FakeToken[]][] = [
  ["of another organization, in which the token is revoked", [{ ...REF, ...REVOKED }]],
  ["of another organization, which has no such token", [OTHER]],
  ["of another organization, which has no such account", []],
  ["of another organization, in which the token is active", [REF]],
];

describeWith("nginx")("nginx has cached the record", () => {
  test.each(CACHED)("%s", async (_, tokens) => {
    const theirs = createFakeKaiten({ tokens, credential: "ksh_theirs-0123456789" });
    const ours = createFakeKaiten({ tokens: [REF], credential: "ksh_ours-0123456789" });
    await using origin = await serve((url, init) => {
      const { authorization } = init.headers as Record<string, string>;
      return (authorization?.includes(ours.credential) ? ours : theirs).fetch(url, init);
    });
    await using gateway = await startGateway("cache.nginx.conf", { origin: origin.port });
    const baseUrl = `http://127.0.0.1:${gateway.port()}/api`;
    const open = ({ credential }: typeof ours) => createKaitenClient({ baseUrl, token: credential, retries: 0 });
    await open(theirs)
      .serviceAccounts.get("ci-bot")
      .catch(() => {});
    ours.play("api-500-before-commit");
    const ended = await open(ours)
      .serviceAccounts.tokens.revoke(REF)
      .catch((error) => error);
    expect(ours.isAlive(REF)).toBe(true);
    expect(ended.outcome, ended.message).toBe("unknown");
  });

  test("from before the token was created", async () => {
    const before = createFakeKaiten({ tokens: [OTHER] });
    const after = createFakeKaiten({ tokens: [REF, OTHER] });
    let now = before;
    await using origin = await serve((url, init) => now.fetch(url, init));
    await using gateway = await startGateway("cache.nginx.conf", { origin: origin.port });
    const baseUrl = `http://127.0.0.1:${gateway.port()}/api`;
    const { get, tokens } = createKaitenClient({ baseUrl, token: after.credential, retries: 0 }).serviceAccounts;
    await get("ci-bot");
    now = after;
    after.play("api-500-before-commit");
    const ended = await tokens.revoke(REF).catch((error) => error);
    expect(after.isAlive(REF)).toBe(true);
    expect(ended.outcome, ended.message).toBe("unknown");
  });

  test("from before the token was revoked: it is not known to be dead, but asked again it is", async () => {
    const fake = createFakeKaiten({ tokens: [REF] });
    await using origin = await serve(fake.fetch);
    await using gateway = await startGateway("cache.nginx.conf", { origin: origin.port });
    const baseUrl = `http://127.0.0.1:${gateway.port()}/api`;
    const { get, tokens } = createKaitenClient({ baseUrl, token: fake.credential, retries: 0 }).serviceAccounts;
    await get("ci-bot");
    fake.play("lost-after-commit");
    const ended = await tokens.revoke(REF).catch((error) => error);
    expect(fake.isAlive(REF)).toBe(false);
    expect(ended.outcome, ended.message).toMatch(/^(revoked|unknown)$/);
  });
});
