// Shows the package at work, as its consumer would import it, against a mock of openapi.yaml.
import { execFileSync, execSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fetch } from "kaiten-service-accounts";
import { startPrism } from "./prism.js";

const SOURCES = ["src", "generated", "package.json", "tsconfig.json"];
const BUILT = join("dist", "index.js");

/** When a file, or anything in a folder, was last changed; removing a file changes its folder. */
function changed(path: string): number {
  const found = statSync(path);
  const inside = found.isDirectory() ? readdirSync(path).map((name) => changed(join(path, name))) : [];
  return Math.max(found.mtimeMs, ...inside);
}

function buildIfNeeded(): void {
  if (existsSync(BUILT) && changed(BUILT) >= Math.max(...SOURCES.map(changed))) return;
  console.log("Building the package …");
  execSync("npm run --silent build", { stdio: "inherit" });
}

async function show(baseUrl: string): Promise<void> {
  const { createKaitenClient, isProblem, KaitenError } = await import("kaiten-service-accounts");

  /** Revokes a token, prints what the caller sees, and fails if it is anything but that. */
  async function scene(title: string, expected: string, fetch?: Fetch): Promise<void> {
    console.log(`\n${title}\n`);
    const kaiten = createKaitenClient({ baseUrl, token: "a-users-jwt", fetch });
    const ref = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
    const seen = await kaiten.serviceAccounts.tokens.revoke(ref).then(
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
    if (seen !== expected) throw new Error(`The demo went wrong: expected "${expected}" and saw "${seen}".`);
  }

  await scene("A token is revoked:", "revoked");
  await scene("There is no such token (the mock is asked for that):", "404, absent", (url, init) => {
    const headers = new Headers(init.headers);
    headers.set("prefer", "code=404");
    return fetch(url, { ...init, headers });
  });
  await scene("The credential does not arrive:", "401, not-revoked", (url, { headers: _, ...init }) =>
    fetch(url, init),
  );
}

/** The command itself, on this terminal: with its bar where there is one. */
function showCommand(baseUrl: string): void {
  const command = join("dist", "cli", "main.js");
  const run = (...parameters: string[]) => {
    console.log(`\n$ kaiten-tokens revoke ${parameters.join(" ")}`);
    execFileSync(process.execPath, [command, "revoke", ...parameters], {
      stdio: "inherit",
      env: { ...process.env, KAITEN_BASE_URL: baseUrl, KAITEN_AUTH_TOKEN: "a-users-jwt" },
    });
  };
  run("ci-bot", "deploy-key", "--yes");
  const folder = mkdtempSync(join(tmpdir(), "kaiten-demo-"));
  try {
    const list = join(folder, "leak.csv");
    const lines = Array.from({ length: 50 }, (_, index) => `ci-bot-${index % 5},leaked-${index}`);
    writeFileSync(list, ["account,token", ...lines].join("\n"));
    run("--from", list, "--rest", join(folder, "left.ndjson"), "--concurrency", "4", "--yes");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  buildIfNeeded();
  console.log("Starting a mock of openapi.yaml …");
  const prism = await startPrism("openapi.yaml");
  try {
    await show(prism.url);
    showCommand(prism.url);
  } finally {
    await prism.stop();
  }
  console.log("\nThe mock is stopped. The same code revokes real tokens: only baseUrl and token differ.");
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
