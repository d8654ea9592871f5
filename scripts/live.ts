// Holds a real deployment against openapi.yaml, by what destroys nothing.
import { parseArgs } from "node:util";
import { checkClientOptions } from "../src/check.js";
import { printable } from "../src/cli/text.js";
import { CHECKS } from "./live/checks.js";
import { startRelay } from "./live/relay.js";
import { startPrismProxy } from "./prism.js";

const SPEC = "openapi.yaml";
const USAGE = `Usage: KAITEN_BASE_URL=… KAITEN_AUTH_TOKEN=… npm run test:live [-- options]

  --verbose    show what Prism says
  --help       show this

Asks the deployment at KAITEN_BASE_URL what destroys nothing, and holds its answers against ${SPEC}: exit 0 if all is
as documented, else 1. KAITEN_AUTH_TOKEN is a user's JWT or an access token with the scope write:tokens.`;

/** @throws {Error} naming the variable and what is wrong with it. */
function readEnvironment(): { baseUrl: string; token: string } {
  const { KAITEN_BASE_URL: url, KAITEN_AUTH_TOKEN } = process.env;
  // What we start inherits the environment, and needs no credential.
  delete process.env.KAITEN_AUTH_TOKEN;
  const missing = Object.entries({ KAITEN_BASE_URL: url, KAITEN_AUTH_TOKEN }).filter(([, value]) => !value?.trim());
  if (missing.length > 0) {
    throw new Error(`Set ${missing.map(([name]) => name).join(" and ")}: the deployment to ask, and a credential.`);
  }
  const token = KAITEN_AUTH_TOKEN?.trim() ?? "";
  try {
    return { baseUrl: checkClientOptions({ baseUrl: url?.trim() ?? "", token }).baseUrl, token };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Error(
      error.message
        .replace("The option baseUrl", "KAITEN_BASE_URL")
        .replace("The option token", "KAITEN_AUTH_TOKEN")
        .replace(", or set allowInsecure", ""),
    );
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { verbose: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help) return console.log(USAGE);
  const { baseUrl, token } = readEnvironment();
  const relay = await startRelay(baseUrl, token);
  try {
    const prism = await startPrismProxy(SPEC, relay.url, values.verbose ? { onLine: console.log } : {});
    try {
      console.log(`Holding ${baseUrl} against ${SPEC}:\n`);
      let failed = 0;
      for (const { name, run } of CHECKS) {
        const faults = await run(prism.url, relay);
        if (faults.length > 0) failed++;
        console.log(`${faults.length === 0 ? "ok    " : "FAILED"}  ${name}`);
        for (const fault of faults) console.log(`        ${printable(fault)}`);
      }
      console.log(failed === 0 ? "\nIt keeps the contract." : `\n${failed} of ${CHECKS.length} checks failed.`);
      if (failed > 0) process.exitCode = 1;
    } finally {
      await prism.stop();
    }
  } finally {
    await relay.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
