// What is written where: results to standard output, all else to standard error, and nothing that could do harm there.
import { expect, test } from "vitest";
import { playScript } from "../faults/server.js";
import { api, NOT_FOUND, problem, problemText } from "../faults/steps.js";
import { FULL_DISK, makeFolder, run, until } from "./command.js";
import { makeList, playTokens } from "./tokens.js";

const YES = ["--yes", "--retries", "0", "--concurrency", "1"];

test("--json: each result is a line of JSON, with all that an error carries", async () => {
  const members = { code: "Scope.Missing", errorId: "id-1", detail: "No.", hint: { deep: [1, null] } };
  await using server = await playScript([api, problem(404, { ...NOT_FOUND, detail: "Gone." }), problem(403, members)]);
  const env = { KAITEN_BASE_URL: server.url };
  const { code, stdout } = await run(["revoke", "ci-bot", "a", "b", "c", "--json", ...YES], { env });
  const results = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(results).toMatchObject([
    { serviceAccountSlug: "ci-bot", tokenSlug: "a", outcome: "revoked", attempts: 1 },
    { serviceAccountSlug: "ci-bot", tokenSlug: "b", outcome: "absent", attempts: 1, error: { status: 404 } },
    {
      serviceAccountSlug: "ci-bot",
      tokenSlug: "c",
      outcome: "not-revoked",
      attempts: 1,
      error: {
        name: "KaitenProblemError",
        message: expect.stringContaining("The credential needs the scope write:tokens."),
        request: { method: "DELETE", url: `${server.url}/service-accounts/ci-bot/tokens/c` },
        status: 403,
        code: "Scope.Missing",
        errorId: "id-1",
        problem: { ...members, title: "Title", status: 403 },
      },
    },
  ]);
  expect(results[0]).not.toHaveProperty("error");
  expect(results[2].error).not.toHaveProperty("headers");
  expect(code).toBe(3);
});

test("--json: what is not dead, picked by another tool, is a list again", async () => {
  await using refusing = await playScript([api, problem(500)]);
  await using server = await playTokens();
  const folder = makeFolder();
  const shell = `kaiten-tokens "$@" --base-url ${refusing.url} --json | grep -v '"outcome":"revoked"' > left
    kaiten-tokens revoke --from left --yes --base-url ${server.url}`;
  const { code } = await run(["revoke", "ci-bot", "a", 'b "1", 2', "c", ...YES], { folder, shell });
  expect([...server.dead].sort()).toEqual(['ci-bot/b "1", 2', "ci-bot/c"]);
  expect(code).toBe(0);
});

test("the summary names each token that is not surely dead, by its reason", async () => {
  const gone = problem(404, { ...NOT_FOUND, detail: "No such token." });
  await using server = await playScript([api, gone, problem(403, { title: "No", detail: "Scope." }), gone]);
  const env = { KAITEN_BASE_URL: server.url };
  const { stdout, stderr } = await run(["revoke", "ci-bot", "a", "b", "c", "d", ...YES], { env });
  expect(stdout).toBe("revoked\tci-bot\ta\nabsent\tci-bot\tb\nnot-revoked\tci-bot\tc\nabsent\tci-bot\td\n");
  expect(stderr.split("\n")).toEqual([
    expect.stringMatching(
      /^absent: The API answered 404 Token\.NotFound: No such token\. .+ it is revoked already, .+\.$/,
    ),
    "  ci-bot  b",
    "  ci-bot  d",
    expect.stringMatching(/^not-revoked: The API answered 403 No: Scope\. .+ needs the scope write:tokens\.$/),
    "  ci-bot  c",
    "4 tokens, revoked 1, absent 2, not-revoked 1",
    "3 tokens not known to be dead. To go on, run it again with --ignore-absent; --rest FILE lists what is left.",
    "",
  ]);
});

const ESCAPES = "\u001b[2J\u009b31m\u0007\u202egpj\u200b\u2028\u{e0041}\r\n\t\u007f";

