// Compares a real deployment with openapi.yaml, by requests that cannot revoke anything. Prism gets the credential too: it
// logs no headers and follows no redirect (see prism.ts), so the credential goes to the deployment alone.
import { parseArgs } from "node:util";
import { redact } from "../src/call/redact.js";
import { checkClientOptions, OptionError } from "../src/check.js";
import { printable } from "../src/cli/text.js";
import { CHECKS } from "./live/checks.js";
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
  const { values } = parseArgs({ options: { verbose: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help) return console.log(USAGE);
  const { baseUrl, token } = readEnvironment();
  const print = (line: string) => console.log(printable(redact(line, [token])));
  const prism = await startPrismProxy("openapi.yaml", baseUrl, values.verbose ? { onLine: print } : {});
  let failed = 0;
  print(`Comparing ${baseUrl} with openapi.yaml:`);
  for (const [title, findFaults] of Object.entries(CHECKS)) {
    const faults = await findFaults({ baseUrl, token, proxy: prism.url });
    print(`${faults.length === 0 ? "ok    " : "FAILED"}  ${title}`);
    for (const fault of faults) print(`        ${fault}`);
    if (faults.length > 0) failed++;
  }
  await prism.stop();
  print(failed === 0 ? "The deployment keeps the contract." : `${failed} of the checks failed.`);
  process.exitCode = failed === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
