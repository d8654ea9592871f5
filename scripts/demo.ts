// Shows the built package at work against the fake of the API, over a socket: what a client would guess, and what the record says.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createKaitenClient, KaitenError } from "kaiten-service-accounts";
import { createFakeKaiten } from "kaiten-service-accounts/testing";

const SECRET = "ksh_secret-of-deploy-key";
const tokens = ["deploy-key", "old-key", "spare-key"].map((tokenSlug) => ({ serviceAccountSlug: "ci-bot", tokenSlug }));
const fake = createFakeKaiten({ tokens: tokens.map((ref, index) => (index === 0 ? { ...ref, secret: SECRET } : ref)) });
const { url, close } = await fake.listen();
const kaiten = createKaitenClient({ baseUrl: url, token: fake.credential });

/** @returns the outcome. */
async function revoke(tokenSlug: string): Promise<string> {
  const before = fake.requests.length;
  const ref = { serviceAccountSlug: "ci-bot", tokenSlug };
  const ended = await kaiten.serviceAccounts.tokens.revoke(ref).catch((error: unknown) => {
    if (error instanceof KaitenError) return error;
    throw error;
  });
  const answers = fake.requests.slice(before).map(({ method, answered }) => `${method} ${answered ?? "lost"}`);
  const when = "revokedAt" in ended ? `, at ${ended.revokedAt} by ${ended.revokedBy?.name ?? ended.revokedBy?.id}` : "";
  console.log(`  ${tokenSlug}: ${answers.join(", ")} → ${ended.outcome}${when}`);
  if (ended instanceof KaitenError) console.log(`  ${ended.summary}`);
  return ended.outcome;
}

/** @returns whether the secret of deploy-key is accepted. */
async function verify(): Promise<string> {
  const { validity, reason } = await kaiten.verify(SECRET);
  console.log(`  ${validity}: ${reason}`);
  return validity;
}

/** The command, on this terminal. */
async function command(...parameters: string[]): Promise<void> {
  console.log(`\n$ kaiten-service-accounts ${parameters.join(" ")}`);
  const env = { ...process.env, KAITEN_BASE_URL: url, KAITEN_AUTH_TOKEN: fake.credential };
  const child = spawn(process.execPath, ["dist/cli/main.js", ...parameters], { stdio: "inherit", env });
  const [code] = await once(child, "close");
  assert.equal(code, 0);
}

try {
  console.log("\nThe database of the API is down: it refuses every secret, also one that lives.");
  const repair = fake.play("database-down", { times: Number.POSITIVE_INFINITY });
  assert.equal(await verify(), "unknown");
  repair();

  console.log("\nThe answer is lost, and the next one is 404. The record says what became of the token.");
  fake.play("lost-after-commit");
  assert.equal(await revoke("deploy-key"), "revoked");
  assert.equal(await verify(), "inactive");

  console.log("\nA token that was revoked before, and a name that is misspelt: the API answers 404 to both.");
  assert.equal(await revoke("deploy-key"), "revoked");
  assert.equal(await revoke("deploy-kye"), "absent");

  await command("revoke", "ci-bot", "old-key", "--yes");
  await command("list", "ci-bot");
  console.log("\nThe same code revokes real tokens: only the base URL and the credential differ.");
} finally {
  await close();
}
