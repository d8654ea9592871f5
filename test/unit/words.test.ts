// An answer in words: what came, and what to do about it.
import { describe, expect, test } from "vitest";
import { readAnswer } from "../../src/answer/result.js";
import { adviceFor, describeAnswer, sentence } from "../../src/answer/words.js";
import type { FetchResponse } from "../../src/index.js";
import { answer, page, problem } from "./fake-api.js";

async function wordsFor(response: FetchResponse, baseUrl = "https://kaiten.example.com/api") {
  const text = response.status === 204 ? "" : await response.text();
  const isJson = text.startsWith("{");
  const read = { text, json: isJson ? JSON.parse(text) : text };
  const secrets = { credentials: [], values: [] };
  const result = readAnswer(response, read, undefined, { secrets, repeated: false });
  return [describeAnswer(result), adviceFor(result, `${baseUrl}/service-accounts/a/tokens/b`, "write:tokens")];
}

const redirected = (response: Response) => Object.defineProperty(response, "redirected", { value: true });
const headers = new Headers();
const bare = { ok: false, headers, body: null, text: async () => "" };

const BASE_URL = "This is not the API's answer: check the base URL.";
const REDIRECT = "Redirects are never followed: check the base URL.";
const NO_API = "There may be no API at this base URL: check it.";
const LATER = "Try again later.";
const EXPIRED = "A gateway refused the credential, as it does with a JWT that has expired: get a new one.";
const GATEWAY = `This 403 comes from a gateway in front of the API, not from the API. ${LATER}`;
const REFUSED = "The credential was refused: use another one, or try again later.";

describe("a problem", () => {
  test.each<[number, object, string, string]>([
    [400, { code: "A.B", title: "Bad", detail: "It is bad." }, "400 A.B: It is bad.", ""],
    [400, { title: "Bad", detail: "It is bad" }, "400 Bad: It is bad", ""],
    [400, { detail: "It is bad." }, "400: It is bad.", ""],
    [400, {}, "400", ""],
    [400, { code: "constructor" }, "400 constructor", ""],
    [401, { title: "No" }, "401 No", REFUSED],
    [
      401,
      { code: "ValidateToken.Invalid" },
      "401 ValidateToken.Invalid",
      "The credential is revoked, expired or unknown here, or the API cannot reach its database, which looks the same: use another credential, or try again later.",
    ],
    [
      401,
      { code: "Auth.MissingAuthorizationHeader" },
      "401 Auth.MissingAuthorizationHeader",
      "No credential arrived. A proxy on the way may remove the Authorization header.",
    ],
    [403, { title: "No" }, "403 No", ""],
    [403, { code: "Auth.MissingScope" }, "403 Auth.MissingScope", "The credential needs the scope write:tokens."],
    [
      403,
      { code: "Auth.UserDeleted" },
      "403 Auth.UserDeleted",
      "The user that the credential belongs to is deleted: use another credential.",
    ],
    [
      403,
      { code: "Auth.MembershipDeleted" },
      "403 Auth.MembershipDeleted",
      "The membership that the credential belongs to has ended: use another credential.",
    ],
    [404, { code: "NOT_FOUND" }, "404 NOT_FOUND", NO_API],
    [405, { title: "No" }, "405 No", NO_API],
    [408, { title: "Slow" }, "408 Slow", LATER],
    [422, { title: "No" }, "422 No", ""],
    [429, { title: "Slow" }, "429 Slow", "Wait a few seconds, then try again."],
    [500, { code: "INTERNAL" }, "500 INTERNAL", LATER],
  ])("%i %j", async (status, members, says, advice) => {
    expect(await wordsFor(problem(status, members))).toEqual([`The API answered ${says}`, advice]);
  });
});

