// `npm run test:live` against deployments that keep the contract, and against such as break it in one way.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandOf } from "../../scripts/command.js";
import { CHECKS } from "../../scripts/live/checks.js";
import { type Prism, startPrismProxy } from "../../scripts/prism.js";
import {
  ABSENT,
  type Answer,
  type Answers,
  answer,
  deploy,
  type LocalDeployment,
  REFUSED,
  TOKEN,
} from "./deployment.js";

/** Runs the script as npm would. */
async function live(variables: Record<string, string | undefined>, ...parameters: string[]) {
  const env = { ...process.env, KAITEN_BASE_URL: undefined, KAITEN_AUTH_TOKEN: TOKEN, ...variables };
  const child = spawn(process.execPath, [commandOf("jiti", "jiti"), "scripts/live.ts", ...parameters], { env });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  expect(stdout + stderr).not.toContain(TOKEN.slice(0, 20));
  return { code, stdout, stderr };
}

const UNSAFE = "An unsafe slug is not sent";
const WRONG = "A wrong credential is answered 401";
const MISSING = "A token that does not exist is answered 404 and is absent";

describe("the script", () => {
  test.concurrent("exits with 0 for a deployment that keeps the contract", async () => {
    await using deployment = await deploy();
    const { code, stdout, stderr } = await live({ KAITEN_BASE_URL: `${deployment.url}/` });
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n").slice(1)).toEqual([
      `ok      ${UNSAFE}`,
      `ok      ${WRONG}`,
      `ok      ${MISSING}`,
      "The deployment keeps the contract.",
      "",
    ]);
  });

  test.concurrent("exits with 1 for a deployment that breaks it, and prints why without control characters", async () => {
    await using deployment = await deploy({ absent: answer(404, { ...ABSENT, code: "\u001b[2J" }) });
    const { code, stdout, stderr } = await live({ KAITEN_BASE_URL: deployment.url });
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout).toContain(`FAILED  ${MISSING}`);
    expect(stdout).toContain("404 \\u001b[2J");
    expect(stdout).toMatch(/^1 of the checks failed\.$/m);
  });

  test.concurrent("prints the credential nowhere, also when the deployment repeats it and Prism's log is shown", async () => {
    const echo = { detail: `Bearer ${TOKEN}` };
    const first = answer(404, { ...ABSENT, ...echo }, { "x-echo": TOKEN });
    const second = answer(401, { ...REFUSED, ...echo }, { "x-echo": TOKEN });
    let asked = 0;
    await using deployment = await deploy({ absent: (response) => (asked++ ? second : first)(response) });
    const { code, stdout } = await live({ KAITEN_BASE_URL: deployment.url }, "--verbose");
    expect(code).toBe(1);
    expect(stdout).toContain("Bearer [credential]");
    expect(stdout).toContain("[HTTP SERVER] delete /service-accounts/live-test-");
  });

  test.concurrent.each<[what: string, variables: Record<string, string | undefined>, message: RegExp]>([
    ["no deployment is named", {}, /^KAITEN_BASE_URL must be an absolute URL/],
    ["the deployment is no URL", { KAITEN_BASE_URL: "kaiten.example.com" }, /^KAITEN_BASE_URL must be an absolute URL/],
    [
      "the credential would go over http",
      { KAITEN_BASE_URL: "http://kaiten.example.com" },
      /^KAITEN_BASE_URL .* http /,
    ],
    ["there is no credential", { KAITEN_BASE_URL: "https://127.0.0.1", KAITEN_AUTH_TOKEN: " " }, /^KAITEN_AUTH_TOKEN /],
    [
      "the credential is a header",
      { KAITEN_BASE_URL: "https://127.0.0.1", KAITEN_AUTH_TOKEN: `Bearer ${TOKEN}` },
      /^KAITEN_AUTH_TOKEN .*Bearer/,
    ],
  ])("exits with 1 and sends nothing when %s", async (_, variables, message) => {
    const { code, stdout, stderr } = await live(variables);
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
  });

  test.concurrent("--help lists the options", async () => {
    const { code, stdout } = await live({}, "--help");
    expect(code).toBe(0);
    expect(stdout).toContain("--verbose");
  });
});

