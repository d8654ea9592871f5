// Every argument and option, by what it changes; and what is refused before anything is sent.
import { describe, expect, test } from "vitest";
import { playScript } from "../faults/server.js";
import { api, message, NOT_FOUND, problem, reset, send, stall } from "../faults/steps.js";
import { CREDENTIAL, LEAKED, makeFolder, type Options, run, start, TOKEN_FILE, until } from "./command.js";
import { serve, tokensOf } from "./servers.js";

const ONE = ["revoke", "ci-bot", "deploy-key"];
const NOWHERE = { KAITEN_BASE_URL: "http://127.0.0.1:9" };

test("many tokens of one account are each sent once", async () => {
  const refs = tokensOf("ci-bot", ...Array.from({ length: 120 }, (_, index) => `token-${index}`));
  await using server = await serve(refs);
  const names = refs.map((ref) => ref.tokenSlug);
  const { code, stderr } = await run(["revoke", "ci-bot", ...names, ...names, "-y"], server);
  expect(server.fake.alive()).toEqual([]);
  expect(server.fake.requests).toHaveLength(120);
  expect(stderr).toMatch(/^120 tokens, revoked 120\nA revoked token may be accepted for up to 5 more minutes\./);
  expect(code).toBe(0);
});

test("a slug arrives as exactly itself", async () => {
  await using server = await playScript([api]);
  const slugs = ["a b", "é?#;=&", "-x"];
  await run(["revoke", "--yes", "--concurrency", "1", "--", "ci bot", ...slugs], {
    env: { KAITEN_BASE_URL: server.url },
  });
  const paths = slugs.map((slug) => `/service-accounts/ci%20bot/tokens/${encodeURIComponent(slug)}`);
  expect(server.requests.map(({ path }) => path)).toEqual(paths);
});

test("--base-url wins over the environment, and its path is kept", async () => {
  await using server = await playScript([api]);
  const { code } = await run([...ONE, "--yes", "--base-url", `${server.url}/api/`], { env: NOWHERE });
  expect(server.requests.map(({ path }) => path)).toEqual(["/api/service-accounts/ci-bot/tokens/deploy-key"]);
  expect(code).toBe(0);
});

