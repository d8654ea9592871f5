// Shows the built package at work against the fake: what a caller sees on a good and on a bad day, and the command.
import { execFileSync } from "node:child_process";
import { createKaitenClient, type KaitenError } from "kaiten-service-accounts";
import { createFakeKaiten, type FakeKaiten, type Fault } from "kaiten-service-accounts/testing";

const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };

const clientOf = ({ baseUrl, credential: token, fetch }: FakeKaiten) => createKaitenClient({ baseUrl, token, fetch });

/** Revokes a token while the server behaves as the fault says. */
async function revoke(title: string, faults: readonly Fault[]): Promise<void> {
  const fake = createFakeKaiten({ tokens: [REF] });
  for (const fault of faults) fake.play(fault);
  const { outcome, attempts, message } = await clientOf(fake)
    .serviceAccounts.tokens.revoke(REF)
    .then(
      (revocation) => ({ ...revocation, message: "" }),
      (error: KaitenError) => error,
    );
  console.log(`\n${title}\n  ${outcome} after ${attempts} attempt(s)${message && `: ${message}`}`);
  console.log(`  the truth: the token is ${fake.isAlive(REF) ? "active" : "revoked"}`);
}

await revoke("The API answers 204.", []);
await revoke("The answer is lost, though the token is revoked.", ["lost-after-commit"]);
await revoke("A login page with status 200.", ["login-page"]);

console.log("\nA run of 300 tokens through a limit of 100 requests a second.");
const tokens = Array.from({ length: 300 }, (_, index) => ({ ...REF, tokenSlug: `leaked-${index}` }));
const limited = createFakeKaiten({ tokens, rateLimit: 100 });
const { revokeAll } = clientOf(limited).serviceAccounts.tokens;
let revoked = 0;
for await (const { outcome } of revokeAll(tokens, { concurrency: 64 })) if (outcome === "revoked") revoked++;
console.log(`  ${revoked} revoked, by ${limited.requests.length} requests`);

console.log("\nIs a leaked secret still accepted, once its token is revoked?");
const secret = "ksh_leaked-secret";
const fake = createFakeKaiten({ tokens: [{ ...REF, secret }, ...tokens] });
const kaiten = clientOf(fake);
await kaiten.serviceAccounts.tokens.revoke(REF);
fake.play("stale-replica");
for (const _ of ["a stale replica", "the others"]) {
  const { validity, reason } = await kaiten.verify(secret);
  console.log(`  ${validity}: ${reason}`);
}

console.log("\n$ kaiten-service-accounts revoke ci-bot leaked-0 leaked-1 --yes");
const { url, close } = await fake.listen();
const env = { ...process.env, KAITEN_BASE_URL: url, KAITEN_AUTH_TOKEN: fake.credential };
execFileSync("node", ["dist/cli/main.js", "revoke", "ci-bot", "leaked-0", "leaked-1", "--yes"], {
  stdio: "inherit",
  env,
});
await close();
