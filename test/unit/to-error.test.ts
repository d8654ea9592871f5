// What a caller reads when a call has failed: what happened, what it means for the token, and what to do.
import { describe, expect, test } from "vitest";
import type { ClientOptions, KaitenError } from "../../src/index.js";
import { answer, BASE, lost, never, page, problem, REF, refused, revoke, type Step, TOKEN } from "./fake-api.js";

const REQUEST = `DELETE ${BASE}/service-accounts/ci-bot/tokens/deploy-key`;
const ACTIVE = "The request was not carried out. If the token was active, it still is.";
const UNREAD = "The record could not be read: Unexpected response 404 (text/html).";
const MAYBE = "The token may be revoked or not: treat it as active.";
const AGAIN = "Revoke it again: that is always safe.";
const UNKNOWN = `${MAYBE} ${UNREAD} ${AGAIN}`;
const CLOSED = `${ACTIVE} ${UNREAD}`;
const ABSENT = `The API finds no active token by this name: it is revoked already, misspelt, or beyond this API. ${UNREAD} Verify the token's secret to be sure.`;
const NOT_THE_API = "This is not the API's answer: check the base URL.";
const REDIRECT = "Redirects are never followed: check the base URL.";
const BASE_URL = "There may be no API at this base URL: check it.";
const REFUSED = "The credential was refused: use another one, or try again later.";
const GATEWAY = "This 403 comes from a gateway in front of the API, not from the API. Try again later.";
const SCOPE = "The credential needs the scope write:tokens.";

async function failureOf(step: Step, client: Partial<ClientOptions> = {}) {
  const { error, events } = revoke(step, { client: { retries: 0, traceparent: false, ...client } });
  const { message } = await error;
  return { error: await error, message, events };
}

describe("a problem: its status, code or title, its detail, what it means and what to do", () => {
  test.each<[string, number, object, string]>([
    ["all there is", 400, { code: "A.B", title: "Bad", detail: "It is bad." }, `400 A.B: It is bad. ${ACTIVE}`],
    ["no code", 400, { title: "Bad", detail: "It is bad" }, `400 Bad: It is bad. ${ACTIVE}`],
    ["no detail", 400, { title: "Bad" }, `400 Bad. ${ACTIVE}`],
    ["no name", 400, { detail: "It is bad." }, `400: It is bad. ${ACTIVE}`],
    ["nothing", 400, {}, `400. ${ACTIVE}`],
    ["dots within", 400, { title: "v1.2" }, `400 v1.2. ${ACTIVE}`],
    ["a code like a member of every object", 400, { code: "constructor" }, `400 constructor. ${ACTIVE}`],
    ["401", 401, { title: "No" }, `401 No. ${ACTIVE} ${REFUSED}`],
    [
      "401 of an invalid credential",
      401,
      { code: "ValidateToken.Invalid" },
      `401 ValidateToken.Invalid. ${ACTIVE} The credential is revoked, expired or unknown here, or the API cannot reach its database, which looks the same: use another credential, or try again later.`,
    ],
    [
      "401 without a credential",
      401,
      { code: "Auth.MissingAuthorizationHeader" },
      `401 Auth.MissingAuthorizationHeader. ${ACTIVE} No credential arrived. A proxy on the way may remove the Authorization header.`,
    ],
    ["402", 402, { title: "No" }, `402 No. ${ACTIVE}`],
    ["403", 403, { title: "No" }, `403 No. ${ACTIVE}`],
    ["403 of scope", 403, { code: "Auth.MissingScope" }, `403 Auth.MissingScope. ${ACTIVE} ${SCOPE}`],
    ["404 of a token", 404, { code: "Token.NotFound" }, `404 Token.NotFound. ${ABSENT}`],
    ["404 of a route", 404, { code: "NOT_FOUND" }, `404 NOT_FOUND. ${ACTIVE} ${BASE_URL}`],
    ["404 without a code", 404, { title: "Not Found" }, `404 Not Found. ${ACTIVE} ${BASE_URL}`],
    ["405", 405, { title: "No" }, `405 No. ${ACTIVE} ${BASE_URL}`],
    ["406", 406, { title: "No" }, `406 No. ${ACTIVE}`],
    ["422", 422, { title: "No" }, `422 No. ${ACTIVE}`],
    ["428", 428, { title: "No" }, `428 No. ${ACTIVE}`],
    ["429", 429, { title: "Slow" }, `429 Slow. ${ACTIVE} Wait a few seconds, then try again.`],
    ["430, which is not registered", 430, { title: "No" }, `430 No. ${UNKNOWN}`],
    ["500", 500, { title: "Oh" }, `500 Oh. ${UNKNOWN} Try again later.`],
  ])("%s", async (_, status, members, text) => {
    // Who may not revoke may not read either: then the record is not asked.
    const says = status === 401 || status === 403 ? text : text.replace(ACTIVE, CLOSED);
    const { error, message } = await failureOf(problem(status, members));
    expect(error.name).toBe("KaitenProblemError");
    expect(error.summary).toBe(`The API answered ${says}`);
    expect(message).toBe(`The API answered ${says} (${REQUEST}, 1 attempt)`);
    expect(error).toMatchObject({ ref: REF, request: { method: "DELETE", url: REQUEST.slice("DELETE ".length) } });
  });
});