describe("the credential", () => {
  test("comes from the environment", async () => {
    await using server = await playScript([api]);
    await run([...ONE, "--yes"], { env: { KAITEN_BASE_URL: server.url } });
    expect(server.requests[0]?.authorization).toBe(`Bearer ${CREDENTIAL}`);
  });

  test("from --token-file wins over it; it is trimmed, and read again when the API refuses it", async () => {
    const folder = makeFolder();
    folder.write(TOKEN_FILE, "ksh_outdated\n");
    await using server = await playScript([
      (exchange) => {
        folder.write(TOKEN_FILE, `${CREDENTIAL}\n`);
        return problem(401)(exchange);
      },
      api,
    ]);
    const env = { KAITEN_BASE_URL: server.url, KAITEN_AUTH_TOKEN: "ksh_another" };
    const { code } = await run([...ONE, "--yes", "--token-file", TOKEN_FILE], { env, folder });
    const sent = server.requests.map(({ authorization }) => authorization);
    expect(sent).toEqual(["Bearer ksh_outdated", `Bearer ${CREDENTIAL}`]);
    expect(code).toBe(0);
  });

  const jwt = (claims: object) =>
    `eyJhbGciOiJub25lIn0.${Buffer.from(JSON.stringify({ sub: "alice", ...claims })).toString("base64url")}.c2lnbmF0dXJl`;

  test("of another organization is not taken from a file: what it does not find may be active elsewhere", async () => {
    const folder = makeFolder();
    folder.write(TOKEN_FILE, jwt({ org: "acme" }));
    await using server = await playScript([
      reset,
      (exchange) => {
        folder.write(TOKEN_FILE, jwt({ org: "other" }));
        return problem(401)(exchange);
      },
      problem(404, NOT_FOUND),
    ]);
    const env = { KAITEN_BASE_URL: server.url };
    const { code, stdout, stderr } = await run([...ONE, "--yes", "--token-file", TOKEN_FILE], { env, folder });
    expect(server.requests).toHaveLength(2);
    expect(stdout).toBe("unknown\tci-bot\tdeploy-key\n");
    expect(stderr).toContain("the credential of another user or organization");
    expect(code).toBe(6);
  });

  test.each<[string, string, number, number]>([
    ["the same user: the run goes on", jwt({ org: "acme", jti: "2", exp: 4e9 }), 31, 0],
    ["another user: nothing more is sent", jwt({ org: "acme", sub: "bob" }), 11, 3],
    ["another organization: nothing more is sent", jwt({ org: "other" }), 11, 3],
    ["nobody knows whom: nothing more is sent", CREDENTIAL, 11, 3],
  ])("from a file that is replaced in the middle of a run by that of %s", async (_, second, requests, expected) => {
    const folder = makeFolder();
    folder.write(TOKEN_FILE, jwt({ org: "acme", jti: "1", exp: 3e9 }));
    const revoked = send(message(204, undefined));
    await using server = await playScript([
      ...Array(10).fill(revoked),
      (exchange) => {
        folder.write(TOKEN_FILE, second);
        return problem(401, { code: "ValidateToken.Invalid" })(exchange);
      },
      revoked,
    ]);
    const names = Array.from({ length: 30 }, (_, index) => `token-${index}`);
    const args = ["revoke", "ci-bot", ...names, "--yes", "--concurrency", "1", "--token-file", TOKEN_FILE];
    const { code, stderr } = await run(args, { env: { KAITEN_BASE_URL: server.url }, folder });
    expect(server.requests).toHaveLength(requests);
    expect(stderr.includes("The file of --token-file now has the credential of another user or organization.")).toBe(
      expected !== 0,
    );
    expect(code).toBe(expected);
  });

  test("that has no known form is not repeated from an argument", async () => {
    const env = { ...NOWHERE, KAITEN_AUTH_TOKEN: "abcdefghijklmnopqrstuvwxyz" };
    const { code, stderr } = await run([...ONE, "--auth-token=abcdefghijklmnopqrstuvwxyz"], { env });
    expect(stderr).toContain("An argument is a secret.");
    expect(stderr).not.toContain("abcdefgh");
    expect(code).toBe(2);
  });

  test("from a pipe is read once, and not waited for when it was refused", async () => {
    await using server = await playScript([problem(401)]);
    const shell = `mkfifo pipe; echo "$KAITEN_AUTH_TOKEN" > pipe & kaiten-tokens "$@" --token-file pipe`;
    const { code } = await run([...ONE, "--yes"], { env: { KAITEN_BASE_URL: server.url }, shell });
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([`Bearer ${CREDENTIAL}`]);
    expect(code).toBe(3);
  });

  test.each<[string, string[], Options["env"], string]>([
    ["that is missing", [], { KAITEN_AUTH_TOKEN: undefined }, "There is no credential: set KAITEN_AUTH_TOKEN, or pass"],
    ["that is empty", [], { KAITEN_AUTH_TOKEN: "" }, "There is no credential"],
    ["undefined", [], { KAITEN_AUTH_TOKEN: "undefined" }, 'KAITEN_AUTH_TOKEN is the text "undefined": a variable'],
    ["null", [], { KAITEN_AUTH_TOKEN: "null" }, 'KAITEN_AUTH_TOKEN is the text "null": a variable'],
    ["in quotes", [], { KAITEN_AUTH_TOKEN: `"${CREDENTIAL}"` }, "KAITEN_AUTH_TOKEN is in quotes: remove them."],
    ["with its scheme", [], { KAITEN_AUTH_TOKEN: `Bearer ${CREDENTIAL}` }, "begins with the word Bearer"],
    ["of other characters", [], { KAITEN_AUTH_TOKEN: `${CREDENTIAL}\u2026` }, "has characters that no"],
    ["of another kind", [], { KAITEN_AUTH_TOKEN: "ksm_0123456789" }, "KAITEN_AUTH_TOKEN is"],
    ["of a webhook", [], { KAITEN_AUTH_TOKEN: "whsec_0123456789" }, "KAITEN_AUTH_TOKEN is"],
    ["in an empty file", ["--token-file", "empty"], {}, "The credential from --token-file is empty."],
    ["in a missing file", ["--token-file", "missing"], {}, "Cannot read the file of --token-file (ENOENT)."],
    ["in a folder", ["--token-file", "bin"], {}, "Cannot read the file of --token-file (EISDIR)."],
    ["in place of its file", ["--token-file", CREDENTIAL], {}, "An argument is a secret."],
    ["as an option", [`--token=${CREDENTIAL}`], {}, "An argument is a secret."],
    ["as a short option", [`-t${CREDENTIAL}`], {}, "An argument is a secret."],
    ["as a slug", [CREDENTIAL], {}, "An argument is a secret."],
    ["within a slug", [`my-${CREDENTIAL}`], {}, "is a secret"],
  ])("%s is refused, explained and not shown", async (_, args, env, fault) => {
    const folder = makeFolder();
    folder.write("empty", "\n");
    const { code, stdout, stderr } = await run([...ONE, "--yes", ...args], { env: { ...NOWHERE, ...env }, folder });
    expect(stderr).toContain(fault);
    if (!fault.startsWith("has characters")) expect(stderr).not.toContain("RFC");
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

test("a secret that is pasted as the whole command is not shown", async () => {
  const { code, stderr } = await run([LEAKED]);
  expect(stderr).toContain("treat it as leaked");
  expect(code).toBe(2);
});

test("--dry-run shows what would be revoked, and sends nothing", async () => {
  const folder = makeFolder();
  folder.write("leak.csv", "account,token\nci-bot,key-1\nci-bot,key-2\n");
  const args = ["revoke", "--from", "leak.csv", "--dry-run"];
  const { code, stdout, stderr } = await run(args, { env: NOWHERE, folder });
  expect(stdout).toBe("would-revoke\tci-bot\tkey-1\nwould-revoke\tci-bot\tkey-2\n");
  expect(stderr).toContain("Base URL:   http://127.0.0.1:9\n");
  expect(stderr).toContain("To revoke:  2 tokens of 1 service account\n");
  expect(stderr).toMatch(/Nothing was sent\.\n$/);
  expect(code).toBe(0);
  const { stdout: json } = await run([...args, "--json"], { env: NOWHERE, folder });
  const line = { kind: "dry-run", serviceAccountSlug: "ci-bot", tokenSlug: "key-1", maybeRevoked: false };
  expect(JSON.parse(json.split("\n")[0] ?? "")).toEqual(line);
  expect(folder.files()).toEqual(["leak.csv"]);
});

test("--ignore-absent counts a token that the API does not find as success", async () => {
  await using server = await serve([]);
  const strict = await run([...ONE, "--yes"], server);
  expect(strict.stdout).toBe("absent\tci-bot\tdeploy-key\n");
  expect(strict.stderr).toContain("1 token may still be active.");
  expect(strict.stderr).not.toContain("--ignore-absent");
  expect(strict.code).toBe(4);
  const { code, stderr } = await run([...ONE, "--yes", "--ignore-absent"], server);
  const advice = "Absent: no longer found by the API. To be sure of the secret: npx kaiten-service-accounts verify";
  expect(stderr).toBe(`1 token, absent 1\n${advice}\n`);
  expect(code).toBe(0);
  // A slug that the API cannot have created is misspelt, not gone.
  const misspelt = await run(["revoke", "ci-bot", "Deploy_Key", "--yes", "--ignore-absent"], server);
  expect(misspelt.code).toBe(4);
});

test("--maybe-revoked settles what an earlier run left unknown, and the message names it", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1", "key 2"));
  server.fake.play("lost-after-commit", { times: 2 });
  const first = await run(["revoke", "ci-bot", "key-1", "key 2", "--yes", "--retries", "0"], server);
  expect(first.code).toBe(6);
  expect(first.stderr).toMatch(
    /For the unknown ones: npx kaiten-service-accounts revoke ci-bot (key-1 'key 2'|'key 2' key-1) --maybe-revoked\n/,
  );
  const second = await run(["revoke", "ci-bot", "key-1", "--yes", "--maybe-revoked"], server);
  expect(second.stdout).toBe("absent\tci-bot\tkey-1\n");
  expect(second.code).toBe(0);
});

test("--maybe-revoked is refused with a journal: misspelt tokens of the list would be success, for ever", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1", "key-2"));
  const folder = makeFolder();
  folder.write("leak.csv", "ci-bot,key-1\nci-bott,key-2\n");
  const args = ["revoke", "--from", "leak.csv", "--yes", "--maybe-revoked"];
  const { code, stderr } = await run(args, { ...server, folder });
  expect(stderr).toContain("--maybe-revoked is for a run without a journal");
  expect(server.fake.requests).toEqual([]);
  expect(folder.files()).toEqual(["leak.csv"]);
  expect(code).toBe(2);
  expect((await run([...args, "--no-journal"], { ...server, folder })).code).toBe(0);
});

test("the advice for many unknown tokens says how many it does not name", async () => {
  const refs = tokensOf("ci-bot", ...Array.from({ length: 12 }, (_, index) => `key-${index}`));
  await using server = await serve(refs);
  for (const ref of refs) server.fake.play("lost-after-commit", { ref });
  const names = refs.map(({ tokenSlug }) => tokenSlug);
  const { stderr } = await run(["revoke", "ci-bot", ...names, "--yes", "--retries", "0"], server);
  expect(stderr).toContain(
    "For the unknown ones (and 2 more, see the output): npx kaiten-service-accounts revoke ci-bot ",
  );
});

test("of a list without a journal, only the unknown tokens are to be sent as maybe revoked", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  server.fake.play("lost-after-commit");
  const args = ["revoke", "--from", "-", "--yes", "--retries", "0"];
  const { code, stderr } = await run(args, { ...server, input: "ci-bot,key-1\n" });
  expect(stderr).toContain("Put only the unknown ones into a file: ");
  expect(stderr).toContain("revoke --from FILE --no-journal --maybe-revoked\n");
  expect(code).toBe(6);
});

test.each([
  ["by default", [], 8],
  ["with --concurrency 1", ["--concurrency", "1"], 1],
  ["with --concurrency 12", ["--concurrency", "12"], 12],
])("%s, that many requests are sent at once", async (_, args, expected) => {
  const refs = tokensOf("ci-bot", ...Array.from({ length: 40 }, (_, index) => `token-${index}`));
  await using server = await serve(refs, { limit: 0 });
  const running = start(["revoke", "ci-bot", ...refs.map((ref) => ref.tokenSlug), "--yes", ...args], server);
  await until(() => server.waiting === expected);
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, server.waiting);
  });
  await until(() => running.stderr === "" && server.waiting === expected);
  server.release();
  expect((await running.ended).code).toBe(0);
  clearInterval(watch);
  expect(most).toBeLessThanOrEqual(expected);
});