describe("a check", () => {
  let deployment: LocalDeployment;
  let prism: Prism;
  beforeAll(async () => {
    deployment = await deploy();
    prism = await startPrismProxy("openapi.yaml", deployment.url);
  });
  afterAll(async () => {
    await prism.stop();
    await deployment[Symbol.asyncDispose]();
  });

  /** What each check finds, and what it sent. */
  async function findFaults(answers: Answers) {
    deployment.answerWith(answers);
    deployment.requests.length = 0;
    const faults: Record<string, string[]> = {};
    for (const [title, check] of Object.entries(CHECKS)) {
      faults[title] = await check({ baseUrl: deployment.url, token: TOKEN, proxy: prism.url });
    }
    return faults;
  }

  test("sends what cannot revoke a token: random slugs, to the caller's client and then through Prism", async () => {
    expect(await findFaults({})).toEqual({ [UNSAFE]: [], [WRONG]: [], [MISSING]: [] });
    const random = "live-test-[-0-9a-f]{36}";
    const request = (credential: string) =>
      expect.stringMatching(`^DELETE /api/service-accounts/${random}/tokens/${random} ${credential}$`);
    expect(deployment.requests).toEqual([
      ...[request("unknown"), request("unknown")],
      ...[request("known"), request("known")],
    ]);
    expect(new Set(deployment.requests).size).toBe(2);
  });

  test("accepts more than is documented: a member of its own, a charset, a compressed body", async () => {
    const headers = { "content-type": "application/problem+json; charset=utf-8", "content-encoding": "gzip" };
    const body = gzipSync(JSON.stringify({ ...ABSENT, trace: { id: 7 } }));
    const faults = await findFaults({ absent: (response) => response.writeHead(404, headers).end(body) });
    expect(faults).toEqual({ [UNSAFE]: [], [WRONG]: [], [MISSING]: [] });
  });

  const PROBLEM = { "content-type": "application/problem+json" };
  const redirect: Answer = (response) => response.writeHead(302, { location: "/login" }).end();

  test.each<[what: string, answers: Answers, check: string, fault: string]>([
    ["401 as a page", { refused: answer(401, "<h1>Log in</h1>") }, WRONG, "401 (text/html)"],
    [
      "401 as JSON that is not a problem",
      { refused: answer(401, REFUSED, { "content-type": "application/json" }) },
      WRONG,
      "401 (application/json)",
    ],
    ["401 without a media type", { refused: (response) => response.writeHead(401).end() }, WRONG, "no media type"],
    ["204 to a wrong credential", { refused: (response) => response.writeHead(204).end() }, WRONG, "It answered 204"],
    [
      "404 to a wrong credential",
      { refused: answer(404, ABSENT) },
      WRONG,
      "Expected 401, not-revoked. The API answered 404",
    ],
    ["a redirect to a login page", { refused: redirect }, WRONG, "302"],
    [
      "404 as JSON that is not a problem",
      { absent: answer(404, ABSENT, { "content-type": "application/json" }) },
      MISSING,
      "404 (application/json)",
    ],
    [
      "404 with a title that is a number",
      { absent: answer(404, { ...ABSENT, title: 404 }) },
      MISSING,
      "openapi.yaml does not allow response.body.title: Response body property title must be string",
    ],
    [
      "404 with a status that is a string",
      { absent: answer(404, { ...ABSENT, status: "404" }) },
      MISSING,
      "body.status",
    ],
    ["404 with errors that are not a list", { absent: answer(404, { ...ABSENT, errors: {} }) }, MISSING, "body.errors"],
    [
      "404 with a list instead of a problem",
      { absent: answer(404, [ABSENT]) },
      MISSING,
      "404 (application/problem+json)",
    ],
    [
      "404 with a body that is not JSON",
      { absent: answer(404, "oops", PROBLEM) },
      MISSING,
      "404 (application/problem+json)",
    ],
    ["404 of a missing route", { absent: answer(404, { ...ABSENT, code: "NOT_FOUND" }) }, MISSING, "404 NOT_FOUND"],
    ["204 for a missing token", { absent: (response) => response.writeHead(204).end() }, MISSING, "It answered 204"],
    ["401 to the credential", { absent: answer(401, REFUSED) }, MISSING, "401"],
    ["an undocumented status", { absent: answer(410, ABSENT) }, MISSING, "410"],
    ["500", { absent: answer(500, { status: 500 }) }, MISSING, "500"],
    ["501, which Prism would replace", { absent: answer(501, "") }, MISSING, "501"],
    ["a closed connection", { absent: (response) => response.socket?.destroy() }, MISSING, "other side closed"],
  ])("finds %s", async (_, answers, check, fault) => {
    const { [check]: found, ...others } = await findFaults(answers);
    expect(found).toEqual([expect.stringContaining(fault)]);
    expect(Object.values(others).flat()).toEqual([]);
  });

  test.each<[what: string, second: Answer, fault: string]>([
    ["is not documented", redirect, "status code"],
    ["has another documented status", answer(401, REFUSED), "Through Prism it answered 401"],
  ])("finds a second answer that %s", async (_, second, fault) => {
    let asked = 0;
    const absent: Answer = (response) => (asked++ ? second : answer(404, ABSENT))(response);
    const { [MISSING]: found } = await findFaults({ absent });
    expect(found).toEqual([expect.stringContaining(fault)]);
  });

  test("finds a deployment that cannot be reached", async () => {
    const check = CHECKS[MISSING];
    expect(await check?.({ baseUrl: "http://127.0.0.1:1", token: TOKEN, proxy: prism.url })).toEqual([
      expect.stringContaining("127.0.0.1:1"),
    ]);
  });
});
