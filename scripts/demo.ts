// Shows the built package at work, as its consumer would import it: against a mock of openapi.yaml for what is documented,
// against the fake for the bad days. Each scene says what another client would have reported.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKaitenClient, type Fetch, isProblem, KaitenError } from "kaiten-service-accounts";
import { createFakeKaiten, type Fault } from "kaiten-service-accounts/testing";
import { startPrism } from "./prism.js";

const COMMAND = join("dist", "cli", "main.js");
const TOKEN = "a-users-jwt";
const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };

function expectSeen(seen: string, expected: string): void {
  if (seen !== expected) throw new Error(`The demo failed: expected "${expected}" and saw "${seen}".`);
}

/** Revokes a token, prints what the caller sees, and fails if that is not what was expected. */
async function scene(title: string, expected: string, options: { baseUrl: string; token: string; fetch?: Fetch }) {
  console.log(`\n${title}`);
  const seen = await createKaitenClient(options)
    .serviceAccounts.tokens.revoke(REF)
    .then(
      ({ outcome, attempts }) => {
        console.log(`  resolved: ${outcome}, after ${attempts} attempt${attempts === 1 ? "" : "s"}`);
        return outcome;
      },
      (error: unknown) => {
        if (!(error instanceof KaitenError)) throw error;
        console.log(`  rejected: ${error.outcome}, ${error.name}: ${error.message}`);
        return isProblem(error) ? `${error.status}, ${error.outcome}` : error.outcome;
      },
    );
  expectSeen(seen, expected);
}

async function playDocumented(baseUrl: string): Promise<void> {
  const withHeaders =
    (change: (headers: Headers) => void): Fetch =>
    (url, init) => {
      const headers = new Headers(init.headers);
      change(headers);
      return fetch(url, { ...init, headers });
    };
  await scene("204: the token is revoked.", "revoked", { baseUrl, token: TOKEN });
  const missing = withHeaders((headers) => headers.set("prefer", "code=404"));
  await scene("404: there is no such token.", "404, absent", { baseUrl, token: TOKEN, fetch: missing });
  const stripped = withHeaders((headers) => headers.delete("authorization"));
  await scene("401: the credential does not arrive.", "401, not-revoked", { baseUrl, token: TOKEN, fetch: stripped });
}

async function playBadDay(title: string, fault: Fault, times: number, expected: string): Promise<void> {
  const fake = createFakeKaiten({ tokens: [REF] });
  fake.play(fault, { times });
  const { baseUrl, credential: token, fetch } = fake;
  await scene(title, expected, { baseUrl, token, fetch });
  console.log(`  the truth: the token is ${fake.isAlive(REF) ? "active" : "revoked"}`);
}

async function playBadDays(): Promise<void> {
  await playBadDay(
    "The answer is lost, though the token is revoked. Others: an error, as if it were still active.",
    "lost-after-commit",
    1,
    "absent",
  );
  await playBadDay(
    "An outage: nothing but 500. Others: an error, as if it were still active.",
    "api-500-after-commit",
    Number.POSITIVE_INFINITY,
    "500, unknown",
  );
  await playBadDay("A login page with status 200. Others: success.", "login-page", 1, "unknown");

  console.log("\nA run of 300 tokens through a limit of 100 requests/s. Others: a third fails with 429.");
  const tokens = Array.from({ length: 300 }, (_, index) => ({ ...REF, tokenSlug: `leaked-${index}` }));
  const limited = createFakeKaiten({ tokens, rateLimit: 100 });
  const { baseUrl, fetch } = limited;
  const { revokeAll } = createKaitenClient({ baseUrl, token: limited.credential, fetch }).serviceAccounts.tokens;
  const counts: Record<string, number> = {};
  for await (const { outcome } of revokeAll(tokens, { concurrency: 64 })) counts[outcome] = (counts[outcome] ?? 0) + 1;
  console.log(
    `  ${JSON.stringify(counts)}, ${limited.alive().length} still active, ${limited.requests.length} requests`,
  );
  expectSeen(JSON.stringify(counts), '{"revoked":300}');

  console.log("\nVerify a revoked secret. Others: the 204 was the end of it.");
  const secret = "ksh_leaked-secret";
  const fake = createFakeKaiten({ tokens: [{ ...REF, secret }] });
  const kaiten = createKaitenClient({ baseUrl: fake.baseUrl, token: fake.credential, fetch: fake.fetch });
  await kaiten.serviceAccounts.tokens.revoke(REF);
  fake.play("stale-replica");
  for (const expected of ["active", "inactive"]) {
    const { validity, reason } = await kaiten.verify(secret);
    console.log(`  ${validity}: ${reason}`);
    expectSeen(validity, expected);
  }
}

/** Runs the command on this terminal, with its progress bar where there is one. */
function runCommand(baseUrl: string, ...parameters: string[]): void {
  console.log(`\n$ kaiten-service-accounts ${parameters.join(" ")}`);
  const env = { ...process.env, KAITEN_BASE_URL: baseUrl, KAITEN_AUTH_TOKEN: TOKEN };
  execFileSync(process.execPath, [COMMAND, ...parameters], { stdio: "inherit", env });
}

async function main(): Promise<void> {
  console.log("Starting a mock of openapi.yaml …");
  const prism = await startPrism("openapi.yaml");
  const folder = mkdtempSync(join(tmpdir(), "kaiten-demo-"));
  try {
    await playDocumented(prism.url);
    await playBadDays();
    runCommand(prism.url, "revoke", "ci-bot", "deploy-key", "--yes");
    const list = join(folder, "leak.csv");
    const lines = Array.from({ length: 50 }, (_, index) => `ci-bot-${index % 5},leaked-${index}`);
    writeFileSync(list, ["account,token", ...lines].join("\n"));
    runCommand(prism.url, "revoke", "--from", list, "--concurrency", "4", "--yes");
  } finally {
    rmSync(folder, { recursive: true });
    await prism.stop();
  }
  console.log("\nThe mock is stopped. The same code revokes real tokens: only baseUrl and token differ.");
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
