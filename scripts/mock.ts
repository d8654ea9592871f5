// Mocks the API from openapi.yaml until Ctrl-C.
import { parseArgs } from "node:util";
import { createFakeKaiten } from "../src/testing/index.js";
import { startPrism } from "./prism.js";

const USAGE = `Usage: npm run mock [-- options]
       npm run mock -- --stateful [options]   a fake API that remembers what was revoked, without Prism

  --port N    listen on this port of 127.0.0.1   (default: 4010; 0: any free port)
  --help      show this`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: "string", default: "4010" }, stateful: { type: "boolean" }, help: { type: "boolean" } },
  });
  if (values.help) return console.log(USAGE);
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new Error(`--port must be a whole number from 0 to 65535, not "${values.port}".`);
  }

  // At once, also while Prism is starting: it cannot outlive us.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      console.log("\nStopped.");
      process.exit();
    });
  }
  if (values.stateful) return serveFake(port);

  const prism = await startPrism("openapi.yaml", { port, onLine: console.log });
  console.log(`
Mocking openapi.yaml at ${prism.url} until Ctrl-C. Try it:

  curl -i -X DELETE -H "Authorization: Bearer any" ${prism.url}/service-accounts/ci-bot/tokens/deploy-key

Add -H "Prefer: code=404" for another documented answer.
`);
  throw new Error(`Prism ended by itself: ${await prism.ended}`);
}

async function serveFake(port: number): Promise<void> {
  const serviceAccountSlug = "ci-bot";
  const secret = "ksh_secret-of-old-key";
  const tokens = [
    { serviceAccountSlug, tokenSlug: "deploy-key" },
    { serviceAccountSlug, tokenSlug: "old-key", secret },
  ];
  const fake = createFakeKaiten({ tokens });
  const { url } = await fake.listen(port);
  console.log(`Serving a fake API at ${url} until Ctrl-C. Its tokens are deploy-key and old-key:

  curl -i -X DELETE -H "Authorization: Bearer ${fake.credential}" ${url}/service-accounts/ci-bot/tokens/deploy-key

The secret of old-key, ${secret}, is accepted until old-key is revoked.`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
