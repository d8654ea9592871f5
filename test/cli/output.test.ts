// What is written where: results to standard output, all else to standard error, and nothing that could do harm there.
import { expect, test } from "vitest";
import { playScript } from "../faults/server.js";
import { api, NOT_FOUND, problem, problemText } from "../faults/steps.js";
import { FULL_DISK, makeFolder, run, runAtTerminal, runChild, start, until } from "./command.js";
import { makeTokens, serve, tokensOf } from "./servers.js";

const YES = ["--yes", "--concurrency", "1"];

test("--json prints one object for each token: that is the evidence for the report", async () => {
  const before = {
    tokenSlug: "key-0",
    serviceAccountSlug: "ci-bot",
    revokedAt: "2025-01-01T00:00:00Z",
    revokedBy: { id: "u-1" },
  };
  await using server = await serve([before, ...tokensOf("ci-bot", "key-1", "key-3")]);
  server.fake.play("api-422", { ref: { serviceAccountSlug: "ci-bot", tokenSlug: "key-3" } });
  const args = ["revoke", "ci-bot", "key-0", "key-1", "key-2", "key-3", "--json", ...YES];
  const { code, stdout } = await run(args, server);
  const results = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const common = { baseUrl: server.url, serviceAccountSlug: "ci-bot", at: expect.stringMatching(/^2\S+Z$/) };
  const sent = { attempts: 1, before: false, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) };
  const revoked = { tokenSlug: "key-0", outcome: "revoked", before: true, attempts: 0 };
  const absent = { tokenSlug: "key-2", outcome: "absent", before: false, attempts: 0 };
  const message = expect.any(String);
  expect(results).toEqual([
    { ...common, ...revoked, revokedAt: before.revokedAt, revokedBy: before.revokedBy },
    { ...common, ...absent, message: expect.stringContaining("The record has no such token") },
    { ...common, ...sent, tokenSlug: "key-1", outcome: "revoked", status: 204 },
    { ...common, ...sent, tokenSlug: "key-3", outcome: "not-revoked", status: 422, message },
  ]);
  expect(code).toBe(5);
});

test("the summary groups the tokens that may still be active by their reason", async () => {
  const gone = problem(404, { ...NOT_FOUND, detail: "No such token." });
  const scope = problem(422, { title: "No", detail: "Scope." });
  await using server = await playScript([api, gone, scope, gone]);
  const env = { KAITEN_BASE_URL: server.url };
  const { stdout, stderr } = await run(["revoke", "ci-bot", "k-1", "k-2", "k-3", "k-4", ...YES], { env });
  const notes = {
    "k-1": "revoked\tnow",
    "k-2": "absent\t404 Token.NotFound",
    "k-3": "not-revoked\t422",
    "k-4": "absent\t404 Token.NotFound",
  };
  const lines = Object.entries(notes).map(([token, note]) => note.replace("\t", `\tci-bot\t${token}\t`));
  expect(stdout.trimEnd().split("\n").sort()).toEqual(lines.sort());
  // Each reason once, in the order of the results, and its tokens below it.
  expect(stderr).toMatch(
    /\nabsent: The API answered 404 Token\.NotFound: No such token\. .*\n {2}ci-bot {2}k-\d\n {2}ci-bot {2}k-\d\n/,
  );
  expect(stderr).toMatch(/\nnot-revoked: The API answered 422 No: Scope\. .*\n {2}ci-bot {2}k-3\n/);
  expect(stderr.split("\n").slice(-4)).toEqual([
    "4 tokens, revoked 1, absent 2, not-revoked 1",
    "3 tokens may still be active. See the reasons above, then run the same command again: it continues.",
    "A revoked token may be accepted for up to 5 more minutes. To see whether its secret is: kaiten-service-accounts verify --for 5m",
    "",
  ]);
});

test("the summary names ten tokens for each reason, and counts the others", async () => {
  const { refs, csv } = makeTokens(60);
  await using server = await serve(refs.slice(0, 30));
  const { code, stderr } = await run(["revoke", "--from", "-", ...YES], { ...server, input: csv });
  expect(stderr.match(/^ {2}account-\d {2}token-\d+$/gm)).toHaveLength(10);
  expect(stderr).toContain("\n  and 20 more tokens\n");
  expect(code).toBe(4);
});

const ESCAPES = "\u001b[2J\u009b31m\u0007\u202egpj\u200b\u2028\u{e0041}\r\n\t\u007f";

test.each(["", "--json", "--verbose"])("escape sequences of a server never reach the terminal: %s", async (given) => {
  const problem = { title: ESCAPES, detail: ESCAPES, [ESCAPES]: ESCAPES, status: 422 };
  const page = problemText(422, `page ${ESCAPES}`, { "Content-Type": "text/html", "Kaiten-TraceId": "\u009b31m" });
  await using server = await playScript([problemText(422, JSON.stringify(problem)), page]);
  const env = { KAITEN_BASE_URL: server.url };
  const args = ["revoke", "ci-bot", "a", "b", "--retries", "0", ...YES, ...given.split(" ").filter(Boolean)];
  const { stdout, stderr } = await run(args, { env });
  expect(stdout + stderr).not.toMatch(/[^\P{C}\n\t]/u);
  expect(stdout.match(/\n/g)).toHaveLength(2);

  expect(stderr).toContain("\\u202egpj\\u200b");
});

