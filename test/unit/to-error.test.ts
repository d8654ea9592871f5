// What a caller reads when a call has failed: what happened, what it means for the token, and what to do.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ClientOptions } from "../../src/index.js";
import {
  absent,
  active,
  answer,
  BASE,
  entry,
  lost,
  never,
  noAccount,
  page,
  problem,
  REF,
  record,
  revoke,
  type Step,
  TOKEN,
} from "./fake-api.js";

const AT = "2026-11-23T12:00:00.000Z";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(AT) });
});
afterEach(() => {
  vi.useRealTimers();
});

const REQUEST = `DELETE ${BASE}/service-accounts/ci-bot/tokens/deploy-key`;
const DONE_NOTHING = "The request was not carried out. If the token was active, it still is.";
const LISTED = `The record listed the token as active at ${AT}`;
const UNREAD = "The record could not be read: The API answered 403 Auth.MissingScope.";
const OPEN = "The token may be revoked or not: treat it as active.";
const AGAIN = "Revoke it again: that is always safe.";
const UNKNOWN = `${OPEN} ${UNREAD} ${AGAIN}`;
const SCOPE = "The credential needs the scope write:tokens.";
const SURE = "Verify the token's secret to be sure.";
const ELSEWHERE =
  "misspelt, of another organization, or deleted some time after it was revoked or expired (by default 90 days). It may also be beyond this API, and still work: the platform's own, or of a membership that has ended.";

async function failureOf(steps: Step | Step[], client: Partial<ClientOptions> = {}, read?: Step) {
  const setup = { client: { retries: 0, traceparent: false, ...client } };
  const call = revoke(steps, read ? { ...setup, record: read } : setup);
  await vi.runAllTimersAsync();
  const error = await call.error;
  return { error, message: error.message, summary: error.summary, events: call.events };
}

describe("what happened, what it means for the token, and what to do", () => {
  test.each<[string, Step[], Step | undefined, string]>([
    [
      "a refusal, and the record says that the token is active",
      [problem(422, { title: "No" })],
      record(active()),
      `The API answered 422 No. The request was not carried out. ${LISTED}.`,
    ],
    [
      "a refusal, and no record",
      [page(400)],
      undefined,
      `Unexpected response 400 (text/html). ${DONE_NOTHING} ${UNREAD}`,
    ],
    [
      "a refusal after which no record is read",
      [problem(403, { code: "Auth.MissingScope", detail: "No." })],
      undefined,
      `The API answered 403 Auth.MissingScope: No. ${DONE_NOTHING} ${SCOPE}`,
    ],
    [
      "nothing known, and the record says that the token is active",
      [page(502)],
      record(active()),
      `Unexpected response 502 (text/html). ${LISTED}, but a request may still be under way. ${AGAIN} Try again later.`,
    ],
    ["nothing known, and no record", [lost()], undefined, `The connection failed: fetch failed. ${UNKNOWN}`],
    [
      "a refusal after a lost answer",
      [lost(), problem(403, { code: "Auth.MissingScope" })],
      undefined,
      `The API answered 403 Auth.MissingScope. ${OPEN} ${AGAIN} ${SCOPE}`,
    ],
    [
      "no such token, and none in the record",
      [absent()],
      record(entry("other")),
      `The API answered 404 Token.NotFound. The service account has no token by this name: it is ${ELSEWHERE} ${SURE}`,
    ],
    [
      "nothing known, and no such token in the record: trying again would not help",
      [page(502)],
      record(entry("other")),
      `Unexpected response 502 (text/html). The service account has no token by this name: it is ${ELSEWHERE} ${SURE}`,
    ],
    [
      "no such token, and no such account",
      [absent()],
      noAccount(),
      `The API answered 404 Token.NotFound. There is no service account by this name: it is ${ELSEWHERE} ${SURE}`,
    ],
    [
      "no such token, and no record",
      [absent()],
      undefined,
      `The API answered 404 Token.NotFound. The API finds no active token by this name: it is revoked already, misspelt, or beyond this API. ${UNREAD} ${SURE}`,
    ],
    [
      "no such token after a lost answer, and no record",
      [lost(), absent()],
      undefined,
      `The API answered 404 Token.NotFound. The API finds no active token by this name: it is revoked already, misspelt, or beyond this API. An earlier attempt of this call may have revoked it. ${UNREAD} ${SURE}`,
    ],
    [
      "no such token, and the record says that it is active",
      [absent()],
      record(active()),
      `The API answered 404 Token.NotFound. ${LISTED}, but a request may still be under way. ${AGAIN}`,
    ],
  ])("%s", async (_, steps, read, says) => {
    // No time passes: a read tells the time.
    vi.spyOn(Math, "random").mockReturnValue(0);
    const { error, message, summary } = await failureOf(steps, { retries: steps.length - 1 }, read);
    expect(summary.replace(/T12:00:00\.\d+Z/, AT.slice(10))).toBe(says);
    expect(message).toBe(`${summary} (${REQUEST}, ${steps.length} attempt${steps.length > 1 ? "s" : ""})`);
    expect(error).toMatchObject({ ref: REF, request: { method: "DELETE", url: REQUEST.slice("DELETE ".length) } });
    vi.restoreAllMocks();
  });

  test.each<[string, Step, string]>([
    [
      "another record",
      answer(200, "{}", { "Content-Type": "application/json" }),
      "the answer is no record of this service account, so check the base URL.",
    ],
    ["a gateway's 403", page(403), "Unexpected response 403 (text/html)."],
    ["a lost answer", lost(), "The connection failed: fetch failed."],
    ["no answer within five seconds", never, "No complete response within 5 s."],
  ])("a record that cannot be read says why: %s", async (_, read, says) => {
    const { summary } = await failureOf(page(400), {}, read);
    expect(summary).toBe(`Unexpected response 400 (text/html). ${DONE_NOTHING} The record could not be read: ${says}`);
  });
});

