// `npm run test:live` against deployments that keep the contract, and against such as break it in one way.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { commandOf } from "../../scripts/command.js";
import { ABSENT, type Answer, answer, deploy, REFUSED, TOKEN } from "./deployment.js";

/** Runs it as npm would. */
async function live(variables: Record<string, string | undefined>, ...parameters: string[]) {
  const env = { ...process.env, KAITEN_BASE_URL: undefined, KAITEN_AUTH_TOKEN: TOKEN, ...variables };
  const child = spawn(process.execPath, [commandOf("jiti", "jiti"), "scripts/live.ts", ...parameters], { env });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  expect(stdout + stderr).not.toContain(TOKEN.slice(0, 20));
  return { code, stdout, stderr, failed: stdout.split("\n").filter((line) => line.startsWith("FAILED")) };
}

describe("a deployment that keeps the contract", () => {
  test.concurrent("is found to, by three checks that destroy nothing", async () => {
    await using deployment = await deploy();
    expect(await live({ KAITEN_BASE_URL: `${deployment.url}/` })).toMatchObject({
      code: 0,
      stderr: "",
      failed: [],
      stdout: expect.stringMatching(/^ok .*\nok .*\nok .*\n\nIt keeps the contract\.$/m),
    });
    const random = "live-test-[-0-9a-f]{36}";
    const path = new RegExp(`^/api/service-accounts/${random}/tokens/${random}$`);
    expect(deployment.asked.map((request) => request.split(" "))).toEqual([
      ["unknown", "DELETE", expect.stringMatching(path)],
      ["known", "DELETE", expect.stringMatching(path)],
    ]);
  });

  test.concurrent("may answer with more than is documented: a member of its own, a charset, a compressed body", async ({
    expect,
  }) => {
    const more = { "content-type": "application/problem+json; charset=utf-8", "content-encoding": "gzip" };
    const body = gzipSync(JSON.stringify({ ...ABSENT, trace: { id: 7 } }));
    await using deployment = await deploy({ absent: (response) => response.writeHead(404, more).end(body) });
    expect(await live({ KAITEN_BASE_URL: deployment.url })).toMatchObject({ code: 0, failed: [] });
  });

  test.concurrent("may repeat the credential: it is shown nowhere, nor does Prism see it", async () => {
    const echo = answer(404, { ...ABSENT, code: TOKEN, detail: `Bearer ${TOKEN}` }, { "x-echo": TOKEN });
    await using deployment = await deploy({ absent: echo });
    const { code, stdout } = await live({ KAITEN_BASE_URL: deployment.url }, "--verbose");
    expect(code).toBe(1);
    expect(stdout).toContain("[credential]");
    expect(stdout).toContain("[HTTP SERVER] delete /service-accounts/live-test-");
  });
});

const WRONG = "A wrong credential is answered 401";
const NEVER = "A token that never was is answered 404, and is absent";

