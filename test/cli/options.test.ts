// Every option, by what it changes.
import { describe, expect, test } from "vitest";
import { playScript } from "../faults/server.js";
import { api, NOT_FOUND, problem, stall } from "../faults/steps.js";
import { CREDENTIAL, FULL_DISK, makeFolder, type Options, run, start, TOKEN_FILE, until } from "./command.js";
import { playTokens } from "./tokens.js";

const ONE = ["revoke", "ci-bot", "deploy-key"];

test("many tokens of one account, each once", async () => {
  await using server = await playTokens();
  const names = Array.from({ length: 120 }, (_, index) => `token-${index}`);
  const env = { KAITEN_BASE_URL: server.url };
  const { code, stderr } = await run(["revoke", "ci-bot", ...names, ...names, "--yes"], { env });
  expect([...server.dead].sort()).toEqual(names.map((name) => `ci-bot/${name}`).sort());
  expect(new Set(server.asked.values())).toEqual(new Set([1]));
  expect(stderr).toBe("120 tokens, revoked 120\n");
  expect(code).toBe(0);
});

test("a slug arrives as exactly itself", async () => {
  await using server = await playTokens();
  const slugs = ["a/b", "a b", "%2e%2e", "é?#;=&", "-x"];
  await run(["revoke", "--yes", "--", "ci/bot", ...slugs], { env: { KAITEN_BASE_URL: server.url } });
  expect([...server.dead].sort()).toEqual(slugs.map((slug) => `ci/bot/${slug}`).sort());
});

test("--base-url: wins over the environment, and its path is kept", async () => {
  await using server = await playScript([api]);
  const env = { KAITEN_BASE_URL: "http://127.0.0.1:9" };
  const { code } = await run([...ONE, "--yes", "--base-url", `${server.url}/api/`], { env });
  expect(server.requests.map(({ path }) => path)).toEqual(["/api/service-accounts/ci-bot/tokens/deploy-key"]);
  expect(code).toBe(0);
});

describe("the credential", () => {
  test("comes from the environment", async () => {
    await using server = await playScript([api]);
    await run([...ONE, "--yes"], { env: { KAITEN_BASE_URL: server.url } });
    expect(server.requests[0]?.authorization).toBe(`Bearer ${CREDENTIAL}`);
  });

  test("--token-file: wins over it, and is trimmed", async () => {
    await using server = await playScript([api]);
    const folder = makeFolder();
    folder.write(TOKEN_FILE, `${CREDENTIAL}\n`);
    const env = { KAITEN_BASE_URL: server.url, KAITEN_AUTH_TOKEN: "ksh_another" };
    const { code } = await run([...ONE, "--yes", "--token-file", TOKEN_FILE], { env, folder });
    expect(server.requests[0]?.authorization).toBe(`Bearer ${CREDENTIAL}`);
    expect(code).toBe(0);
  });

  test("--token-file: is read again when the API refuses what was in it", async () => {
    const folder = makeFolder();
    folder.write(TOKEN_FILE, "ksh_outdated");
    await using server = await playScript([
      (exchange) => {
        folder.write(TOKEN_FILE, CREDENTIAL);
        return problem(401)(exchange);
      },
      api,
    ]);
    const env = { KAITEN_BASE_URL: server.url, KAITEN_AUTH_TOKEN: undefined };
    const { code } = await run([...ONE, "--yes", "--token-file", TOKEN_FILE], { env, folder });
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([
      "Bearer ksh_outdated",
      `Bearer ${CREDENTIAL}`,
    ]);
    expect(code).toBe(0);
  });

  test("from a pipe is read once, and not waited for when it was refused", async () => {
    await using server = await playScript([problem(401)]);
    const folder = makeFolder();
    const shell = `mkfifo pipe; echo "$KAITEN_AUTH_TOKEN" > pipe & kaiten-tokens "$@" --token-file pipe`;
    const { code, stderr } = await run([...ONE, "--yes"], { env: { KAITEN_BASE_URL: server.url }, folder, shell });
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([`Bearer ${CREDENTIAL}`]);
    expect(stderr).toContain("Check the credential.");
    expect(code).toBe(3);
  });

  test.each<[string, string[], Options["env"], string]>([
    ["that is missing", [], { KAITEN_AUTH_TOKEN: undefined }, "There is no credential: set KAITEN_AUTH_TOKEN, or say"],
    ["that is empty", [], { KAITEN_AUTH_TOKEN: "" }, "There is no credential"],
    [
      "with its scheme",
      [],
      { KAITEN_AUTH_TOKEN: `Bearer ${CREDENTIAL}` },
      "The credential begins with the word Bearer",
    ],
    ["of other characters", [], { KAITEN_AUTH_TOKEN: `${CREDENTIAL}\u2026` }, "The credential has characters that no"],
    ["in a file that is empty", ["--token-file", "empty"], {}, "What --token-file names is empty: set"],
    ["in a file that is missing", ["--token-file", "missing"], {}, "Cannot read what --token-file names (ENOENT)"],
    ["in a folder", ["--token-file", "bin"], {}, "Cannot read what --token-file names (EISDIR)"],
    ["in place of its file", ["--token-file", CREDENTIAL], {}, "Cannot read what --token-file names (ENOENT)"],
    ["as an option", [`--token=${CREDENTIAL}`], {}, "unknown option '--token'"],
    ["as another option", [`-t${CREDENTIAL}`], {}, "unknown option '-t'"],
    ["as a token's slug", [CREDENTIAL], {}, "tokenSlug holds the credential itself"],
  ])("one %s is refused, and not shown", async (_, args, env, fault) => {
    await using server = await playTokens();
    const folder = makeFolder();
    folder.write("empty", "\n");
    const options = { env: { KAITEN_BASE_URL: server.url, ...env }, folder };
    const { code, stdout, stderr } = await run([...ONE, "--yes", ...args], options);
    expect(stderr).toContain(fault);
    expect(stdout).toBe("");
    expect(code).toBe(2);
    expect(server.asked.size).toBe(0);
  });
});

