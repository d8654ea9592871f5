// Shows the built package at work, as its consumer would import it, against a mock of openapi.yaml.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKaitenClient, type Fetch, isProblem, KaitenError } from "kaiten-service-accounts";
import { startPrism } from "./prism.js";

const COMMAND = join("dist", "cli", "main.js");
const TOKEN = "a-users-jwt";

/** Revokes a token, prints what the caller sees, and fails if that is not what was expected. */
async function scene(title: string, expected: string, baseUrl: string, fetch?: Fetch): Promise<void> {
  console.log(`\n${title}\n`);
  const { tokens } = createKaitenClient({ baseUrl, token: TOKEN, fetch }).serviceAccounts;
  const seen = await tokens.revoke({ serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" }).then(
    ({ outcome, attempts }) => {
      console.log(`  resolved: { outcome: "${outcome}", attempts: ${attempts} }`);
      return outcome;
    },
    (error: unknown) => {
      if (!(error instanceof KaitenError)) throw error;
      console.log(`  rejected: ${error.name}: ${error.message}`);
      console.log(`  outcome:  "${error.outcome}"`);
      if (isProblem(error)) console.log(`  problem:  ${JSON.stringify(error.problem)}`);
      return isProblem(error) ? `${error.status}, ${error.outcome}` : error.outcome;
    },
  );
  if (seen !== expected) throw new Error(`The demo failed: expected "${expected}" and saw "${seen}".`);
}

/** Runs the command on this terminal, with its progress bar where there is one. */
function runCommand(baseUrl: string, ...parameters: string[]): void {
  console.log(`\n$ kaiten-tokens ${parameters.join(" ")}`);
  const env = { ...process.env, KAITEN_BASE_URL: baseUrl, KAITEN_AUTH_TOKEN: TOKEN };
  execFileSync(process.execPath, [COMMAND, ...parameters], { stdio: "inherit", env });
}

async function play(baseUrl: string, folder: string): Promise<void> {
  await scene("A token is revoked:", "revoked", baseUrl);
  await scene("There is no such token (the mock is asked to say so):", "404, absent", baseUrl, (url, init) => {
    const headers = new Headers(init.headers);
    headers.set("prefer", "code=404");
    return fetch(url, { ...init, headers });
  });
  await scene("The credential does not arrive:", "401, not-revoked", baseUrl, (url, { headers: _, ...init }) =>
    fetch(url, init),
  );

  runCommand(baseUrl, "revoke", "ci-bot", "deploy-key", "--yes");
  const list = join(folder, "leak.csv");
  const lines = Array.from({ length: 50 }, (_, index) => `ci-bot-${index % 5},leaked-${index}`);
  writeFileSync(list, ["account,token", ...lines].join("\n"));
  runCommand(baseUrl, "revoke", "--from", list, "--concurrency", "4", "--yes");
}

async function main(): Promise<void> {
  console.log("Starting a mock of openapi.yaml …");
  const prism = await startPrism("openapi.yaml");
  const folder = mkdtempSync(join(tmpdir(), "kaiten-demo-"));
  try {
    await play(prism.url, folder);
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