describe("another answer", () => {
  test.each<[string, FetchResponse, string, string]>([
    ["a page", page(200), "response 200 (text/html)", BASE_URL],
    ["the last of the successes", page(299), "response 299 (text/html)", BASE_URL],
    ["the first of the redirects", page(300), "redirect 300 (text/html)", REDIRECT],
    ["the last of the redirects", page(399), "redirect 399 (text/html)", REDIRECT],
    ["one that a fetch followed", redirected(answer(204)), "redirect 204 (no media type)", REDIRECT],
    ["one that a browser hides", { ...bare, status: 0, type: "opaqueredirect" }, "redirect (no media type)", REDIRECT],
    ["an answer without a status", { ...bare, status: 0 }, "response without a status (no media type)", BASE_URL],
    ["a refusal", page(400), "response 400 (text/html)", ""],
    ["a 401 of a gateway", page(401), "response 401 (text/html)", EXPIRED],
    ["a 403 of a gateway", page(403), "response 403 (text/html)", GATEWAY],
    ["a 404 of nobody", answer(404), "response 404 (no media type)", NO_API],
    ["a 405", page(405), "response 405 (text/html)", NO_API],
    ["a client that left", page(499), "response 499 (text/html)", ""],
    ["an error", page(502), "response 502 (text/html)", LATER],
  ])("%s", async (_, response, says, advice) => {
    expect(await wordsFor(response)).toEqual([`Unexpected ${says}`, advice]);
  });
});

describe("what a page or a plain text says of itself is shown", () => {
  const html = (title: string) => answer(400, `<html><head>${title}</head>`, { "Content-Type": "text/html" });
  const text = (body: string, type = "text/plain") => answer(400, body, { "Content-Type": type });
  test.each<[string, Response, string]>([
    ["the title", html("<title>No required SSL certificate was sent</title>"), "No required SSL certificate was sent"],
    ["one with attributes and lines", html('<TITLE lang="en">\n 400 Bad\n Request\n</TITLE>'), "400 Bad Request"],
    ["one that is not closed", html("<title>400 Bad Request"), "400 Bad Request"],
    ["an empty one", html("<title></title>"), ""],
    ["none", html(""), ""],
    ["a plain text", text("Jwt is expired"), "Jwt is expired"],
    [
      "one with a charset and lines",
      text("local\r\n rate  limited\n", "text/plain; charset=utf-8"),
      "local rate limited",
    ],
    ["a long one, cut", text("x".repeat(101)), `${"x".repeat(100)}…`],
    ["one of a hundred characters", text("x".repeat(100)), "x".repeat(100)],
    ["a title in a plain text is text", text("<title>a</title>"), "<title>a</title>"],
  ])("%s", async (_, response, title) => {
    const type = response.headers.get("content-type");
    const [says] = await wordsFor(response);
    expect(says).toBe(`Unexpected response 400 (${type}${title && `, "${title}"`})`);
  });
});

test.each([
  ["90", "90 s"],
  ["1", "1 s"],
  ["0", "a few seconds"],
])("a limit says how long to wait: Retry-After: %s", async (value, wait) => {
  for (const response of [page(429, { "Retry-After": value }), problem(429, {}, { "Retry-After": value })]) {
    expect((await wordsFor(response))[1]).toBe(`Wait ${wait}, then try again.`);
  }
});

describe("a base URL without a path: the advice asks whether it is missing", () => {
  const hint = " Is its path missing, such as /api?";
  test.each<[string, Response]>([
    ["an HTML page", page(200)],
    ["a redirect", page(302)],
    ["a 404 page", page(404)],
    ["a 405 page", page(405)],
    ["NOT_FOUND", problem(404, { code: "NOT_FOUND" })],
  ])("after %s", async (_, response) => {
    const adviceAt = async (baseUrl: string) => (await wordsFor(response.clone(), baseUrl))[1];
    expect(await adviceAt("https://kaiten.example.com")).toContain(hint);
    expect(await adviceAt("http://localhost:8080")).toContain(hint);
    expect(await adviceAt("https://kaiten.example.com/api")).not.toContain(hint);
  });

  test.each<[string, Response]>([
    ["the API answered", problem(403, { code: "Auth.MissingScope" })],
    ["a gateway answered", page(403)],
    ["the server failed", page(502)],
  ])("but not where %s", async (_, response) => {
    expect((await wordsFor(response, "https://kaiten.example.com"))[1]).not.toContain(hint);
  });
});

test("a sentence ends once", () => {
  expect(["a", "a.", "a!", "a?", "v1.2"].map(sentence)).toEqual(["a.", "a.", "a!", "a?", "v1.2."]);
});