test("--timeout limits an attempt, in seconds", async () => {
  await using server = await playScript([stall()]);
  const args = [...ONE, "--yes", "--retries", "0", "--timeout", "0.15"];
  const { code, stderr } = await run(args, { env: { KAITEN_BASE_URL: server.url } });
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
  expect(allowed.stdout).toBe("not-revoked\tci-bot\tdeploy-key\n");
  expect(allowed.code).toBe(6);
});

describe("a base URL", () => {
  const FILE_ONLY = "abcdefghijklmnop";

  test.each<[string, string, Options["env"], string[]]>([
    ["in its path", `https://kaiten.example.com/${CREDENTIAL}/api`, {}, []],
    ["in its query", `https://kaiten.example.com/api?token=${CREDENTIAL}`, {}, []],
    ["as its user", `https://${CREDENTIAL}@kaiten.example.com/api`, {}, []],
    ["as its host, over plain http", `http://${CREDENTIAL}/api`, {}, []],
    ["that is a credential itself", CREDENTIAL, {}, []],
    ["that is another one", `https://kaiten.example.com/${LEAKED}`, {}, []],
    ["that is a JWT", "http://kaiten.example.com/eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln", {}, []],
    ["of another form", `http://kaiten.invalid/${FILE_ONLY}`, { KAITEN_AUTH_TOKEN: FILE_ONLY }, ["--allow-insecure"]],
    ["from a file", `https://kaiten.example.com/${FILE_ONLY}`, {}, ["--token-file", TOKEN_FILE]],
  ])("with a secret %s is refused and not shown", async (_, url, env, args) => {
    const folder = makeFolder();
    folder.write(TOKEN_FILE, FILE_ONLY);
    for (const command of [[...ONE, "--dry-run"], ["verify"]]) {
      const options = { env: { KAITEN_BASE_URL: url, ...env }, folder };
      const { code, stdout, stderr } = await run([...command, ...args], options);
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

test("--verbose prints each attempt", async () => {
  await using server = await playScript([problem(503, {}, { "Kaiten-TraceId": "trace-1" }), api]);
  const { code, stdout, stderr } = await run([...ONE, "--yes", "--verbose"], { env: { KAITEN_BASE_URL: server.url } });
  const [first, second] = stderr.split("\n");
  expect(first).toMatch(/^attempt 1 of http:.+\/deploy-key: 503 in \d+ ms, trace trace-1, again in \d+ ms$/);
  expect(second).toMatch(/^attempt 2 of .+: 204 in \d+ ms/);
  expect(stdout).toBe("revoked\tci-bot\tdeploy-key\n");
  expect(code).toBe(0);
});

test.each<[string[], string]>([
  [["revoke"], "Name a service account and its tokens, or pass a list with --from FILE."],
  [["revoke", "ci-bot"], "Name a service account and its tokens"],
  [["revoke", "ci-bot", "a", "--from", "-"], "Name tokens or pass --from, not both."],
  [["revoke", "ci-bot", ""], "is empty. Nothing was sent."],
  [["revoke", "ci-bot", "a", ".."], "Nothing was sent."],
  [["revoke", "ci-bot", "a/b"], "Nothing was sent."],
  [["revoke", "ci-bot", "a\u202eb"], "Nothing was sent."],
  [["revoke", "", "a"], "is empty. Nothing was sent."],
  [[...ONE], "Cannot ask for confirmation here: pass --yes to revoke these tokens. Nothing was sent."],
  [[...ONE, "--concurrency", "0"], "--concurrency must be a whole number from 1 to 256"],
  [[...ONE, "--concurrency", "1e2"], "It must be a number."],
  [[...ONE, "--retries", "1.5"], "must be a whole number from 0 to 100"],
  [[...ONE, "--timeout", "10s"], "It must be a number."],
  [[...ONE, "--timeout", "0"], "--timeout must be "],
  [[...ONE, "--base-url", ""], "There is no base URL: set KAITEN_BASE_URL, or pass --base-url URL."],
  [[...ONE, "--base-url", "kaiten.example.com"], "The base URL must be an absolute URL. Pass one such as https://"],
  [[...ONE, "--base-url", "https://a:b@kaiten.example.com"], "The base URL contains a user or password"],
  [[...ONE, "--tokn-file", "x"], "error: unknown option '--tokn-file'\n(Did you mean --token-file?)"],
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