test("without --yes and without a terminal it refuses, and says what it would do", async () => {
  await using server = await playTokens();
  const { code, stdout, stderr } = await run(["revoke", "ci-bot", "a", "b"], { env: { KAITEN_BASE_URL: server.url } });
  const { host } = new URL(server.url);
  expect(stderr).toBe(
    `Would revoke 2 tokens of 1 service account at ${host}, but cannot ask here: say --yes. Nothing was sent.\n`,
  );
  expect(stdout).toBe("");
  expect(code).toBe(2);
  expect(server.asked.size).toBe(0);
});

test("--dry-run: shows what it would do, and sends nothing", async () => {
  await using server = await playTokens();
  const env = { KAITEN_BASE_URL: server.url };
  const { code, stdout, stderr } = await run([...ONE, "--dry-run"], { env });
  expect(stdout).toBe("would-revoke\tci-bot\tdeploy-key\n");
  expect(stderr).toMatch(/^Would revoke 1 token of 1 service account at 127\.0\.0\.1:\d+\. Nothing was sent\.\n$/);
  expect(code).toBe(0);
  const { stdout: json } = await run([...ONE, "--dry-run", "--json"], { env });
  expect(JSON.parse(json)).toEqual({ serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key", outcome: "would-revoke" });
  expect(server.asked.size).toBe(0);
});

test.skipIf(!FULL_DISK.exists)("--dry-run tells what it could not show", async () => {
  const { code, stderr } = await run([...ONE, "--dry-run"], {
    env: { KAITEN_BASE_URL: "http://127.0.0.1:9" },
    shell: `kaiten-tokens "$@" > ${FULL_DISK.name}`,
  });
  expect(stderr).toMatch(/Nothing was sent\.\nResults are missing on standard output: ENOSPC.*\n$/);
  expect(code).toBe(1);
});

test("--ignore-absent: a token that the API does not have counts as dead", async () => {
  await using server = await playScript([problem(404, NOT_FOUND)]);
  const env = { KAITEN_BASE_URL: server.url };
  const strict = await run([...ONE, "--yes"], { env });
  expect(strict.code).toBe(4);
  expect(strict.stderr).toContain("it is revoked already");
  expect(strict.stderr).toContain("1 token not known to be dead.");
  const { code, stderr } = await run([...ONE, "--yes", "--ignore-absent"], { env });
  expect(stderr).toBe("1 token, absent 1\n");
  expect(code).toBe(0);
});

test.each([
  ["by default", [], 8],
  ["--concurrency 1", ["--concurrency", "1"], 1],
  ["--concurrency 20", ["--concurrency", "20"], 20],
])("%s: so many at once", async (_, args, expected) => {
  await using server = await playTokens({ limit: 0 });
  const names = Array.from({ length: 40 }, (_, index) => `token-${index}`);
  const running = start(["revoke", "ci-bot", ...names, "--yes", ...args], { env: { KAITEN_BASE_URL: server.url } });
  await until(() => server.waiting >= expected);
  // What is too many would have come with the others, over connections of their own.
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(server.waiting).toBe(expected);
  server.release();
  expect((await running.ended).code).toBe(0);
});

test("--timeout: in seconds, of an attempt", async () => {
  await using server = await playScript([stall()]);
  const args = [...ONE, "--yes", "--retries", "0", "--timeout", "0.15"];
  const { code, stderr } = await run(args, { env: { KAITEN_BASE_URL: server.url } });
  expect(stderr).toContain("No whole answer came within 150 ms");
  expect(code).toBe(6);
});

test.each([
  [["--retries", "0"], 1],
  [["--retries", "1"], 2],
])("%j: as many attempts after the first", async (args, expected) => {
  await using server = await playScript([problem(503)]);
  const { code } = await run([...ONE, "--yes", ...args], { env: { KAITEN_BASE_URL: server.url } });
  expect(server.requests).toHaveLength(expected);
  expect(code).toBe(6);
});

test("--allow-insecure: plain http to another machine, which is refused else", async () => {
  const env = { KAITEN_BASE_URL: "http://kaiten.invalid" };
  const refused = await run([...ONE, "--yes"], { env });
  expect(refused.stderr).toContain("plain http to kaiten.invalid: use https, or say --allow-insecure");
  expect(refused.code).toBe(2);
  const allowed = await run([...ONE, "--yes", "--allow-insecure", "--retries", "0"], { env });
  expect(allowed.stdout).toBe("not-revoked\tci-bot\tdeploy-key\n");
  expect(allowed.code).toBe(6);
});

test("--verbose: tells each attempt as it happens", async () => {
  await using server = await playScript([problem(503, {}, { "Kaiten-TraceId": "trace-1" }), api]);
  const { code, stdout, stderr } = await run([...ONE, "--yes", "--verbose"], { env: { KAITEN_BASE_URL: server.url } });
  const url = `${server.url}/service-accounts/ci-bot/tokens/deploy-key`;
  const [first, second] = stderr.split("\n");
  expect(first).toMatch(/^attempt 1 of .+: 503 in \d+ ms, trace trace-1, again in \d+ ms$/);
  expect(second).toMatch(/^attempt 2 of .+: 204 in \d+ ms$/);
  expect(first).toContain(url);
  expect(stdout).toBe("revoked\tci-bot\tdeploy-key\n");
  expect(code).toBe(0);
});

describe("what cannot be", () => {
  test.each<[string[], string]>([
    [["revoke"], "Name a service account and its tokens, or give a list with --from FILE."],
    [["revoke", "ci-bot"], "Name a service account and its tokens"],
    [["revoke", "ci-bot", "a", "--from", "-"], "Name tokens or say --from, not both."],
    [["revoke", "ci-bot", ""], "tokenSlug is empty. Nothing was sent."],
    [["revoke", "ci-bot", "a", ".."], 'tokenSlug is "..", which would address something else. Nothing was sent.'],
    [["revoke", "", "a"], "serviceAccountSlug is empty. Nothing was sent."],
    [[...ONE, "--concurrency", "0"], '--concurrency must be a whole number from 1 to 256, not "0".'],
    [[...ONE, "--concurrency", "257"], "--concurrency must be a whole number from 1 to 256"],
    [[...ONE, "--concurrency", "many"], '--concurrency must be a whole number from 1 to 256, not "many".'],
    [[...ONE, "--concurrency", "1e2"], "--concurrency must be a whole number"],
    [[...ONE, "--retries", "1.5"], '--retries must be a whole number from 0 to 100, not "1.5".'],
    [[...ONE, "--retries", "-1"], '--retries must be a whole number from 0 to 100, not "-1".'],
    [[...ONE, "--retries", "101"], "--retries must be a whole number from 0 to 100"],
    [[...ONE, "--timeout", "0"], '--timeout must be in seconds, from 0.001 to 86400, not "0".'],
    [[...ONE, "--timeout", "10s"], '--timeout must be in seconds, from 0.001 to 86400, not "10s".'],
    [[...ONE, "--timeout", "90000"], "--timeout must be in seconds, from 0.001 to 86400"],
    [[...ONE, "--base-url", ""], "There is no base URL: say --base-url URL, or set KAITEN_BASE_URL."],
    [[...ONE, "--base-url", "kaiten.example.com"], "The base URL is not a whole URL. Give one such as https://"],
    [[...ONE, "--base-url", "ftp://kaiten.example.com"], "The base URL must begin with https://"],
    [[...ONE, "--base-url", "https://a:b@kaiten.example.com"], "The base URL has a user or password in it"],
    [[...ONE, "--base-url", "https://kaiten.example.com/?a"], "The base URL has a query or fragment."],
    [[...ONE, "--tokn-file", "x"], "error: unknown option '--tokn-file'\n(Did you mean --token-file?)"],
    [[...ONE, "--from"], "error: option '--from <file>' argument missing"],
    [["revoke", "--from", "a", "--from", "b"], "is invalid. It can be given once: put the lists together."],
    [["revok"], "error: unknown command 'revok'\n(Did you mean revoke?)"],
    [["--nonsense"], "error: unknown option '--nonsense'"],
  ])("%j", async (args, fault) => {
    const { code, stdout, stderr } = await run([...args], { env: { KAITEN_BASE_URL: "http://127.0.0.1:9" } });
    expect(stderr).toContain(fault);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});