describe("another answer: its status and media type, what it means and what to do", () => {
  test.each<[string, Step, string]>([
    ["a page", page(200), `response 200 (text/html). ${UNKNOWN} ${NOT_THE_API}`],
    ["the last of the successes", page(299), `response 299 (text/html). ${UNKNOWN} ${NOT_THE_API}`],
    ["a redirect", page(300), `redirect 300 (text/html). ${UNKNOWN} ${REDIRECT}`],
    ["the last of the redirects", page(399), `redirect 399 (text/html). ${UNKNOWN} ${REDIRECT}`],
    ["no status", async () => Response.error(), `response without a status (no media type). ${UNKNOWN} ${NOT_THE_API}`],
    ["a refusal", page(400), `response 400 (text/html). ${CLOSED}`],
    [
      "a refused credential",
      page(401),
      `response 401 (text/html). ${ACTIVE} A gateway refused the credential, as it does with a JWT that has expired: get a new one.`,
    ],
    ["a gateway without its auth service", page(403), `response 403 (text/html). ${CLOSED} ${GATEWAY}`],
    ["nothing", answer(404), `response 404 (no media type). ${CLOSED} ${BASE_URL}`],
    ["a limit", page(429), `response 429 (text/html). ${CLOSED} Wait a few seconds, then try again.`],
    ["an error", page(502), `response 502 (text/html). ${UNKNOWN} Try again later.`],
  ])("%s", async (_, step, says) => {
    const { error, message } = await failureOf(step);
    expect(error.name).toBe("KaitenResponseError");
    expect(message).toBe(`Unexpected ${says} (${REQUEST}, 1 attempt)`);
  });

  test.each([
    ["text", "<h1>Hello</h1>", "<h1>Hello</h1>"],
    ["JSON", '{ "a": [1] }', '{ "a": [1] }'],
    ["nothing", "", ""],
    ["2 KiB", "x".repeat(2048), "x".repeat(2048)],
    ["more", "x".repeat(2049), "x".repeat(2048)],
    ["characters of three bytes", "€".repeat(1000), "€".repeat(682)],
    ["no credential, also where it is cut off", `${TOKEN} ${"x".repeat(2030)}${TOKEN}`, "[credential]"],
  ])("its excerpt is its beginning: %s", async (_, body, excerpt) => {
    expect((await failureOf(answer(400, body))).error).toMatchObject({ excerpt });
  });

  test.each([205, 304])("a %i has no excerpt", async (status) => {
    expect((await failureOf(answer(status))).error).toMatchObject({ status, excerpt: "" });
  });
});

describe("a limit: how long to wait", () => {
  test.each([
    ["90", "90 s"],
    ["1", "1 s"],
    ["0", "a few seconds"],
  ])("Retry-After: %s", async (value, wait) => {
    for (const step of [page(429, { "Retry-After": value }), problem(429, {}, { "Retry-After": value })]) {
      expect((await failureOf(step)).error.summary).toMatch(new RegExp(` Wait ${wait}, then try again\\.$`));
    }
  });
});

describe("a base URL without a path: the message asks whether it is missing", () => {
  const hint = " Is its path missing, such as /api?";
  test.each<[string, Step]>([
    ["an HTML page", page(200)],
    ["a redirect", page(302)],
    ["a 404 page", page(404)],
    ["a 405 page", page(405)],
    ["NOT_FOUND", problem(404, { code: "NOT_FOUND" })],
  ])("after %s", async (_, step) => {
    expect((await failureOf(step, { baseUrl: "https://kaiten.example.com" })).error.summary).toContain(hint);
    expect((await failureOf(step, { baseUrl: "https://kaiten.example.com/" })).error.summary).toContain(hint);
    expect((await failureOf(step, { baseUrl: "http://localhost:8080" })).error.summary).toContain(hint);
    expect((await failureOf(step)).error.summary).not.toContain(hint);
  });

  test.each<[string, Step]>([
    ["the API answered", problem(403, { code: "Auth.MissingScope" })],
    ["a gateway answered", page(403)],
    ["the server failed", page(502)],
  ])("but not where %s", async (_, step) => {
    expect((await failureOf(step, { baseUrl: "https://kaiten.example.com" })).error.summary).not.toContain(hint);
  });

  test("also where the host of the base URL begins like the credential", async () => {
    const token = "kaiten.example.org-token";
    const { error } = await failureOf(page(404), { token, baseUrl: "https://kaiten.example.com" });
    expect(error).toMatchObject({ name: "KaitenResponseError", outcome: "not-revoked", status: 404 });
    expect(error.request?.url).toBe("[credential]");
  });
});