test.each([
  ["text", "<h1>Hello</h1>", "<h1>Hello</h1>"],
  ["nothing", "", ""],
  ["2 KiB", "x".repeat(2048), "x".repeat(2048)],
  ["more", "x".repeat(2049), "x".repeat(2048)],
  ["characters of three bytes", "€".repeat(1000), "€".repeat(682)],
  ["a credential, also where it is cut off", `${"x".repeat(2040)}${TOKEN}`, "[credential]"],
])("the excerpt of an answer is its beginning: %s", async (_, body, excerpt) => {
  expect((await failureOf(answer(400, body))).error).toMatchObject({ name: "KaitenResponseError", excerpt });
});

test.each([205, 304])("a %i has no excerpt", async (status) => {
  expect((await failureOf(answer(status))).error).toMatchObject({ status, excerpt: "" });
});

test("a base URL that begins like the credential is withheld", async () => {
  const token = "kaiten.example.org-token";
  const { error } = await failureOf(page(404), { token, baseUrl: "https://kaiten.example.com" });
  expect(error).toMatchObject({ status: 404, request: { method: "DELETE", url: "[credential]" } });
  expect(error.message).not.toContain("kaiten.e");
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

describe("a failed connection", () => {
  const failed = (code: string) =>
    new TypeError("fetch failed", { cause: Object.assign(new Error("words"), { code }) });
  test.each<[string, string]>([
    ["ECONNREFUSED", "words (ECONNREFUSED)."],
    [
      "CERT_HAS_EXPIRED",
      "the server's certificate is outside its time of validity: words (CERT_HAS_EXPIRED). Check the clock of this machine; if it is right, the certificate must be renewed.",
    ],
    [
      "ERR_TLS_CERT_ALTNAME_INVALID",
      "the server's certificate is for another host: words (ERR_TLS_CERT_ALTNAME_INVALID). Check the base URL.",
    ],
    [
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      "the server's certificate is not trusted: words (DEPTH_ZERO_SELF_SIGNED_CERT). For a private certificate authority, set NODE_EXTRA_CA_CERTS to its file.",
    ],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "the port speaks plain HTTP, not HTTPS. Check the base URL."],
    ["ERR_PROXY", "the proxy: words (ERR_PROXY)."],
  ])("%s: nothing was written, and what to do about it", async (code, says) => {
    const { error, message, events } = await failureOf(failed(code));
    expect(error).toMatchObject({ name: "KaitenConnectionError", outcome: "not-revoked", cause: { cause: { code } } });
    expect(message).toBe(`The connection failed: ${says} ${DONE_NOTHING} (${REQUEST}, 1 attempt)`);
    expect(events[0]?.error?.replace(/\.?$/, ".")).toBe(`The connection failed: ${says}`);
  });

  test.each([
    [
      "an alert of TLS, which a server can send at any time",
      failed("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"),
      "TLS: tlsv13 alert certificate required (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)",
    ],
    ["no words at all", new Error(""), "no reason was given"],
    ["an end of its own", new Error("It broke."), "It broke"],
  ])("%s: nobody knows", async (_, thrown, says) => {
    const { error, summary } = await failureOf(thrown);
    expect(error).toMatchObject({ name: "KaitenConnectionError", outcome: "unknown" });
    expect(summary).toBe(`The connection failed: ${says}. ${UNKNOWN}`);
  });

  test.each([undefined, null, ""])("also where the fetch rejects with %j", async (thrown) => {
    const { error } = await failureOf(() => Promise.reject(thrown));
    expect(error).toMatchObject({ name: "KaitenConnectionError", outcome: "unknown", attempts: 1 });
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
    expect(message).toBe(`No token from the token provider within 0.02 s. ${DONE_NOTHING} (${REQUEST}, 1 attempt)`);
  });

  test("a connection, where the fetch tells when a request is started", async () => {
    const waiting = Object.assign(() => never(), { reportsStart: true });
    const { error, message } = await failureOf(never, { timeout: 20, fetch: waiting });
    expect(error).toMatchObject({ name: "KaitenTimeoutError", timeout: 20, outcome: "not-revoked" });
    expect(message).toBe(`No connection within 0.02 s. ${DONE_NOTHING} (${REQUEST}, 1 attempt)`);

    const started = Object.assign(
      (_: string, init: RequestInit & { onStart?: () => void }) => {
        init.onStart?.();
        return never();
      },
      { reportsStart: true },
    );
    const lostAnswer = await failureOf(never, { timeout: 20, fetch: started });
    expect(lostAnswer.error.outcome).toBe("unknown");
    expect(lostAnswer.error.summary).toMatch(/^No complete response within 0\.02 s\. /);
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
    expect(error.summary).not.toContain("plain HTTP");
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
    expect(message).toBe(`${says}. ${DONE_NOTHING} (${REQUEST}, 1 attempt)`);
    expect(events).toMatchObject([{ error: says, outcome: "not-revoked" }]);
  });

  const sealed = ({ rejected }: { rejected?: string }) =>
    rejected ? Promise.reject(new Error("vault sealed")) : TOKEN;

  test("in place of a refused one: the refusal, and why there was no other", async () => {
    const { error, message } = await failureOf(problem(401, { title: "No" }), { token: sealed });
    expect(error).toMatchObject({ name: "KaitenProblemError", status: 401, cause: { message: "vault sealed" } });
    expect(message).toBe(
      `The API answered 401 No; the token provider gave no replacement: The token provider failed: vault sealed. ${DONE_NOTHING} The credential was refused: use another one, or try again later. (${REQUEST}, 1 attempt)`,
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
