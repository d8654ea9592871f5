// What a caller reads when a call has failed: what happened, to which request, what it means, and what to do.
import { describe, expect, test } from "vitest";
import { type AttemptEvent, type ClientOptions, createKaitenClient, type KaitenError } from "../../src/index.js";

const REQUEST = "DELETE https://kaiten.example.com/api/service-accounts/ci-bot/tokens/deploy-key";
const ALIVE = "The token was not revoked: if it was active, it still is.";
const NOBODY_KNOWS =
  "The token may be revoked or not: treat it as active and revoke it again; `absent` then means that it is dead.";
const GONE =
  "The API has no active token by this slug in the credential's organization: it is revoked already, or a slug is misspelt.";
const NOT_THE_API = "This is not the API's answer: check the base URL.";
const REDIRECTS = "Redirects are never followed: check the base URL.";
const ELSEWHERE = "This says nothing of the token: check the base URL, its path, and the service account.";

async function failureOf(fetch: ClientOptions["fetch"], options: Partial<ClientOptions> = {}) {
  const events: AttemptEvent[] = [];
  const { tokens } = createKaitenClient({
    baseUrl: "https://kaiten.example.com/api",
    token: "ksh_0123456789",
    fetch,
    retries: 0,
    onAttempt: (event) => events.push(event),
    ...options,
  }).serviceAccounts;
  const ref = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
  const error = (await tokens.revoke(ref).catch((thrown: unknown) => thrown)) as KaitenError;
  return { error, message: error.message, events };
}

const answer = (status: number, body: BodyInit | null, type?: string) => async () =>
  new Response(body, { status, ...(type && { headers: { "Content-Type": type } }) });
const problem = (status: number, members: object) =>
  answer(status, JSON.stringify(members), "application/problem+json");
const page = (status: number) => answer(status, "<h1>Hello</h1>", "text/html");

describe("a problem is told by its code or title, its detail, what it means and what to do", () => {
  test.each<[string, number, object, string]>([
    ["all there is", 400, { code: "A.B", title: "Bad", detail: "It is bad." }, `400 A.B: It is bad. ${ALIVE}`],
    ["no code", 400, { title: "Bad", detail: "It is bad" }, `400 Bad: It is bad. ${ALIVE}`],
    ["no detail", 400, { title: "Bad" }, `400 Bad. ${ALIVE}`],
    ["no name", 400, { detail: "It is bad." }, `400: It is bad. ${ALIVE}`],
    ["nothing", 400, {}, `400. ${ALIVE}`],
    ["dots within", 400, { title: "v1.2" }, `400 v1.2. ${ALIVE}`],
    ["401", 401, { title: "No" }, `401 No. ${ALIVE} Check the credential.`],
    ["402", 402, { title: "No" }, `402 No. ${ALIVE}`],
    ["403", 403, { title: "No" }, `403 No. ${ALIVE} The credential needs the scope write:tokens.`],
    ["404 of a token", 404, { code: "Token.NotFound" }, `404 Token.NotFound. ${GONE}`],
    ["404 of a route", 404, { code: "NOT_FOUND" }, `404 NOT_FOUND. ${ALIVE} ${ELSEWHERE}`],
    ["405", 405, { title: "No" }, `405 No. ${ALIVE} ${ELSEWHERE}`],
    ["406", 406, { title: "No" }, `406 No. ${ALIVE}`],
    ["422", 422, { title: "No" }, `422 No. ${ALIVE}`],
    ["428", 428, { title: "No" }, `428 No. ${ALIVE}`],
    ["429", 429, { title: "Slow" }, `429 Slow. ${ALIVE} Wait before you try again.`],
    ["430", 430, { title: "No" }, `430 No. ${ALIVE}`],
    ["500", 500, { title: "Oh" }, `500 Oh. ${NOBODY_KNOWS}`],
  ])("%s", async (_, status, members, says) => {
    const { error, message } = await failureOf(problem(status, members));
    expect(error.name).toBe("KaitenProblemError");
    expect(message).toBe(`The API answered ${says} (${REQUEST}, 1 attempt)`);
    expect(`${error.request.method} ${error.request.url}`).toBe(REQUEST);
  });
});

describe("another answer is told by its status and media type", () => {
  test.each<[string, ClientOptions["fetch"], string]>([
    ["a page", page(200), `200 (text/html). ${NOBODY_KNOWS} ${NOT_THE_API}`],
    ["the last of the successes", page(299), `299 (text/html). ${NOBODY_KNOWS} ${NOT_THE_API}`],
    ["a redirect", page(300), `300 (text/html). ${NOBODY_KNOWS} ${REDIRECTS}`],
    ["the last of the redirects", page(399), `399 (text/html). ${NOBODY_KNOWS} ${REDIRECTS}`],
    [
      "a redirect that is hidden",
      async () => Response.error(),
      `with a redirect (no media type). ${NOBODY_KNOWS} ${REDIRECTS}`,
    ],
    ["a refusal", page(400), `400 (text/html). ${ALIVE}`],
    ["nothing", answer(404, null), `404 (no media type). ${ALIVE} ${ELSEWHERE}`],
    ["an error", page(502), `502 (text/html). ${NOBODY_KNOWS}`],
  ])("%s", async (_, fetch, says) => {
    const { error, message } = await failureOf(fetch);
    expect(error.name).toBe("KaitenResponseError");
    expect(message).toBe(`Something answered ${says} (${REQUEST}, 1 attempt)`);
  });

  test.each([
    ["text", "<h1>Hello</h1>", "<h1>Hello</h1>"],
    ["JSON", '{ "a": [1] }', '{ "a": [1] }'],
    ["nothing", "", ""],
    ["2 KiB", "x".repeat(2048), "x".repeat(2048)],
    ["more", "x".repeat(2049), "x".repeat(2048)],
    ["characters of three bytes", "€".repeat(1000), "€".repeat(682)],
  ])("its excerpt has its beginning: %s", async (_, body, excerpt) => {
    expect((await failureOf(answer(400, body))).error).toMatchObject({ excerpt });
  });
});