describe("a deployment that breaks the contract is named for it:", () => {
  test.concurrent.each<[what: string, answers: { refused?: Answer; absent?: Answer }, check: string, says: string]>([
    [
      "401 as a page",
      { refused: answer(401, "<h1>Log in</h1>") },
      WRONG,
      'The received media type "text/html" does not match the one specified in the current response: application/problem+json',
    ],
    [
      "401 as JSON that is no problem",
      { refused: answer(401, REFUSED, { "content-type": "application/json" }) },
      WRONG,
      "Its answer is of the type application/json, not application/problem+json",
    ],
    [
      "401 without a media type",
      { refused: (response) => response.writeHead(401).end() },
      WRONG,
      'The received media type "" does not match',
    ],
    [
      "a wrong credential is taken",
      { refused: (response) => response.writeHead(204).end() },
      WRONG,
      "It answered 204, not 401. It took a credential that nobody was ever given.",
    ],
    [
      "a wrong credential is not looked at",
      { refused: answer(404, ABSENT) },
      WRONG,
      "It answered 404, not 401. It answers without regard to the credential.",
    ],
    [
      "a redirect to a login page",
      { refused: (response) => response.writeHead(302, { location: "/login" }).end() },
      WRONG,
      "It answered 302, not 401. It redirects to /login, and redirects are never followed.",
    ],
    [
      "404 as JSON that is no problem",
      { absent: answer(404, ABSENT, { "content-type": "application/json" }) },
      NEVER,
      "Its answer is of the type application/json, not application/problem+json",
    ],
    [
      "404 with a title that is a number",
      { absent: answer(404, { ...ABSENT, title: 404 }) },
      NEVER,
      "openapi.yaml does not allow its answer: response.body.title: Response body property title must be string",
    ],
    [
      "404 with a status that is a text",
      { absent: answer(404, { ...ABSENT, status: "404" }) },
      NEVER,
      "response.body.status",
    ],
    [
      "404 with errors that are no list",
      { absent: answer(404, { ...ABSENT, errors: {} }) },
      NEVER,
      "response.body.errors",
    ],
    ["404 with a list for a problem", { absent: answer(404, [ABSENT]) }, NEVER, "must be object"],
    [
      "404 with what is no JSON",
      { absent: answer(404, "oops", { "content-type": "application/problem+json" }) },
      NEVER,
      "Prism cannot read its answer",
    ],
    [
      "404 of a route that is not there",
      { absent: answer(404, { ...ABSENT, code: "NOT_FOUND" }) },
      NEVER,
      "Its answer does not say that the token is absent: The API answered 404 NOT_FOUND",
    ],
    [
      "204 for a token that never was",
      { absent: (response) => response.writeHead(204).end() },
      NEVER,
      "It answered 204, not 404. It says that it revoked a token that never was.",
    ],
    [
      "a documented status that is not the one",
      { absent: answer(401, REFUSED) },
      NEVER,
      "It answered 401, not 404. Check KAITEN_AUTH_TOKEN: it is not accepted.",
    ],
    [
      "an undocumented status",
      { absent: answer(410, ABSENT) },
      NEVER,
      "openapi.yaml does not allow its answer: response: Unable to match the returned status code with those defined",
    ],
    ["500", { absent: answer(500, { status: 500 }) }, NEVER, "It answered 500, not 404."],
    ["501, which Prism would answer in its place", { absent: answer(501, "") }, NEVER, "It answered 501, not 404."],
    [
      "a connection that is cut",
      { absent: (response) => response.socket?.destroy() },
      NEVER,
      "It cannot be reached: other side closed",
    ],
    [
      "an answer that would move the cursor",
      { absent: answer(404, { ...ABSENT, code: "\u001b[2J" }) },
      NEVER,
      "404 \\u001b[2J",
    ],
  ])("%s", async (_, answers, check, says) => {
    await using deployment = await deploy(answers);
    const { code, stdout, stderr, failed } = await live({ KAITEN_BASE_URL: deployment.url });
    expect({ code, stderr, failed }, stdout).toEqual({ code: 1, stderr: "", failed: [`FAILED  ${check}`] });
    expect(deployment.asked).toHaveLength(2);
    expect(stdout).toContain(says);
    expect(stdout).toMatch(/^1 of 3 checks failed\.$/m);
  });

  test.concurrent("it is not there at all", async () => {
    const { code, stdout, failed } = await live({ KAITEN_BASE_URL: "http://127.0.0.1:1" });
    expect({ code, failed }).toEqual({ code: 1, failed: [`FAILED  ${WRONG}`, `FAILED  ${NEVER}`] });
    expect(stdout).toContain("It cannot be reached: ");
  });
});

describe("before anything is asked", () => {
  test.concurrent.each<[what: string, variables: Record<string, string | undefined>, says: string]>([
    ["no deployment is named", {}, "Set KAITEN_BASE_URL: the deployment to ask, and a credential."],
    [
      "there is neither a deployment nor a credential",
      { KAITEN_AUTH_TOKEN: " " },
      "Set KAITEN_BASE_URL and KAITEN_AUTH_TOKEN: the deployment to ask, and a credential.",
    ],
    [
      "the deployment is no URL",
      { KAITEN_BASE_URL: "kaiten.example.com" },
      "KAITEN_BASE_URL is not a whole URL. Give one such as https://kaiten.example.com/api.",
    ],
    [
      "the credential would go over plain http",
      { KAITEN_BASE_URL: "http://kaiten.example.com" },
      "KAITEN_BASE_URL would send the credential over plain http to kaiten.example.com: use https. Give one such as https://kaiten.example.com/api.",
    ],
    [
      "the credential is none",
      { KAITEN_BASE_URL: "https://kaiten.example.com", KAITEN_AUTH_TOKEN: `Bearer ${TOKEN}` },
      "KAITEN_AUTH_TOKEN begins with the word Bearer: give the token alone.",
    ],
  ])("%s", async (_, variables, says) => {
    expect(await live(variables)).toMatchObject({ code: 1, stdout: "", stderr: `${says}\n` });
  });

  test.concurrent("--help says what there is", async () => {
    const { code, stdout } = await live({}, "--help");
    expect(code).toBe(0);
    expect(stdout).toContain("--verbose");
  });
});
