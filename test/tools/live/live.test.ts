// `npm run test:live` against deployments that keep the contract, and against such as break it in one way.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandOf } from "../../../scripts/command.js";
import { checkAnswer, checkValidity } from "../../../scripts/live/checks.js";
import { type Prism, startPrismProxy } from "../../../scripts/prism.js";
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

const ACCEPTED = "The credential is accepted, it has the scope write:tokens, and the base URL is right";
const WRONG = "A wrong credential is not accepted";
const WRONG_401 = "A wrong credential is answered 401, as documented";
const MISSING = "A token that does not exist is answered 404, as documented";
const RECORD = "An account that does not exist has no record, as documented";
const SKIPPED = "The other checks are skipped: without this, what they find would mean nothing.";

describe("the script", () => {
  test.concurrent("exits with 0 for a deployment that keeps the contract", async () => {
    await using deployment = await deploy();
    const { code, stdout, stderr } = await live({ KAITEN_BASE_URL: `${deployment.url}/` });
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n").slice(1)).toEqual([
      `ok      ${ACCEPTED}`,
      `ok      ${WRONG}`,
      `ok      ${WRONG_401}`,
      `ok      ${MISSING}`,
      `ok      ${RECORD}`,
      "The deployment keeps the contract.",
      "",
    ]);
    expect(deployment.requests.map((request) => request.replace(/-[-0-9a-f]{32,36}(\/tokens\/.*)? /, "… "))).toEqual([
      "DELETE /api/service-accounts/verify… known",
      "DELETE /api/service-accounts/verify… unknown",
      "DELETE /api/service-accounts/verify… known",
      "DELETE /api/service-accounts/verify… unknown",
      "DELETE /api/service-accounts/live-test… unknown",
      "DELETE /api/service-accounts/live-test… known",
      "GET /api/service-accounts/live-test… known",
    ]);
  });

  test.concurrent.each<[what: string, path: string, answers: Answers, reason: string]>([
    ["the credential is not accepted", "/api", { absent: answer(401, REFUSED) }, "which alone proves nothing"],
    [
      "the credential lacks the scope",
      "/api",
      { absent: answer(403, { code: "Auth.MissingScope" }) },
      "It may not revoke tokens here (Auth.MissingScope).",
    ],
    [
      "the base URL lacks its path",
      "",
      { absent: answer(404, { code: "NOT_FOUND" }) },
      "404 NOT_FOUND. This says nothing about the secret. There may be no API at this base URL: check it. Is its path",
    ],
  ])("skips the other checks when %s, and says what that means", async (_, path, answers, reason) => {
    await using deployment = await deploy(answers);
    const { code, stdout, stderr } = await live({ KAITEN_BASE_URL: deployment.url.replace(/\/api$/, path) });
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout.split("\n").slice(1)).toEqual([`FAILED  ${ACCEPTED}`, expect.stringContaining(reason), SKIPPED, ""]);
    // The second one is the control.
    for (const request of deployment.requests) expect(request).toContain("/service-accounts/verify-");
    expect(deployment.requests.length).toBeLessThanOrEqual(2);
  });

  test.concurrent("exits with 1 for a deployment that breaks the contract, and prints each fault", async () => {
    await using deployment = await deploy({ absent: answer(404, { ...ABSENT, title: 404 }) });
    const { code, stdout, stderr } = await live({ KAITEN_BASE_URL: deployment.url });
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout.split("\n").slice(4)).toEqual([
      `FAILED  ${MISSING}`,
      expect.stringContaining("openapi.yaml does not allow response.body.title: "),
      `ok      ${RECORD}`,
      "Some checks failed.",
      "",
    ]);
  });

  test.concurrent("prints what a deployment answers without control characters", async () => {
    await using deployment = await deploy({ absent: answer(404, { ...ABSENT, code: "\u001b[2J" }) });
    const { stdout } = await live({ KAITEN_BASE_URL: deployment.url });
    expect(stdout).toContain("The API answered 404");
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
  });

  test.concurrent("prints the credential nowhere, also when the deployment repeats it and Prism's log is shown", async () => {
    const echo = { detail: `Bearer ${TOKEN}` };
    const first = answer(404, { ...ABSENT, ...echo }, { "x-echo": TOKEN });
    const second = answer(401, { ...REFUSED, ...echo }, { "x-echo": TOKEN });
    let asked = 0;
    await using deployment = await deploy({
      absent: (response) => (asked++ ? second : first)(response),
    });
    const { code, stdout } = await live({ KAITEN_BASE_URL: deployment.url }, "--verbose");
    expect(code).toBe(1);
    expect(stdout).toContain("[credential]");
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

  const UNKNOWN = "ksh_unknown-0123456789";
  const CHECKS = {
    active: () => checkValidity(deployment.url, TOKEN, TOKEN, "active"),
    inactive: () => checkValidity(deployment.url, TOKEN, UNKNOWN, "inactive"),
    record: () => checkAnswer(prism.url, "GET", TOKEN, 404),
    401: () => checkAnswer(prism.url, "DELETE", UNKNOWN, 401),
    404: () => checkAnswer(prism.url, "DELETE", TOKEN, 404),
  };

  const NO_FAULTS = { active: [], inactive: [], record: [], 401: [], 404: [] };

  /** What each check finds, and what it sent. */
  async function findFaults(answers: Answers) {
    deployment.answerWith(answers);
    deployment.requests.length = 0;
    const faults: Record<string, string[]> = {};
    for (const [name, check] of Object.entries(CHECKS)) faults[name] = await check();
    return faults;
  }

  test("sends what cannot revoke a token: random slugs, to the caller's client and then through Prism", async () => {
    expect(await findFaults({})).toEqual(NO_FAULTS);
    const random = "[-0-9a-f]{32,36}";
    const asks = (name: string, credential: string) =>
      expect.stringMatching(`^DELETE /api/service-accounts/${name}-${random}/tokens/${name}-${random} ${credential}$`);
    expect(deployment.requests).toEqual([
      asks("live-test", "unknown"),
      asks("live-test", "known"),
      asks("verify", "known"),
      ...["unknown", "known", "unknown"].map((credential) => asks("verify", credential)),
      expect.stringMatching(`^GET /api/service-accounts/live-test-${random} known$`),
    ]);
    const slugs = deployment.requests.flatMap((line) => line.match(/[-\w]+-[-0-9a-f]{32,36}/g) ?? []);
    expect(new Set(slugs).size).toBe(slugs.length);
  });

  test("accepts more than is documented: a member of its own, a charset, a compressed body", async () => {
    const headers = { "content-type": "application/problem+json; charset=utf-8", "content-encoding": "gzip" };
    const body = gzipSync(JSON.stringify({ ...ABSENT, trace: { id: 7 } }));
    const faults = await findFaults({ absent: (response) => response.writeHead(404, headers).end(body) });
    expect(faults).toEqual(NO_FAULTS);
  });

  const PROBLEM = { "content-type": "application/problem+json" };
  const JSON_ONLY = { "content-type": "application/json" };
  const redirect: Answer = (response) => response.writeHead(302, { location: "/login" }).end();
  const empty =
    (status: number): Answer =>
    (response) =>
      response.writeHead(status).end();

  // A caller and Prism do not see the same faults: each names those that it sees.
  test.each<[what: string, answers: Answers, faults: Partial<Record<keyof typeof CHECKS, string>>]>([
    [
      "401 as a page",
      { refused: answer(401, "<h1>Log in</h1>") },
      { inactive: "response 401 (text/html)", 401: 'media type "text/html"' },
    ],
    [
      "401 as JSON that is not a problem",
      { refused: answer(401, REFUSED, JSON_ONLY) },
      { inactive: "response 401 (application/json)" },
    ],
    ["401 without a media type", { refused: empty(401) }, { inactive: "no media type", 401: 'media type ""' }],
    [
      "401 for another reason",
      { refused: answer(401, { ...REFUSED, code: "Auth.Other" }) },
      { inactive: "answered 401" },
    ],
    [
      "204 to a wrong credential",
      { refused: empty(204) },
      { inactive: "none of its answers are proof", 401: "it answered 204" },
    ],
    [
      "404 to a wrong credential",
      { refused: answer(404, ABSENT) },
      { inactive: "The API accepts the secret", 401: "Expected 401. Through Prism it answered 404: {" },
    ],
    [
      "a redirect to a login page",
      { refused: redirect },
      { inactive: "Redirects are never followed", 401: "it answered 302" },
    ],
    [
      "404 as JSON that is not a problem",
      { absent: answer(404, ABSENT, JSON_ONLY) },
      { active: "response 404 (application/json)" },
    ],
    [
      "404 with a title that is a number",
      { absent: answer(404, { ...ABSENT, title: 404 }) },
      { 404: "openapi.yaml does not allow response.body.title: Response body property title must be string" },
    ],
    [
      "404 with a status that is a string",
      { absent: answer(404, { ...ABSENT, status: "404" }) },
      { 404: "body.status" },
    ],
    ["404 with errors that are not a list", { absent: answer(404, { ...ABSENT, errors: {} }) }, { 404: "body.errors" }],
    [
      "404 with a list instead of a problem",
      { absent: answer(404, [ABSENT]) },
      { active: "404 (application/problem+json)", 404: "Response body must be object" },
    ],
    [
      "404 with a body that is not JSON",
      { absent: answer(404, "oops", PROBLEM) },
      { active: "404 (application/problem+json)", 404: "invalid json" },
    ],
    ["404 of a missing route", { absent: answer(404, { ...ABSENT, code: "NOT_FOUND" }) }, { active: "404 NOT_FOUND" }],
    [
      "a credential without the scope",
      { absent: answer(403, { ...ABSENT, status: 403, code: "Auth.MissingScope" }) },
      { active: "It may not revoke tokens here", 404: "it answered 403" },
    ],
    [
      "204 for a missing token",
      { absent: empty(204) },
      { active: "none of its answers are proof", 404: "it answered 204" },
    ],
    [
      "401 to the credential",
      { absent: answer(401, REFUSED) },
      { active: "which alone proves nothing", 404: "it answered 401" },
    ],
    ["a record that is a page", { record: answer(200, "<h1>Log in</h1>") }, { record: 'media type "text/html"' }],
    ["an undocumented status", { absent: answer(410, ABSENT) }, { active: "410 Token.NotFound", 404: "status code" }],
    ["500", { absent: answer(500, { status: 500 }) }, { active: "answered 500", 404: "it answered 500" }],
    // Prism replaces it.
    ["501", { absent: answer(501, "") }, { active: "response 501", 404: "it answered 204" }],
    [
      "a closed connection",
      { absent: (response) => response.socket?.destroy() },
      { active: "other side closed", 404: "socket hang up" },
    ],
  ])("finds %s", async (_, answers, faults) => {
    const all = await findFaults(answers);
    // What is wrong with the answers to the credential is wrong with it as a control, too.
    if (answers.absent && all.active?.length) expect(all.inactive?.join()).toContain("The control");
    const isMeant = ([name]: [string, string[]]) => !(answers.absent && name === "inactive");
    const found = Object.entries(all).filter((each) => each[1].length > 0 && isMeant(each));
    const expected = Object.entries(faults).map(([name, fault]) => [name, expect.stringContaining(fault)]);
    // In the same order: keys that are numbers come first.
    expect(found.map(([name, lines]) => [name, lines.join("\n")])).toEqual(expected);
  });

  test("finds a deployment that cannot be reached", async () => {
    const gone = await deploy();
    await gone[Symbol.asyncDispose]();
    expect(await checkValidity(gone.url, TOKEN, TOKEN, "active")).toEqual([expect.stringContaining("ECONNREFUSED")]);
  });
});
