// Mocks the API until Ctrl-C: by its contract alone, from openapi.yaml, or as a fake that remembers what was revoked.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parse } from "csv-parse/sync";
import { FAULTS, type Fault } from "../src/testing/faults.js";
import { createFakeKaiten, type FakeToken } from "../src/testing/index.js";
import { listen } from "../src/testing/listen.js";
import { startPrism } from "./prism.js";

const USAGE = `Usage: npm run mock [-- --port N]               Prism: every answer is an example of openapi.yaml
       npm run mock -- --stateful [options]   a fake API that remembers what was revoked, and logs requests on stderr

  --list FILE    with these tokens: CSV (account,token,secret; the secret may be left out), or a JSON array of FakeToken
  --fault NAME   every request meets this fault, if it can
  --port N       listen on this port of 127.0.0.1   (default: 4010; 0: any free port)
  --help         show this

Faults: ${Object.keys(FAULTS).join(", ")}`;

const TOKENS = "account,token,secret\nci-bot,deploy-key\nci-bot,old-key,ksh_secret-of-old-key";

function readTokens(text: string): FakeToken[] {
  if (text.trimStart().startsWith("[")) return JSON.parse(text);
  const rows: string[][] = parse(text, { bom: true, trim: true, skip_empty_lines: true, relax_column_count: true });
  return rows
    .filter(([, token]) => token !== "token")
    .map(([serviceAccountSlug = "", tokenSlug = "", secret = ""]) => ({ serviceAccountSlug, tokenSlug, secret }));
}

async function main(): Promise<void> {
  const { stateful, list, fault, help, ...values } = parseArgs({
    options: {
      stateful: { type: "boolean" },
      list: { type: "string" },
      fault: { type: "string" },
      port: { type: "string", default: "4010" },
      help: { type: "boolean" },
    },
  }).values;
  if (help) return console.log(USAGE);
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new Error(`--port must be a whole number from 0 to 65535, not "${values.port}".`);
  }
  if (fault !== undefined && !Object.hasOwn(FAULTS, fault)) throw new Error(`There is no fault ${fault}. See --help.`);

  // At once, also while Prism is starting: it cannot outlive us.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      console.log("\nStopped.");
      process.exit();
    });
  }
  if (stateful || list !== undefined || fault !== undefined) return serveFake(port, list, fault as Fault | undefined);

  const prism = await startPrism("openapi.yaml", { port, onLine: console.log });
  console.log(`
Mocking openapi.yaml at ${prism.url} until Ctrl-C. Try it:

  curl -i -X DELETE -H "Authorization: Bearer any" ${prism.url}/service-accounts/ci-bot/tokens/deploy-key

Add -H "Prefer: code=404" for another documented answer.
`);
  throw new Error(`Prism ended by itself: ${await prism.ended}`);
}

async function serveFake(port: number, list: string | undefined, fault: Fault | undefined): Promise<void> {
  const fake = createFakeKaiten({ tokens: readTokens(list === undefined ? TOKENS : readFileSync(list, "utf8")) });
  const tokens = fake.alive();
  if (fault) fake.play(fault, { times: Number.POSITIVE_INFINITY });
  const { url } = await listen((target, init) => {
    const answer = fake.fetch(target, init);
    // It is there at once, and its answer when that was sent.
    const request = fake.requests.pop();
    const log = () => {
      const { at, method, path, answered, committed } = request ?? {};
      const what = [
        answered ?? "no answer",
        ...(committed ? ["revoked"] : []),
        ...(request?.fault ? [request.fault] : []),
      ];
      console.error([at, method, path, ...what].join(" "));
    };
    answer.then(log, log);
    return answer;
  }, port);
  console.log(`Serving a fake API at ${url} until Ctrl-C. It has ${tokens.length} active tokens. Try it:

  export KAITEN_BASE_URL=${url} KAITEN_AUTH_TOKEN=${fake.credential}
  node dist/cli/main.js list ${tokens[0]?.serviceAccountSlug}
  node dist/cli/main.js revoke ${list === undefined ? "ci-bot deploy-key" : `--from ${list}`}
`);
  if (list === undefined)
    console.log("ksh_secret-of-old-key is accepted until old-key is revoked: the command verify says so.");
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
