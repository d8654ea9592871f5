// Measures everything in one run, and prints it as tables in Markdown. Forked, it is the server.
import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { createKaitenClient } from "kaiten-service-accounts";
import { undiciFetch } from "kaiten-service-accounts/undici";
import { build } from "rolldown";
import { Agent, request } from "undici";
import { CAREFUL, CLIENTS, HEY_API, OURS, UNDICI } from "./clients.js";
import { measureTruth } from "./truth.js";

const PROGRAM = process.argv[1] ?? "";
const FOLDER = dirname(PROGRAM);
const TOKEN = "ksh_0123456789abcdefghij";
const PATH = "/service-accounts/ci-bot/tokens/";
const quick = process.argv[2] === "quick";

/** Answers below `/<latency in ms>/<requests a second, 0: any>`, with a window of a second that begins with a request. */
function serve(): void {
  const account = { id: "1", name: "CI", slug: "ci-bot", tokens: [{ slug: "deploy-key", scopes: [] }] };
  let [began, count] = [0, 0];
  const server = createServer(({ method, url = "" }, response) => {
    const [latency, limit] = url.split("/").slice(1, 3).map(Number) as [number, number];
    if (performance.now() - began > 1_000) [began, count] = [performance.now(), 0];
    const answer = () => {
      if (method === "GET")
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(account));
      else if (limit && ++count > limit)
        response.writeHead(429, { "content-type": "text/plain" }).end("Too many requests.");
      else response.writeHead(204).end();
    };
    if (latency) setTimeout(answer, latency);
    else answer();
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
  process.on("disconnect", () => process.exit());
}

/**
 * Measures one subject after the other, each round in another order, so that whatever else the machine does meets all of
 * them alike. @returns the 25th percentile of each, without the first fifth of the rounds.
 */
async function takeTurns<Name extends string>(
  rounds: number,
  subjects: Record<Name, () => number | Promise<number>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(subjects) as Name[];
  const samples = new Map(names.map((name): [Name, number[]] => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names.toSorted(() => Math.random() - 0.5)) samples.get(name)?.push(await subjects[name]());
  }
  const p25 = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 4)] ?? Number.NaN;
  const ends = [...samples].map(([name, values]) => [name, p25(values.slice(rounds / 5))]);
  return Object.fromEntries(ends) as Record<Name, number>;
}

/** In ms. */
async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const slugs = (count: number) => Array.from({ length: count }, (_, index) => `token-${index}`);

async function revokeAll(baseUrl: string, count: number, concurrency: number): Promise<void> {
  const fetch = undiciFetch();
  const { tokens } = createKaitenClient({ baseUrl, token: TOKEN, fetch }).serviceAccounts;
  const refs = slugs(count).map((tokenSlug) => ({ serviceAccountSlug: "ci-bot", tokenSlug }));
  for await (const { error } of tokens.revokeAll(refs, { concurrency })) if (error) throw error;
  await fetch.close();
}

