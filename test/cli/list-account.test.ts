// `list`: the tokens of an account, for a person and for the report.
import { expect, test } from "vitest";
import { CREDENTIAL, run, runAtTerminal } from "./command.js";
import { serve, tokensOf } from "./servers.js";

const token = (tokenSlug: string, members: object = {}) => ({
  ...{ serviceAccountSlug: "ci-bot", tokenSlug, createdAt: "2025-01-01T00:00:00Z", ...members },
});
const TOKENS = [
  token("live-key", { createdAt: "2025-03-01T10:00:00Z", expiresAt: "2099-01-01T00:00:00Z" }),
  token("expired-key", { createdAt: "2025-02-01T10:00:00Z", expiresAt: "2025-06-01T00:00:00Z" }),
  token("old-key", { revokedAt: "2025-05-01T10:00:00Z", revokedBy: { id: "u-1", name: "Alice" } }),
];

test("it shows which are active, which are revoked, when and by whom", async () => {
  await using server = await serve(TOKENS);
  const { code, stdout, stderr } = await run(["list", "ci-bot"], server);
  expect(stdout.split("\n")).toEqual([
    "TOKEN        STATE    CREATED               EXPIRES               SCOPES        REVOKED               BY",
    "live-key     active   2025-03-01T10:00:00Z  2099-01-01T00:00:00Z  write:tokens",
    "expired-key  expired  2025-02-01T10:00:00Z  2025-06-01T00:00:00Z  write:tokens",
    "old-key      revoked  2025-01-01T00:00:00Z  never                 write:tokens  2025-05-01T10:00:00Z  Alice",
    "",
  ]);
  expect(stderr).toBe("3 tokens: 1 active, 1 expired, 1 revoked.\n");
  expect(code).toBe(0);
});

test("--json prints an object for each token, with what a result has", async () => {
  await using server = await serve(TOKENS);
  const { stdout } = await run(["list", "ci-bot", "--json"], server);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toHaveLength(3);
  expect(lines[2]).toMatchObject({
    ...{ baseUrl: server.url, serviceAccountSlug: "ci-bot", tokenSlug: "old-key", state: "revoked" },
    ...{ revokedAt: "2025-05-01T10:00:00Z", revokedBy: { id: "u-1", name: "Alice" }, scopes: ["write:tokens"] },
  });
});

test("4: there is no such account", async () => {
  await using server = await serve(TOKENS);
  const { code, stdout, stderr } = await run(["list", "ci-bott"], server);
  expect(stderr).toContain("There is no service account by this name in the organization of the credential");
  // The API was asked.
  expect(stderr).not.toContain("Nothing was sent");
  expect(stdout).toBe("");
  expect(code).toBe(4);
});

test.each([
  [3, "database-down"],
  [6, "record-unreadable"],
  [4, "wrong-base-url"],
] as const)("%i: the API answers as of %s", async (code, fault) => {
  await using server = await serve(TOKENS);
  server.fake.play(fault, { times: 10 });
  const ended = await run(["list", "ci-bot", "--retries", "0"], server);
  expect(ended).toMatchObject({ code, stdout: "" });
});

test("a credential that is refused is asked for again where there is somebody to ask", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  const env = { ...server.env, KAITEN_AUTH_TOKEN: "ksh_expired-long-ago" };
  const person = runAtTerminal(["list", "ci-bot"], { env });
  await person.answer("Credential (hidden): ", `${CREDENTIAL}\r`);
  expect(await person.ended).toBe(0);
  expect(person.text).toContain("key-1 active");
});
