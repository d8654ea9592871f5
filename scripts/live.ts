// Compares a real deployment with openapi.yaml, by requests that cannot revoke anything. Prism gets the credential too: it
// logs no headers and follows no redirect (see prism.ts), so the credential goes to the deployment alone.
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { redact } from "../src/answer/redact.js";
import { checkClientOptions, OptionError } from "../src/check.js";
import { printable } from "../src/cli/text.js";
import { checkAnswer, checkValidity } from "./live/checks.js";
import { startPrismProxy } from "./prism.js";

const USAGE = `Usage: KAITEN_BASE_URL=… KAITEN_AUTH_TOKEN=… npm run test:live [-- options]

  --verbose    also print what Prism logs
  --help       show this

Compares the deployment at KAITEN_BASE_URL with openapi.yaml and revokes nothing. Exits with 0 if every check passes, else
with 1. KAITEN_AUTH_TOKEN is a user's JWT or an access token with the scope write:tokens.`;

const VARIABLES: Record<string, string> = { baseUrl: "KAITEN_BASE_URL", token: "KAITEN_AUTH_TOKEN" };

/** @throws {Error} naming the variable and what is wrong with it. */
function readEnvironment(): { baseUrl: string; token: string } {
  const baseUrl = process.env.KAITEN_BASE_URL?.trim() ?? "";
  const token = process.env.KAITEN_AUTH_TOKEN?.trim() ?? "";
  // Prism inherits the environment, and needs no credential there.
  delete process.env.KAITEN_AUTH_TOKEN;
  try {
    return { baseUrl: checkClientOptions({ baseUrl, token }).baseUrl, token };
  } catch (error) {
    throw error instanceof OptionError ? new Error(`${VARIABLES[error.option]} ${error.fault}.`) : error;
  }
}

async function main(): Promise<void> {
  const { verbose, help } = parseArgs({ options: { verbose: { type: "boolean" }, help: { type: "boolean" } } }).values;
  if (help) return console.log(USAGE);
  const { baseUrl, token } = readEnvironment();
  const secrets = { credentials: [token], values: [] };
  const print = (line: string) => console.log(printable(redact(line, secrets)));
  const report = (title: string, faults: string[]) => {
    print(`${faults.length === 0 ? "ok    " : "FAILED"}  ${title}`);
    for (const fault of faults) print(`        ${fault}`);
    if (faults.length > 0) process.exitCode = 1;
  };

  print(`Comparing ${baseUrl} with openapi.yaml:`);
  const accepted = "The credential is accepted, it has the scope write:tokens, and the base URL is right";
  report(accepted, await checkValidity(baseUrl, token, token, "active"));
  if (process.exitCode) return print("The other checks are skipped: without this, what they find would mean nothing.");

  const wrong = `ksh_${randomUUID()}`;
  const prism = await startPrismProxy("openapi.yaml", baseUrl, verbose ? { onLine: print } : {});
  report("A wrong credential is not accepted", await checkValidity(baseUrl, token, wrong, "inactive"));
  report("A wrong credential is answered 401, as documented", await checkAnswer(prism.url, "DELETE", wrong, 401));
  report(
    "A token that does not exist is answered 404, as documented",
    await checkAnswer(prism.url, "DELETE", token, 404),
  );
  report(
    "An account that does not exist has no record, as documented",
    await checkAnswer(prism.url, "GET", token, 404),
  );
  await prism.stop();
  print(process.exitCode ? "Some checks failed." : "The deployment keeps the contract.");
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