describe("what is a problem", () => {
  test.each<[string, Step, string]>([
    ["an object of the media type, from 400 on", problem(400), "KaitenProblemError"],
    ["not below", problem(399), "KaitenResponseError"],
    ["not of another media type", answer(400, "{}", { "Content-Type": "application/json" }), "KaitenResponseError"],
    ...["[]", "null", '"x"', "7", "", '{"title":'].map((body): [string, Step, string] => [
      `not a body that is ${body || "empty"}`,
      answer(400, body, { "Content-Type": "application/problem+json" }),
      "KaitenResponseError",
    ]),
  ])("%s", async (_, step, name) => {
    expect((await failureOf(step)).error.name).toBe(name);
  });
});

describe("a failed connection: the innermost cause that has words", () => {
  const failed = (thrown: unknown) => () => Promise.reject(thrown);
  test.each<[string, unknown, string]>([
    ["a message", new Error("broken"), "broken"],
    ["a cause", new TypeError("fetch failed", { cause: new Error("other side closed") }), "other side closed"],
    ["a code", Object.assign(new Error("broken"), { code: "EPIPE" }), "broken (EPIPE)"],
    ["a system call", Object.assign(new Error("write EPIPE"), { code: "EPIPE", syscall: "write" }), "write EPIPE"],
    ["a cause without words", new Error("outer", { cause: new Error("") }), "outer"],
    ["a message with a dot", new Error("It broke."), "It broke"],
    ["no words at all", new Error(""), "no reason was given"],
  ])("%s", async (_, thrown, says) => {
    const { error, message, events } = await failureOf(failed(thrown));
    expect(error.name).toBe("KaitenConnectionError");
    expect(message).toBe(`The connection failed: ${says}. ${UNKNOWN} (${REQUEST}, 1 attempt)`);
    expect(events[0]?.error?.replace(/\.$/, "")).toBe(`The connection failed: ${says}`);
  });

  test.each([undefined, null, ""])("also where the fetch rejects with %j", async (thrown) => {
    const { error } = await failureOf(failed(thrown));
    expect(error).toMatchObject({ name: "KaitenConnectionError", outcome: "unknown", attempts: 1 });
  });

  test("the attempts are counted", async () => {
    const { message } = await failureOf(refused(), { retries: 1 });
    expect(message).toBe(`The connection failed: connect (ECONNREFUSED). ${ACTIVE} (${REQUEST}, 2 attempts)`);
  });

  test("a certificate that is not trusted: the setting that makes it so", async () => {
    const cause = Object.assign(new Error("self-signed certificate"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    const { error } = await failureOf(failed(new TypeError("fetch failed", { cause })));
    expect(error.outcome).toBe("not-revoked");
    expect(error.summary).toBe(
      `The connection failed: the server's certificate is not trusted: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT). For a private certificate authority, set NODE_EXTRA_CA_CERTS to its file. ${ACTIVE}`,
    );
  });

  test("a port that speaks plain HTTP: words that a person can read", async () => {
    const line = "8050:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl.c:354:\n";
    const cause = Object.assign(new Error(line), { code: "ERR_SSL_WRONG_VERSION_NUMBER" });
    const { error } = await failureOf(failed(new TypeError("fetch failed", { cause })));
    expect(error).toMatchObject({ outcome: "not-revoked", cause: { cause: { code: "ERR_SSL_WRONG_VERSION_NUMBER" } } });
    expect(error.summary).toBe(
      `The connection failed: the port speaks plain HTTP, not HTTPS. Check the base URL. ${ACTIVE}`,
    );
  });
});

describe("a timeout: what did not come", () => {
  test("a response", async () => {
    const { error, message, events } = await failureOf(never, { timeout: 20 });
    expect(error).toMatchObject({ name: "KaitenTimeoutError", timeout: 20, outcome: "unknown" });
    expect(message).toBe(`No complete response within 0.02 s. ${UNKNOWN} (${REQUEST}, 1 attempt)`);
    expect(events[0]?.error).toBe("No complete response within 0.02 s");
  });

  test("the token, and then nothing was sent", async () => {
    const { error, message } = await failureOf(page(200), { timeout: 20, token: never });
    expect(error).toMatchObject({ name: "KaitenTimeoutError", timeout: 20, outcome: "not-revoked" });
    expect(message).toBe(`No token from the token provider within 0.02 s. ${ACTIVE} (${REQUEST}, 1 attempt)`);
  });

  test("a connection, where the fetch tells when a request is started", async () => {
    const waiting = Object.assign(() => never(), { reportsStart: true });
    const { error, message } = await failureOf(never, { timeout: 20, fetch: waiting });
    expect(error).toMatchObject({ name: "KaitenTimeoutError", timeout: 20, outcome: "not-revoked" });
    expect(message).toBe(`No connection within 0.02 s. ${ACTIVE} (${REQUEST}, 1 attempt)`);

    const started = Object.assign(
      (_: string, init: RequestInit & { onStart?: () => void }) => {
        init.onStart?.();
        return never();
      },
      { reportsStart: true },
    );
    const lostAnswer = await failureOf(never, { timeout: 20, fetch: started });
    expect(lostAnswer.error.outcome).toBe("unknown");
    expect(lostAnswer.error.summary).toContain(`No complete response within 0.02 s. ${MAYBE}`);
  });
});

test.each(["ERR_SSL_WRONG_VERSION_NUMBER", "ECONNREFUSED"])(
  "%s after the start of a request that the fetch told of is unknown: a code cannot take back what was written",
  async (code) => {
    const started = Object.assign(
      async (_: string, init: RequestInit & { onStart?: () => void }) => {
        init.onStart?.();
        throw Object.assign(new Error("the connection broke"), { code });
      },
      { reportsStart: true },
    );
    const { error } = await failureOf(never, { fetch: started });
    expect(error).toMatchObject({ name: "KaitenConnectionError", outcome: "unknown" });
    expect(error.summary).toContain(code);
  },
);

describe("no credential: why the token provider gave none", () => {
  test.each<[string, () => unknown, string]>([
    ["the provider throws", () => Promise.reject(new Error("vault sealed")), "The token provider failed: vault sealed"],
    ["it throws a text", () => Promise.reject("no"), "The token provider failed: no"],
    ["it throws undefined", () => Promise.reject(undefined), "The token provider failed"],
    ["it returns nothing", () => undefined, "The token from the token provider is of type undefined, not a string"],
    ["it returns null", () => null, "The token from the token provider is null, not a string"],
    ["it returns an empty text", () => "", "The token from the token provider is empty"],
    [
      "it returns another kind of secret",
      () => "ksm_0123456789",
      "The token from the token provider is another kind of secret (ksm_…, kst_… or whsec_…), which this API does not accept",
    ],
    [
      "it returns text around it",
      () => "the token",
      "The token from the token provider has characters that no bearer token has (RFC 6750 §2.1)",
    ],
  ])("%s", async (_, token, says) => {
    const { error, message, events } = await failureOf(page(200), { token: token as () => string });
    expect(error).toMatchObject({ name: "KaitenError", outcome: "not-revoked", attempts: 1 });
    expect(message).toBe(`${says}. ${ACTIVE} (${REQUEST}, 1 attempt)`);
    expect(events).toMatchObject([{ error: says, outcome: "not-revoked" }]);
  });

  const sealed = ({ rejected }: { rejected?: string }) =>
    rejected ? Promise.reject(new Error("vault sealed")) : TOKEN;

  test("in place of a refused one: the refusal, and why there was no other", async () => {
    const { error, message } = await failureOf(problem(401, { title: "No" }), { token: sealed });
    expect(error).toMatchObject({ name: "KaitenProblemError", status: 401, cause: { message: "vault sealed" } });
    expect(message).toBe(
      `The API answered 401 No; the token provider gave no replacement: The token provider failed: vault sealed. ${ACTIVE} ${REFUSED} (${REQUEST}, 1 attempt)`,
    );
  });

  test("and the refusal is a page", async () => {
    const { message } = await failureOf(page(401), { token: sealed });
    expect(message).toContain(
      "Unexpected response 401 (text/html); the token provider gave no replacement: The token provider failed: vault sealed. ",
    );
  });

  test("and the provider returns what cannot be sent", async () => {
    const { error, message } = await failureOf(problem(401), { token: ({ rejected }) => (rejected ? "" : TOKEN) });
    expect(message).toContain("gave no replacement: The token from the token provider is empty. ");
    expect(error.cause).toBeUndefined();
  });
});

test("an answer after a lost one: what was refused, and that the token may be revoked", async () => {
  const { error } = revoke([lost(), problem(403, { code: "Auth.MissingScope" })], { client: { traceparent: false } });
  const { summary, outcome } = (await error) as KaitenError;
  expect(outcome).toBe("unknown");
  expect(summary).toBe(`The API answered 403 Auth.MissingScope. ${MAYBE} ${AGAIN} ${SCOPE}`);
});
