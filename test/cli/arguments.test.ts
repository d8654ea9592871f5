// Every argument and option, by what it changes; and what is refused before anything is sent.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { playScript } from "../faults/server.js";
import { api, message, problem, send, stall } from "../faults/steps.js";
import { CREDENTIAL, LEAKED, makeFolder, makeJwt, run, runChild, TOKEN_FILE, until } from "./command.js";
import { serve, tokensOf } from "./servers.js";

const ONE = ["revoke", "ci-bot", "deploy-key"];
const NOWHERE = { KAITEN_BASE_URL: "http://127.0.0.1:9" };

test("many tokens of one account are each sent once", async () => {
  const refs = tokensOf("ci-bot", ...Array.from({ length: 120 }, (_, index) => `token-${index}`));
  await using server = await serve(refs);
  const names = refs.map((ref) => ref.tokenSlug);
  const { code, stderr } = await run(["revoke", "ci-bot", ...names, ...names, "-y"], server);
  expect(server.fake.alive()).toEqual([]);
  expect(server.sent).toHaveLength(120);
  expect(stderr).toMatch(/^120 tokens, revoked 120\nA revoked token may be accepted for up to 5 more minutes\./);
  expect(code).toBe(0);
});

test("a slug arrives as exactly itself", async () => {
  await using server = await playScript([api]);
  const slugs = ["a b", "é?#;=&", "-x"];
  const args = ["revoke", "--yes", "--concurrency", "1", "--", "ci bot", ...slugs];
  await run(args, { env: { KAITEN_BASE_URL: server.url } });
  const paths = slugs.map((slug) => `/service-accounts/ci%20bot/tokens/${encodeURIComponent(slug)}`);
  expect(server.requests.map(({ path }) => path)).toEqual(paths);
  const [read] = server.reads;
  expect(read?.path.split("?")[0]).toBe("/service-accounts/ci%20bot");
});

test("--base-url wins over the environment, and its path is kept", async () => {
  await using server = await playScript([api]);
  const { code } = await run([...ONE, "--yes", "--base-url", `${server.url}/api/`], { env: NOWHERE });
  expect(server.requests.at(-1)?.path).toBe("/api/service-accounts/ci-bot/tokens/deploy-key");
  expect(code).toBe(0);
});

