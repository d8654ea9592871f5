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

interface Sender {
  baseUrl: string;
  token: string;
  fetch?: Fetch;
}

/** What a client reports that knows only success and failure. */
async function revokePlainly({ baseUrl, token, fetch = globalThis.fetch }: Sender, ref = REF): Promise<string> {
  const url = `${baseUrl}/service-accounts/${ref.serviceAccountSlug}/tokens/${ref.tokenSlug}`;
  const answer = fetch(url, { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
  return answer.then(
    ({ ok, status }) => (ok ? "success" : `failure (${status})`),
    () => "failure (no answer)",
  );
}

/**
 * Revokes a token, prints what the caller sees and what another client reports, and fails if the first is not what was
 * expected. Each of them has a sender of its own: the fake remembers.
 */
async function scene(title: string, expected: string, newSender: () => Sender): Promise<void> {
  console.log(`\n${title}`);
  const seen = await createKaitenClient(newSender())
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
  console.log(`  another client: ${await revokePlainly(newSender())}`);
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
  await scene("204: the token is revoked.", "revoked", () => ({ baseUrl, token: TOKEN }));
  const missing = withHeaders((headers) => headers.set("prefer", "code=404"));
  await scene("404: there is no such token.", "404, absent", () => ({ baseUrl, token: TOKEN, fetch: missing }));
  const stripped = withHeaders((headers) => headers.delete("authorization"));
  await scene("401: the credential does not arrive.", "401, not-revoked", () => ({
    baseUrl,
    token: TOKEN,
    fetch: stripped,
  }));
}

async function playBadDay(title: string, fault: Fault, times: number, expected: string): Promise<void> {
  const truths: (() => boolean)[] = [];
  await scene(title, expected, () => {
    const { baseUrl, credential: token, fetch, play, isAlive } = createFakeKaiten({ tokens: [REF] });
    play(fault, { times });
    truths.push(() => isAlive(REF));
    return { baseUrl, token, fetch };
  });
  const states = truths.map((isAlive) => (isAlive() ? "active" : "revoked"));
  console.log(`  the truth: the token is ${[...new Set(states)].join(" and ")}`);
}

/** How often each word is there. */
function count(words: readonly string[]): string {
  return [...new Set(words)].map((word) => `${words.filter((each) => each === word).length} ${word}`).join(", ");
}

async function playBadDays(): Promise<void> {
  await playBadDay("The answer is lost, though the token is revoked.", "lost-after-commit", 1, "absent");
  await playBadDay("An outage: nothing but 500.", "api-500-after-commit", Number.POSITIVE_INFINITY, "500, unknown");
  await playBadDay("A login page with status 200.", "login-page", 1, "unknown");

  console.log("\nA run of 300 tokens through a limit of 100 requests/s.");
  const tokens = Array.from({ length: 300 }, (_, index) => ({ ...REF, tokenSlug: `leaked-${index}` }));
  const limit = () => createFakeKaiten({ tokens, rateLimit: 100 });
  const { baseUrl, credential: token, fetch, requests } = limit();
  const { revokeAll } = createKaitenClient({ baseUrl, token, fetch }).serviceAccounts.tokens;
  const outcomes: string[] = [];
  for await (const { outcome } of revokeAll(tokens, { concurrency: 64 })) outcomes.push(outcome);
  console.log(`  ${count(outcomes)}, by ${requests.length} requests`);
  const { fetch: again } = limit();
  const reports = tokens.map((ref) => revokePlainly({ baseUrl, token, fetch: again }, ref));
  console.log(`  another client: ${count(await Promise.all(reports))}`);
  expectSeen(count(outcomes), "300 revoked");

  console.log("\nVerify a revoked secret.");
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
  console.log("  another client: success for the revocation, and no way to ask whether the secret is still accepted");
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
