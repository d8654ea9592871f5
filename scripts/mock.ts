// Mocks the API from openapi.yaml, until Ctrl-C.
import { parseArgs } from "node:util";
import { createFakeKaiten } from "../src/testing/index.js";
import { startPrism } from "./prism.js";

const SPEC = "openapi.yaml";
const USAGE = `Usage: npm run mock [-- options]
       npm run mock -- --stateful [options]   a fake API that remembers what was revoked, without Prism

  --port N    where to listen, on 127.0.0.1   (default: 4010; 0: any that is free)
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
  if (values.stateful) return serveFake(port);

  const interrupted = new Promise<"interrupted">((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve("interrupted"));
  });
  const prism = await Promise.race([startPrism(SPEC, { port, onLine: console.log }), interrupted]);
  if (prism === "interrupted") return process.exit(0);
  console.log(`
Mocking ${SPEC} at ${prism.url} until Ctrl-C. Try it:

  curl -i -X DELETE -H "Authorization: Bearer any" ${prism.url}/service-accounts/ci-bot/tokens/deploy-key

Add -H "Prefer: code=404" for another documented answer.
`);
  if ((await Promise.race([prism.ended, interrupted])) !== "interrupted") throw new Error("Prism has ended by itself.");
  await prism.stop();
  console.log("\nStopped.");
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});

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