test.each(["", "--json", "--dry-run", "--dry-run --json", "--verbose"])(
  "escape sequences in a slug or a server's words never reach the terminal: %s",
  async (given) => {
    const args = given.split(" ").filter(Boolean);
    const problem = { title: ESCAPES, detail: ESCAPES, [ESCAPES]: ESCAPES, status: 403 };
    const page = problemText(403, `page ${ESCAPES}`, { "Content-Type": "text/html", "Kaiten-TraceId": "\u009b31m" });
    await using server = await playScript([problemText(403, JSON.stringify(problem)), page]);
    const env = { KAITEN_BASE_URL: server.url };
    const slugs = [`a${ESCAPES}`, `b${ESCAPES}`];
    const { stdout, stderr } = await run(["revoke", `ci${ESCAPES}`, ...slugs, ...YES, ...args], { env });
    expect(stdout + stderr).not.toMatch(/[^\P{C}\n\t]/u);
    // The tabs are those between fields, and the lines are those that there are.
    expect(stdout.match(/\n/g)).toHaveLength(2);
    for (const line of stdout.trimEnd().split("\n")) {
      if (args.includes("--json")) expect(slugs).toContain(JSON.parse(line).tokenSlug);
      else expect(line.split("\t")).toHaveLength(3);
    }
    expect(stdout).toContain("\\u001b[2J\\u009b31m\\u0007\\u202egpj\\u200b\\u2028\\udb40\\udc41\\");
  },
);

test("escape sequences in a bad line or its file's name never reach the terminal", async () => {
  const folder = makeFolder();
  const from = folder.write(`list\u001b[2J`, `a\u001b[2J,b,c\n`);
  const { stderr } = await run(["revoke", "--from", from, "--yes"], {
    env: { KAITEN_BASE_URL: "http://127.0.0.1:9" },
    folder,
  });
  expect(stderr).toContain("list\\u001b[2J:1: is neither");
  expect(stderr).not.toContain("\u001b");
});

test.each<[string, Record<string, string>, boolean]>([
  ["no colour where there is no terminal", {}, false],
  ["FORCE_COLOR", { FORCE_COLOR: "1" }, true],
  ["FORCE_COLOR=0", { FORCE_COLOR: "0" }, false],
  ["NO_COLOR", { NO_COLOR: "1" }, false],
  ["FORCE_COLOR over NO_COLOR", { FORCE_COLOR: "1", NO_COLOR: "1" }, true],
])("%s", async (_, colors, expected) => {
  await using server = await playScript([problem(403)]);
  const env = { KAITEN_BASE_URL: server.url, ...colors };
  const { stdout, stderr } = await run(["revoke", "ci-bot", "a", ...YES], { env });
  expect(stderr.includes("\u001b[33mnot-revoked: ")).toBe(expected);
  expect(stderr.includes("\u001b")).toBe(expected);
  // Results are for other tools.
  expect(stdout).toBe("not-revoked\tci-bot\ta\n");
});

test("a reader that has gone is no crash, and the tokens are revoked all the same", async () => {
  await using server = await playTokens();
  const { text, slugs } = makeList(200);
  const env = { KAITEN_BASE_URL: server.url };
  const shell = `kaiten-tokens revoke --from - --yes --rest left | head -1; echo "\${PIPESTATUS[0]}"`;
  const folder = makeFolder();
  const { stdout, stderr } = await run([], { env, input: text, shell, folder });
  expect(stdout).toMatch(/^revoked\taccount-\d\ttoken-\d+\n0\n$/);
  expect(stderr).toBe("200 tokens, revoked 200\n");
  expect([...server.dead].sort()).toEqual(slugs.sort());
  expect(folder.read("left")).toBe("");
});

test("also where both readers have gone", async () => {
  await using server = await playTokens();
  const { text, slugs } = makeList(200);
  const env = { KAITEN_BASE_URL: server.url };
  const shell = `(kaiten-tokens revoke --from - --yes --verbose; echo "$?" > code) 2>&1 | head -1`;
  const folder = makeFolder();
  await run(["--verbose"], { env, input: text, shell, folder });
  await until(() => folder.files().includes("code"));
  await until(() => folder.read("code") === "0\n");
  expect([...server.dead].sort()).toEqual(slugs.sort());
});

test.each(["--help", "help revoke"])("`%s` with a reader that has gone is no crash", async (args) => {
  const shell = `exec 3> >(:); wait $!; kaiten-tokens ${args} >&3; echo "$?"`;
  const { stdout, stderr } = await run([], { shell });
  expect(stdout).toBe("0\n");
  expect(stderr).toBe("");
});

test.skipIf(!FULL_DISK.exists)("results that could not be written are told, and the tokens are revoked", async () => {
  await using server = await playTokens();
  const env = { KAITEN_BASE_URL: server.url };
  const { code, stderr } = await run(["revoke", "a", "b", "c", "--yes"], {
    env,
    shell: `kaiten-tokens "$@" > ${FULL_DISK.name}`,
  });
  expect(stderr).toMatch(/^2 tokens, revoked 2\nResults are missing on standard output: ENOSPC.*\n$/);
  expect(server.dead).toHaveLength(2);
  expect(code).toBe(1);
});