async function requestAll(baseUrl: string, count: number, concurrency: number): Promise<void> {
  const dispatcher = new Agent({ connections: concurrency });
  const options = { method: "DELETE", headers: { authorization: `Bearer ${TOKEN}` }, dispatcher } as const;
  const queue = slugs(count).values();
  const work = async () => {
    for (const slug of queue) await request(baseUrl + PATH + slug, options).then(({ body }) => body.dump());
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  await dispatcher.close();
}

/** In kB after gzip: the smallest bundle of a page that revokes. */
async function measureSize(): Promise<number> {
  const input = join(FOLDER, "entry.mjs");
  writeFileSync(input, 'export { createKaitenClient } from "kaiten-service-accounts";\n');
  const { output } = await build({
    input,
    platform: "browser",
    tsconfig: false,
    write: false,
    output: { minify: true },
  });
  return gzipSync(output[0].code, { level: 9 }).length / 1000;
}

function measureStarts(url: string) {
  const env = { ...process.env, KAITEN_BASE_URL: url, KAITEN_AUTH_TOKEN: TOKEN };
  writeFileSync(join(FOLDER, "empty.mjs"), "");
  const node =
    (...parameters: string[]) =>
    () => {
      const start = performance.now();
      const { status } = spawnSync(process.execPath, parameters, { env, cwd: FOLDER, stdio: "ignore" });
      if (status !== 0) throw new Error(`node ${parameters.join(" ")} exited with ${status}.`);
      return performance.now() - start;
    };
  const module = (code: string) => node("--input-type=module", "-e", code);
  const command = (...parameters: string[]) => node(resolve("dist/cli/main.js"), ...parameters);
  return takeTurns(quick ? 7 : 30, {
    node: node("-e", "0"),
    empty: module('import "./empty.mjs"'),
    package: module('import "kaiten-service-accounts"'),
    fetch: module(`await fetch("${url}${PATH}x", { method: "DELETE", headers: { authorization: "Bearer ${TOKEN}" } })`),
    revoke: command("revoke", "ci-bot", "deploy-key", "--yes"),
    help: command("--help"),
  });
}

/** By client, 16 calls at once. */
async function measureCalls(url: string): Promise<Record<string, number>> {
  const subjects: Record<string, () => Promise<number>> = {};
  for (const [name, create] of Object.entries(CLIENTS)) {
    const { revoke } = await create(url, TOKEN);
    subjects[name] = () => time(() => Promise.all(Array.from({ length: 16 }, () => revoke("deploy-key"))));
  }
  return takeTurns(quick ? 100 : 1_500, subjects);
}

async function measureCost(host: string): Promise<[what: string, measured: number, bound: string][]> {
  const [plain, limited, slow] = [`${host}/0/0`, `${host}/60/100`, `${host}/20/0`];
  const starts = await measureStarts(plain);
  const calls = await measureCalls(plain);
  const call = (name: string, other: string) => (calls[name] ?? Number.NaN) / (calls[other] ?? Number.NaN);
  const runs = await takeTurns(quick ? 2 : 8, {
    ours: () => time(() => revokeAll(slow, 10_000, 256)),
    request: () => time(() => requestAll(slow, 10_000, 256)),
  });
  const paced = async (inFlight: number) => (await time(() => revokeAll(limited, 1_000, inFlight))) / 10_000;
  return [
    ["import of the package ÷ of an empty module", starts.package / starts.empty, "≤ 1.25"],
    ["the command revokes a token ÷ node with one `fetch`, start to exit", starts.revoke / starts.fetch, "≤ 1.35"],
    ["the command's `--help` ÷ `node -e 0`", starts.help / starts.node, "≤ 1.30"],
    ["1,000 tokens under 100/s, 60 ms latency, 8 in flight ÷ 10 s", await paced(8), "≤ 1.10"],
    ["the same, 64 in flight", await paced(64), "≤ 1.10"],
    ["the same, 256 in flight", await paced(256), "≤ 1.10"],
    ["a run over undici, 256 in flight, 20 ms latency: speed ÷ `undici.request`", runs.request / runs.ours, "≥ 0.90"],
    ["a call ÷ careful fetch, 16 in flight", call(OURS, CAREFUL), "≤ 1.25"],
    ["a call ÷ hey-api, 16 in flight", call(OURS, HEY_API), "≤ 1.00"],
    ["a call over undici ÷ careful fetch, 16 in flight", call(UNDICI, CAREFUL), "≤ 0.50"],
    ["bundle for a browser, gzip, in kB", await measureSize(), "≤ 14.0"],
  ];
}

/** Numbers stand to the right. */
function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const rule = head.map((_, index) => (index === 0 ? "---" : "---:"));
  return `${[head, rule, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n")}\n`;
}

if (process.send) serve();
else {
  // A peer may leave a rejection behind.
  process.on("unhandledRejection", () => {});
  // All clients share this process. Once it was used, the global fetch keeps its own connections when undici is loaded.
  await fetch("data:,");
  const server = fork(PROGRAM);
  const [port] = await once(server, "message");
  const cost = await measureCost(`http://127.0.0.1:${port}`);
  const truth = await measureTruth(quick);
  const scores = [...truth].map(([name, score]) => [name, ...Object.values(score)]);
  const ratios = cost.map(([what, value, bound]) => [what, value.toFixed(2), bound]);
  console.log(
    table(["client", "faults", 'wrong "revoked"', 'wrong "failed"', "no answer", "leaked credential"], scores),
  );
  console.log(table(["", "measured", "target"], ratios));
  // Whatever a peer left hanging would keep the process.
  process.exit();
}