describe("what is a problem", () => {
  test.each<[string, ClientOptions["fetch"], string]>([
    ["an object of the media type, from 400 on", problem(400, {}), "KaitenProblemError"],
    ["not below", problem(399, {}), "KaitenResponseError"],
    ["not of another media type", answer(400, "{}", "application/json"), "KaitenResponseError"],
    ["not a list", answer(400, "[]", "application/problem+json"), "KaitenResponseError"],
    ["not null", answer(400, "null", "application/problem+json"), "KaitenResponseError"],
    ["not a text", answer(400, '"x"', "application/problem+json"), "KaitenResponseError"],
    ["not a number", answer(400, "7", "application/problem+json"), "KaitenResponseError"],
    ["not nothing", answer(400, null, "application/problem+json"), "KaitenResponseError"],
    ["not what is cut off", answer(400, '{"title":', "application/problem+json"), "KaitenResponseError"],
  ])("%s", async (_, fetch, name) => {
    expect((await failureOf(fetch)).error.name).toBe(name);
  });
});

describe("a lost connection is told by the innermost cause that has words", () => {
  const lost = (thrown: unknown) => () => Promise.reject(thrown);
  test.each<[string, unknown, string]>([
    ["a message", new Error("broken"), "broken"],
    ["a cause", new TypeError("fetch failed", { cause: new Error("other side closed") }), "other side closed"],
    ["a code", Object.assign(new Error("broken"), { code: "EPIPE" }), "broken (EPIPE)"],
    ["a code that the message has", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }), "write EPIPE"],
    ["a cause without words", new Error("outer", { cause: new Error("") }), "outer"],
    ["a message with a dot", new Error("It broke."), "It broke"],
  ])("%s", async (_, thrown, says) => {
    const { error, message, events } = await failureOf(lost(thrown));
    expect(error.name).toBe("KaitenConnectionError");
    expect(message).toBe(`The connection failed: ${says}. ${NOBODY_KNOWS} (${REQUEST}, 1 attempt)`);
    expect(events[0]?.error?.replace(/\.$/, "")).toBe(says);
  });

  test("the attempts are counted", async () => {
    const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    const { message } = await failureOf(lost(refused), { retries: 1 });
    expect(message).toBe(`The connection failed: connect (ECONNREFUSED). ${ALIVE} (${REQUEST}, 2 attempts)`);
  });
});

describe("a timeout is told by what did not come", () => {
  const never = () => new Promise<never>(() => {});

  test("an answer", async () => {
    const { error, message, events } = await failureOf(never, { timeout: 20 });
    expect(error).toMatchObject({ name: "KaitenTimeoutError", timeout: 20, outcome: "unknown" });
    expect(message).toBe(`No whole answer came within 20 ms. ${NOBODY_KNOWS} (${REQUEST}, 1 attempt)`);
    expect(events[0]?.error).toBe("nothing came within 20 ms");
  });

  test("the token, and then nothing was sent", async () => {
    const { error, message } = await failureOf(page(200), { timeout: 20, token: never });
    expect(error).toMatchObject({ name: "KaitenTimeoutError", timeout: 20, outcome: "not-revoked" });
    expect(message).toBe(`No token came from the provider within 20 ms. ${ALIVE} (${REQUEST}, 1 attempt)`);
  });
});

describe("a credential that was not to be had", () => {
  test.each<[string, () => unknown, string]>([
    ["the provider throws", () => Promise.reject(new Error("vault sealed")), "The token provider failed: vault sealed"],
    ["it throws a text", () => Promise.reject("no"), "The token provider failed: no"],
    ["it gives nothing", () => undefined, "What the token provider gave is of type undefined, not a string"],
    ["it gives null", () => null, "What the token provider gave is null, not a string"],
    ["it gives an empty text", () => "", "What the token provider gave is empty"],
    [
      "it gives text around it",
      () => "the token",
      "What the token provider gave has characters that no bearer token has (RFC 6750 §2.1)",
    ],
  ])("%s", async (_, token, says) => {
    const { error, message, events } = await failureOf(page(200), { token: token as () => string });
    expect(error).toMatchObject({ name: "KaitenError", outcome: "not-revoked", attempts: 1 });
    expect(message).toBe(`${says}. ${ALIVE} (${REQUEST}, 1 attempt)`);
    expect(events).toMatchObject([{ error: says, outcome: "not-revoked" }]);
  });

  test("in place of a refused one: the refusal is told, and why there was no other", async () => {
    const { error, message } = await failureOf(problem(401, { title: "No" }), {
      token: ({ rejected }) => (rejected ? Promise.reject(new Error("vault sealed")) : "ksh_0123456789"),
    });
    expect(error).toMatchObject({ name: "KaitenProblemError", status: 401, cause: { message: "vault sealed" } });
    expect(message).toBe(
      `The API answered 401 No; then no other token was to be had: The token provider failed: vault sealed. ${ALIVE} Check the credential. (${REQUEST}, 1 attempt)`,
    );
  });

  test("and the refusal is a page", async () => {
    const { message } = await failureOf(page(401), {
      token: ({ rejected }) => (rejected ? Promise.reject(new Error("vault sealed")) : "ksh_0123456789"),
    });
    expect(message).toContain(
      "401 (text/html); then no other token was to be had: The token provider failed: vault sealed. ",
    );
  });
});
