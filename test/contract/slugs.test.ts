// A slug arrives at the API as exactly one segment of the path. The witness is Prism's log; `faults/slugs.test.ts` has
// many more of them, and those that reach nobody, against a server of its own.
import { readFile } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import { createKaitenClient } from "../../src/index.js";
import { prism, TOKEN } from "./mock.js";

const kaiten = createKaitenClient({ baseUrl: prism.url, token: TOKEN, retries: 0 });

/** The paths that Prism has received, each in its segments as it decodes. */
async function received(): Promise<string[][]> {
  const log = await readFile(prism.log, "utf8");
  const paths = [...log.matchAll(/\[HTTP SERVER\] delete \/(\S*) .*Request received/g)];
  return paths.map(([, path = ""]) => path.split("/").map(decodeURIComponent));
}

/** Revokes by these slugs, and waits until the log shows them as they are. */
async function expectArrival(slugs: readonly (readonly [serviceAccountSlug: string, tokenSlug: string])[]) {
  for (const [serviceAccountSlug, tokenSlug] of slugs) {
    const { outcome } = await kaiten.serviceAccounts.tokens.revoke({ serviceAccountSlug, tokenSlug });
    expect(outcome).toBe("revoked");
  }
  const expected = slugs.map(([account, token]) => ["service-accounts", account, "tokens", token]);
  await vi.waitFor(async () => expect(await received()).toEqual(expect.arrayContaining(expected)), { timeout: 50_000 });
}

test.each([
  ["as the API creates them", "deploy-key-2"],
  ["with a space", "my token"],
  ["with a question mark and a hash", "token?force=true#1"],
  ["with an accent and another script", "périmé-مفتاح"],
  ["of a placeholder of the path", "{tokenSlug}"],
  ["of 2 000 characters", "long-".repeat(400)],
])("a slug %s", async (_, slug) => {
  await expectArrival([
    [slug, "plain"],
    ["plain", slug],
    [slug, slug],
  ]);
});