describe("the credential", () => {
  test("comes from the environment", async () => {
    await using server = await playScript([api]);
    await run([...ONE, "--yes"], { env: { KAITEN_BASE_URL: server.url } });
    for (const { authorization } of [...server.reads, ...server.requests])
      expect(authorization).toBe(`Bearer ${CREDENTIAL}`);
  });

  test("from --token-file wins over it; it is trimmed, and read again when the API refuses it", async () => {
    const folder = makeFolder();
    const file = folder.write(TOKEN_FILE, "ksh_outdated\n");
    await using server = await serve(tokensOf("ci-bot", "deploy-key"), {
      latency() {
        folder.write(TOKEN_FILE, `${CREDENTIAL}\n`);
        return 0;
      },
    });
    const env = { ...server.env, KAITEN_AUTH_TOKEN: "ksh_another" };
    const { code } = await run([...ONE, "--yes", "--token-file", file], { env });
    // The record was read once more: the first credential may have been of another organization.
    expect(server.fake.requests.map(({ method, answered }) => `${method} ${answered}`)).toEqual([
      ...["GET 401", "GET 200", "GET 200", "DELETE 204"],
    ]);
    expect(code).toBe(0);
  });

  const jwt = (claims: object) => makeJwt({ sub: "alice", org: "acme", ...claims });

  test.each<[string, string, number, number]>([
    ["the same user: the run goes on", jwt({ jti: "2" }), 31, 0],
    ["another user: nothing more is sent", jwt({ sub: "bob" }), 11, 3],
    ["another organization: nothing more is sent", jwt({ org: "other" }), 11, 3],
    ["nobody knows whom: nothing more is sent", CREDENTIAL, 11, 3],
  ])("from a file that is replaced in the middle of a run by that of %s", async (_, second, requests, expected) => {
    const folder = makeFolder();
    const file = folder.write(TOKEN_FILE, jwt({ jti: "1" }));
    const revoked = send(message(204, undefined));
    const refused = problem(401, { code: "ValidateToken.Invalid" });
    await using server = await playScript([
      ...Array(10).fill(revoked),
      (exchange) => {
        folder.write(TOKEN_FILE, second);
        return refused(exchange);
      },
      (exchange) => (exchange.authorization === `Bearer ${second}` ? revoked : refused)(exchange),
    ]);
    const names = Array.from({ length: 30 }, (_, index) => `token-${index}`);
    const args = ["revoke", "ci-bot", ...names, "--yes", "--concurrency", "1", "--token-file", file];
    const { code, stderr } = await run(args, { env: { KAITEN_BASE_URL: server.url } });
    // A credential that was accepted before is asked about once more: a database that cannot be reached says the same.
    expect(server.requests.length - requests).toBeGreaterThanOrEqual(0);
    expect(server.requests.length - requests).toBeLessThanOrEqual(1);
    const wasSaid = stderr.includes("The file of --token-file now has the credential of another user or organization");
    expect(wasSaid).toBe(expected !== 0);
    expect(code).toBe(expected);
  });

  test("that has no known form is not repeated from an argument", async () => {
    const env = { ...NOWHERE, KAITEN_AUTH_TOKEN: "abcdefghijklmnopqrstuvwxyz" };
    const { code, stderr } = await run([...ONE, "--auth-token=abcdefghijklmnopqrstuvwxyz"], { env });
    expect(stderr).toContain("An argument is a secret.");
    expect(stderr).not.toContain("abcdefgh");
    expect(code).toBe(2);
  });

  test("from standard input may come a while later", async () => {
    await using server = await serve(tokensOf("ci-bot", "deploy-key"));
    const shell = `(sleep 1; echo "$KAITEN_AUTH_TOKEN") | kaiten-service-accounts "$@" --token-file -`;
    expect((await runChild([...ONE, "--yes"], { ...server, shell })).code).toBe(0);
    expect(server.fake.alive()).toEqual([]);
  });

  test("from standard input in pieces, and from a pipe, is read once", async () => {
    await using server = await serve(tokensOf("ci-bot", "deploy-key", "other-key"));
    async function* input() {
      for (const part of [CREDENTIAL.slice(0, 9), CREDENTIAL.slice(9), "\n"]) {
        yield part;
        await sleep(1);
      }
    }
    expect((await run([...ONE, "--yes", "--token-file", "-"], { ...server, input: input() })).code).toBe(0);
    const shell = `kaiten-service-accounts revoke ci-bot other-key --yes --token-file <(echo "$KAITEN_AUTH_TOKEN")`;
    expect((await runChild([], { ...server, shell })).code).toBe(0);
    expect(server.fake.alive()).toEqual([]);
  });

  test.each<[string, string[], Record<string, string | undefined>, string]>([
    ["that is missing", [], { KAITEN_AUTH_TOKEN: undefined }, "There is no credential: set KAITEN_AUTH_TOKEN, or pass"],
    ["that is empty", [], { KAITEN_AUTH_TOKEN: "" }, "There is no credential"],
    ["undefined", [], { KAITEN_AUTH_TOKEN: "undefined" }, 'KAITEN_AUTH_TOKEN is the text "undefined": a variable'],
    ["in quotes", [], { KAITEN_AUTH_TOKEN: `"${CREDENTIAL}"` }, "KAITEN_AUTH_TOKEN is in quotes: remove them."],
    ["with its scheme", [], { KAITEN_AUTH_TOKEN: `Bearer ${CREDENTIAL}` }, "begins with the word Bearer"],
    ["of other characters", [], { KAITEN_AUTH_TOKEN: `${CREDENTIAL}\u2026` }, "has characters that no"],
    ["of another kind", [], { KAITEN_AUTH_TOKEN: "ksm_0123456789" }, "KAITEN_AUTH_TOKEN is"],
    ["of a webhook", [], { KAITEN_AUTH_TOKEN: "whsec_0123456789" }, "KAITEN_AUTH_TOKEN is"],
    ["in an empty file", ["--token-file", "/dev/null"], {}, "The credential from --token-file is empty."],
    ["in a missing file", ["--token-file", "missing"], {}, "Cannot read the file of --token-file (ENOENT)."],
    ["in a folder", ["--token-file", "."], {}, "Cannot read the file of --token-file (EISDIR)."],
    ["in place of its file", ["--token-file", CREDENTIAL], {}, "An argument is a secret."],
    ["as an option", [`--token=${CREDENTIAL}`], {}, "An argument is a secret."],
    ["as a short option", [`-t${CREDENTIAL}`], {}, "An argument is a secret."],
    ["as a slug", [CREDENTIAL], {}, "An argument is a secret."],
    ["within a slug", [`my-${CREDENTIAL}`], {}, "is a secret"],
  ])("%s is refused, explained and not shown", async (_, args, env, fault) => {
    const { code, stdout, stderr } = await run([...ONE, "--yes", ...args], { env: { ...NOWHERE, ...env } });
    expect(stderr).toContain(fault);
    expect(stderr).toMatch(/Nothing was sent\.\n$/);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test("in a list is refused, and not shown, also where it has no known form", async () => {
    const env = { ...NOWHERE, KAITEN_AUTH_TOKEN: "abcdefghijklmnopqrstuvwxyz" };
    const list = makeFolder().write("leak.csv", "ci-bot,my-abcdefghijklmnopqrstuvwxyz\n");
    const { code, stderr } = await run(["revoke", "--from", list, "--yes"], { env });
    expect(stderr).toContain("The token is a secret: pass the slug, which is the token's name. Nothing was sent.");
    expect(stderr).not.toContain("abcdefgh");
    expect(code).toBe(2);
  });
});

test("a secret that is pasted as the whole command is not shown", async () => {
  const { code, stderr } = await run([LEAKED]);
  expect(stderr).toContain("treat it as leaked");
  expect(code).toBe(2);
});

test("--dry-run shows what would be revoked, and sends nothing", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1", "key-2"));
  const list = makeFolder().write("leak.csv", "account,token\nci-bot,key-1\nci-bot,key-2\n");
  const args = ["revoke", "--from", list, "--dry-run"];
  const { code, stdout, stderr } = await run(args, server);
  expect(stdout).toMatch(
    /^would-revoke\tci-bot\tkey-1\tcreated \S+, never expires, write:tokens\nwould-revoke\tci-bot\tkey-2\t/,
  );
  expect(stderr).toContain(`Base URL:   ${server.url}\n`);
  expect(stderr).toContain("To revoke:  2 tokens of 1 service account\n");
  expect(stderr).toMatch(/Nothing was revoked\.\n$/);
  expect(code).toBe(0);
  const { stdout: json } = await run([...args, "--json"], server);
  const line = { baseUrl: server.url, serviceAccountSlug: "ci-bot", tokenSlug: "key-1", outcome: "would-revoke" };
  expect(JSON.parse(json.split("\n")[0] ?? "")).toEqual(line);
  expect(server.sent).toEqual([]);
});

test.each([
  ["by default", [], 8],
  ["with --concurrency 1", ["--concurrency", "1"], 1],
  ["with --concurrency 12", ["--concurrency", "12"], 12],
])("%s, that many requests are sent at once", async (_, args, expected) => {
  const refs = tokensOf("ci-bot", ...Array.from({ length: 40 }, (_, index) => `token-${index}`));
  await using server = await serve(refs, { limit: 0 });
  const running = run(["revoke", "ci-bot", ...refs.map((ref) => ref.tokenSlug), "--yes", ...args], server);
  await until(() => server.waiting === expected);
  // A ninth would be on its way by now: it needs less time than this request.
  await fetch(server.url);
  expect(server.waiting).toBe(expected);
  server.release();
  expect((await running).code).toBe(0);
});

test("--timeout limits an attempt, in seconds", async () => {
  await using server = await playScript([stall()]);
  const args = [...ONE, "--yes", "--retries", "0", "--timeout", "0.15"];
  const { code, stdout, stderr } = await run(args, { env: { KAITEN_BASE_URL: server.url } });
  expect(stdout).toBe("unknown\tci-bot\tdeploy-key\ttimeout\n");
  expect(stderr).toContain("0.15 s");
  expect(code).toBe(6);
});

test.each([0, 1])("--retries %i makes as many attempts after the first", async (retries) => {
  await using server = await playScript([problem(503)]);
  const args = [...ONE, "--yes", "--retries", String(retries)];
  const { code } = await run(args, { env: { KAITEN_BASE_URL: server.url } });
  expect(server.requests).toHaveLength(retries + 1);
  expect(code).toBe(6);
});

test("--allow-insecure allows plain http to another machine, which is refused otherwise", async () => {
  const env = { KAITEN_BASE_URL: "http://kaiten.invalid" };
  const refused = await run([...ONE, "--yes"], { env });
  expect(refused.stderr).toContain("plain http to kaiten.invalid");
  expect(refused.stderr).toContain("pass --allow-insecure.");
  expect(refused.code).toBe(2);
  const allowed = await run([...ONE, "--yes", "--allow-insecure", "--retries", "0"], { env });
  expect(allowed.stdout).toBe("not-revoked\tci-bot\tdeploy-key\tconnection\n");
  expect(allowed.code).toBe(6);
});

describe("--header-file", () => {
  test("has lines of names and values, which are sent with each request and not shown", async () => {
    const file = makeFolder().write(
      "headers",
      "CF-Access-Client-Id: abc\n\nCF-Access-Client-Secret: s3cr3t: of 24 characters\r\n",
    );
    await using server = await playScript([problem(422, { detail: "s3cr3t: of 24 characters" })]);
    const { stderr } = await run([...ONE, "--yes", "--header-file", file], { env: { KAITEN_BASE_URL: server.url } });
    expect(server.reads).not.toEqual([]);
    for (const { raw } of [...server.reads, ...server.requests]) {
      expect(raw).toMatch(/^cf-access-client-id: abc$/im);
      expect(raw).toMatch(/^cf-access-client-secret: s3cr3t: of 24 characters$/im);
    }
    expect(stderr).not.toContain("s3cr3t");
  });

  test.each([
    [
      "authorization: Bearer s3cr3t",
      "The file of --header-file must not have authorization, which the client or fetch sets.",
    ],
    ["X-A: 1\ns3cr3t", "Line 2 of the file of --header-file is not of the form Name: value."],
    ["X-A: 1\nx-a: s3cr3t", "Line 2 of the file of --header-file names a header once more."],
    ["s3 cr3t: 1", "The file of --header-file has a name that no header can have"],
    ["X-A:", "The file of --header-file has a value for x-a that cannot be sent"],
  ])("with %j is refused, and the line is not shown", async (content, fault) => {
    const file = makeFolder().write("headers", content);
    const { code, stderr } = await run([...ONE, "--yes", "--header-file", file], { env: NOWHERE });
    expect(stderr).toContain(fault);
    expect(stderr).not.toContain("s3cr3t");
    expect(code).toBe(2);
  });
});

describe("a base URL", () => {
  const FILE_ONLY = "abcdefghijklmnop";

  test.each<[string, string, Record<string, string>, string[]]>([
    ["in its path", `https://kaiten.example.com/${CREDENTIAL}/api`, {}, []],
    ["in its query", `https://kaiten.example.com/api?token=${CREDENTIAL}`, {}, []],
    ["as its user", `https://${CREDENTIAL}@kaiten.example.com/api`, {}, []],
    ["as its host, over plain http", `http://${CREDENTIAL}/api`, {}, []],
    ["that is a credential itself", CREDENTIAL, {}, []],
    ["that is another one", `https://kaiten.example.com/${LEAKED}`, {}, []],
    ["that is a JWT", "http://kaiten.example.com/eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln", {}, []],
    ["of another form", `http://kaiten.invalid/${FILE_ONLY}`, { KAITEN_AUTH_TOKEN: FILE_ONLY }, ["--allow-insecure"]],
    ["from a file", `https://kaiten.example.com/${FILE_ONLY}`, {}, ["--token-file"]],
  ])("with a secret %s is refused and not shown", async (_, url, env, args) => {
    const file = makeFolder().write(TOKEN_FILE, FILE_ONLY);
    const all = args[0] === "--token-file" ? [...args, file] : args;
    for (const command of [
      [...ONE, "--dry-run"],
      ["list", "ci-bot"],
    ]) {
      const { code, stdout, stderr } = await run([...command, ...all], { env: { KAITEN_BASE_URL: url, ...env } });
      expect(stdout).toBe("");
      expect(stderr).toMatch(/^The base URL contains a secret\. .+ Nothing was sent\.\n$/);
      expect(code).toBe(2);
    }
  });

  test.each([
    ["with a query", "https://kaiten.example.com/api?a=b"],
    ["with a user", "https://a:b@kaiten.example.com"],
    ["with a query, over plain http", "http://kaiten.invalid/api?a=b"],
    ["with another scheme", "ftp://kaiten.example.com"],
  ])("%s is refused, and --allow-insecure would not help", async (_, url) => {
    const { code, stderr } = await run([...ONE, "--yes"], { env: { KAITEN_BASE_URL: url } });
    expect(stderr).toMatch(/^The base URL .+\.\n$/);
    expect(stderr).not.toContain("--allow-insecure");
    expect(code).toBe(2);
  });
});

test("--verbose prints each attempt, and each read of the record", async () => {
  await using server = await playScript([problem(503, {}, { "Kaiten-TraceId": "trace-1" }), api]);
  const { code, stderr } = await run([...ONE, "--yes", "--verbose"], { env: { KAITEN_BASE_URL: server.url } });
  expect(stderr).toMatch(/^GET http:.+\/ci-bot, attempt 1: 404 in \d+ ms/);
  expect(stderr).toMatch(/\nDELETE http:.+\/deploy-key, attempt 1: 503 in \d+ ms, trace trace-1, again in \d+ ms\n/);
  expect(stderr).toMatch(/\nDELETE .+, attempt 2: 204 in \d+ ms/);
  expect(code).toBe(0);
});

test.each<[string[], string]>([
  [["revoke"], "Name a service account and its tokens, or pass --all for all of its active tokens, or --from FILE"],
  [["revoke", "ci-bot"], "Name a service account and its tokens"],
  [["revoke", "--all"], "Name a service account and its tokens"],
  [["revoke", "ci-bot", "a", "--all"], "Name a service account and its tokens"],
  [["revoke", "ci-bot", "a", "--from", "-", "--yes"], "or --from FILE for a list: one of them. Nothing was sent."],
  [["revoke", "ci-bot", "--all", "--from", "-", "--yes"], "or --from FILE for a list: one of them. Nothing was sent."],
  [["revoke", "ci-bot", "", "-y"], "The token is empty. Nothing was sent."],
  [["revoke", "ci-bot", "a", "..", "-y"], 'The token is "..", which would address something else. Nothing was sent.'],
  [["revoke", "ci-bot", "a/b", "-y"], "Nothing was sent."],
  [["revoke", "ci-bot", "a\u202eb", "-y"], "Nothing was sent."],
  [["revoke", "", "a", "-y"], "The service account is empty. Nothing was sent."],
  [["revoke", "a/b", "--all", "-y"], "The service account has one of the characters"],
  [["list", "a/b"], "The service account has one of the characters"],
  [["list"], "error: missing required argument 'account'"],
  [[...ONE], "Cannot ask for confirmation here: pass --yes to revoke these tokens. Nothing was sent."],
  [["revoke", "--from", "-"], "Cannot ask for confirmation here: pass --yes"],
  [[...ONE, "--concurrency", "0"], "--concurrency must be a whole number from 1 to 256. Nothing was sent."],
  [[...ONE, "--concurrency", "1e2"], "It must be a number."],
  [[...ONE, "--retries", "1.5"], "--retries must be a whole number from 0 to 100. Nothing was sent."],
  [[...ONE, "--timeout", "10s"], "It must be a number."],
  [[...ONE, "--timeout", "0"], "--timeout must be seconds, from 0.001 to 2147483. Nothing was sent."],
  [[...ONE, "--timeout", "3000000"], "--timeout must be seconds"],
  [[...ONE, "--base-url", ""], "There is no base URL: set KAITEN_BASE_URL, or pass --base-url URL."],
  [[...ONE, "--base-url", "kaiten.example.com"], "The base URL must be an absolute URL. Pass one such as https://"],
  [[...ONE, "--base-url", "https://a:b@kaiten.example.com"], "The base URL contains a user or password"],
  [[...ONE, "--tokn-file", "x"], "error: unknown option '--tokn-file'\n(Did you mean --token-file?)"],
  [[...ONE, "--force"], "error: unknown option '--force'"],
  [["revoke", "--from", "a", "--from", "b"], "It can be given once: put the lists together."],
  [["revok"], "error: unknown command 'revok'\n(Did you mean revoke?)"],
  [["revok\u001b[2J"], "error: unknown command 'revok\\u001b[2J'"],
  [["verify", "--for", "30s"], "It must be minutes, from 1m to 1440m."],
  [["verify", "my-secret"], "error: too many arguments for 'verify'"],
])("%j is refused", async (args, fault) => {
  const { code, stdout, stderr } = await run(args, { env: NOWHERE });
  expect(stderr).toContain(fault);
  expect(stdout).toBe("");
  expect(code).toBe(2);
});