test("escape sequences of a list or its file name never reach the terminal", async () => {
  const folder = makeFolder();
  const from = folder.write("list\u001b[2J", "ci-bot,key\u001b[2J\n");
  const { code, stderr } = await run(["revoke", "--from", from, "--yes"], {
    env: { KAITEN_BASE_URL: "http://127.0.0.1:9" },
  });
  expect(code).toBe(2);
  expect(stderr).toContain("list\\u001b[2J");
  expect(stderr).not.toContain("\u001b");
});

test("messages break between words at a terminal", async () => {
  const env = { KAITEN_BASE_URL: "http://127.0.0.1:9", KAITEN_AUTH_TOKEN: "whsec_0123456789" };
  const person = runAtTerminal(["revoke", "ci-bot", "key-1"], { env, columns: 40 });
  expect(await person.ended).toBe(2);
  const lines = person.raw.split("\n");
  for (const line of lines) expect(line.length).toBeLessThan(40);
  expect(person.text.trim().split(" ")).toEqual(lines.flatMap((line) => line.split(" ")).filter(Boolean));
  expect(person.text).toContain("is another kind of secret (ksm_…, kst_… or whsec_…), which this API does not accept.");
});

test("a reader that has gone stops nothing, and what it missed is counted", async () => {
  const { refs, csv } = makeTokens(200);
  await using server = await serve(refs, { limit: 20 });
  const folder = makeFolder();
  folder.write("leak.csv", csv);
  const shell = `kaiten-service-accounts revoke --from leak.csv --yes | (head -1; echo > gone); echo "\${PIPESTATUS[0]}"`;
  const running = start([], { ...server, folder, shell });
  await until(() => folder.files().includes("gone") && server.waiting === 8);
  server.release();
  const { stdout, stderr } = await running.ended;
  expect(stdout).toMatch(/^revoked\taccount-\d\ttoken-\d+\tnow\n1\n$/);
  expect(stderr).toContain("200 tokens, revoked 200\n");
  expect(stderr).toMatch(/\n\d+ results not delivered to standard output\.\n$/);
  expect(server.fake.alive()).toEqual([]);
});

test("a reader that stalls does not stop the revoking; its results wait for it", async () => {
  const { refs, csv } = makeTokens(1000, "x".repeat(70));
  await using server = await serve(refs);
  const folder = makeFolder();
  folder.write("leak.csv", csv);
  // The pipe takes 64 KiB; the results are more than that.
  const shell = `mkfifo gate; kaiten-service-accounts revoke --from leak.csv --yes | (read -r go < gate; cat); echo "\${PIPESTATUS[0]}"`;
  const running = start([], { ...server, folder, shell });
  await until(() => server.fake.alive().length === 0);
  await until(() => running.stderr.includes("1,000 tokens, revoked 1,000"));
  expect(running.stdout).toBe("");
  folder.write("gate", "go\n");
  const { stdout, stderr } = await running.ended;
  expect(stdout.match(/^revoked\t/gm)).toHaveLength(1000);
  expect(stdout).toMatch(/\n0\n$/);
  expect(stderr).not.toContain("not delivered");
});

test("where both readers have gone, the tokens are revoked all the same", async () => {
  const { refs, csv } = makeTokens(200);
  await using server = await serve(refs);
  const shell = `(kaiten-service-accounts revoke --from - --yes --verbose; echo "$?" > code) 2>&1 | head -1`;
  const folder = makeFolder();
  await runChild(["--verbose"], { ...server, input: csv, shell, folder });
  await until(() => folder.files().includes("code") && folder.read("code") === "1\n");
  expect(server.fake.alive()).toEqual([]);
});

test.each(["--help", "help revoke"])("`%s` with a reader that has gone is no crash", async (args) => {
  const shell = `exec 3> >(:); wait $!; kaiten-service-accounts ${args} >&3; echo "$?"`;
  const { stdout, stderr } = await runChild([], { shell });
  expect(stdout).toBe("0\n");
  expect(stderr).toBe("");
});

test.skipIf(!FULL_DISK.exists)(
  "results that a full disk does not take are counted, and the tokens revoked",
  async () => {
    await using server = await serve(tokensOf("ci-bot", "key-1", "key-2"));
    const { code, stderr } = await runChild(["revoke", "ci-bot", "key-1", "key-2", "--yes"], {
      ...server,
      shell: `kaiten-service-accounts "$@" > ${FULL_DISK.name}`,
    });
    expect(stderr).toContain("2 tokens, revoked 2\n");
    expect(stderr).toMatch(/\n2 results not delivered to standard output\.\n$/);
    expect(server.fake.alive()).toEqual([]);
    expect(code).toBe(1);
  },
);

test("a 204 that announces a body does not keep the command alive", async () => {
  const lying = ({ socket }: { socket: NodeJS.WritableStream }) =>
    void socket.write("HTTP/1.1 204 No Content\r\nContent-Length: 1000\r\n\r\n");
  await using server = await playScript([lying]);
  const { code, stdout } = await runChild(["revoke", "ci-bot", "key-1", "--yes"], {
    env: { KAITEN_BASE_URL: server.url },
  });
  expect(stdout).toBe("revoked\tci-bot\tkey-1\tnow\n");
  expect(code).toBe(0);
});
