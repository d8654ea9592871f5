// The record of a service account, as a caller reads it: documented members only, or an error.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type AttemptEvent, type ClientOptions, createKaitenClient, type KaitenError } from "../../src/index.js";
import {
  absent,
  account,
  active,
  answer,
  BASE,
  entry,
  json,
  lost,
  never,
  noAccount,
  page,
  problem,
  record,
  revokedEntry,
  type Step,
  server,
  TOKEN,
  unreadable,
} from "./fake-api.js";

const AT = "2026-11-23T12:00:00.000Z";
const URL_OF_ACCOUNT = `${BASE}/service-accounts/ci-bot`;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(AT) });
});
afterEach(() => {
  vi.useRealTimers();
});

async function get(steps: Step | Step[], client: Partial<ClientOptions> = {}, signal?: AbortSignal) {
  const { fetch, reads } = server([], [steps].flat());
  const events: AttemptEvent[] = [];
  const onAttempt = (event: AttemptEvent) => events.push(event);
  const kaiten = createKaitenClient({ baseUrl: BASE, token: TOKEN, fetch, onAttempt, traceparent: false, ...client });
  const settled = Promise.allSettled([kaiten.serviceAccounts.get("ci-bot", { signal })]);
  await vi.runAllTimersAsync();
  const [{ value, reason }] = (await settled) as [{ value?: unknown; reason?: KaitenError }];
  return { value, error: reason as KaitenError, reads, events };
}

describe("get", () => {
  test("has all tokens, revoked and expired ones included, in the order of the record", async () => {
    const tokens = [active(), revokedEntry(), entry("old", { expiresAt: "2020-01-01T00:00:00Z" })];
    const whole = account(tokens, { createdBy: { id: "user-1", name: "Ada" } });
    expect((await get(json(whole))).value).toStrictEqual(whole);
    expect((await get(json(account([])))).value).toStrictEqual(account([]));
  });

  test("keeps the documented members, and no others", async () => {
    const user = { id: "user-1", email: "ada@example.com" };
    const token = { ...active(), createdBy: user, secret: "x", constructor: 1 };
    const { value } = await get(json({ ...account([token]), more: 1, createdBy: user }));
    expect(value).toStrictEqual({
      ...account([{ ...active(), createdBy: { id: "user-1" } }]),
      createdBy: { id: "user-1" },
    });
  });

  test("has no credential in it, where a record repeats one", async () => {
    const { value } = await get(record(entry("a", { name: `of ${TOKEN}` })));
    expect(value).toMatchObject({ tokens: [{ slug: "a", name: "[credential]" }] });
  });

  test("reads a record that is longer than other answers may be", async () => {
    const tokens = Array.from({ length: 1_000 }, (_, index) => entry(`token-${index}`));
    expect(JSON.stringify(tokens).length).toBeGreaterThan(2 * 64 * 1024);
    expect((await get(record(...tokens))).value).toEqual(account(tokens));
  });

  test("asks past any cache, as a GET that follows no redirect", async () => {
    const { reads } = await get([page(503), record()]);
    expect(reads).toMatchObject(Array(2).fill({ init: { method: "GET", redirect: "manual" } }));
    expect(reads[0]?.headers.get("cache-control")).toBe("no-cache");
    // A cache that heeds no header knows an answer by its URL.
    for (const { url } of reads)
      expect(url.split("?fresh=")).toEqual([URL_OF_ACCOUNT, expect.stringMatching(/^\w{16}$/)]);
    expect(reads[0]?.url).not.toBe(reads[1]?.url);
  });

  test("is tried again, and a refused token is replaced", async () => {
    const token = ({ rejected }: { rejected?: string }) => (rejected ? "token-2" : "token-1");
    const { value, reads, events } = await get([page(503), lost(), problem(401), record()], { token });
    expect(value).toEqual(account([]));
    expect(reads.map(({ headers }) => headers.get("authorization"))).toEqual([
      ...Array(3).fill("Bearer token-1"),
      "Bearer token-2",
    ]);
    const ref = { serviceAccountSlug: "ci-bot", tokenSlug: "" };
    expect(events).toMatchObject(
      [503, undefined, 401, 200].map((status, index) => ({
        ...{ ref, method: "GET", url: URL_OF_ACCOUNT, number: index + 1, outcome: "not-revoked" },
        ...(status && { status }),
      })),
    );
  });
});

describe("get rejects, and reading revokes nothing", () => {
  const UNREAD = "The record of the service account could not be read. Reading changes nothing.";
  const NO_RECORD =
    "The record of the service account could not be read: the answer is no record of this service account, so check the base URL. Reading changes nothing.";
  const NONE =
    "There is no service account by this name in the organization of the credential: it is misspelt, of another organization, or its membership has ended.";
  test.each<[string, Step, string, string]>([
    ["an unknown account", noAccount(), "KaitenProblemError", `The API answered 404 ServiceAccount.NotFound. ${NONE}`],
    [
      "a missing scope",
      unreadable(),
      "KaitenProblemError",
      `The API answered 403 Auth.MissingScope. ${UNREAD} The credential needs the scope read:tokens.`,
    ],
    ["a page", page(200), "KaitenResponseError", `Unexpected response 200 (text/html). ${NO_RECORD}`],
    [
      "a stale record",
      json(account([]), { Age: "1" }),
      "KaitenResponseError",
      "Unexpected response 200 (application/json). The record of the service account could not be read: a cache on the way answered with an old record. Reading changes nothing.",
    ],
    [
      "another account",
      json(account([], { slug: "other" })),
      "KaitenResponseError",
      `Unexpected response 200 (application/json). ${NO_RECORD}`,
    ],
    ["a lost answer", lost(), "KaitenConnectionError", `The connection failed: fetch failed. ${UNREAD}`],
    ["no answer in time", never, "KaitenTimeoutError", `No complete response within 20 s. ${UNREAD}`],
    [
      "a 204",
      answer(204),
      "KaitenResponseError",
      `Unexpected response 204 (no media type). ${UNREAD} This is not the API's answer: check the base URL.`,
    ],
    [
      "the problem of another operation",
      absent(),
      "KaitenProblemError",
      `The API answered 404 Token.NotFound. ${UNREAD}`,
    ],
  ])("%s", async (_, step, name, summary) => {
    const { error } = await get(step, { retries: 0 });
    expect(error).toMatchObject({
      ...{ name, outcome: "not-revoked", attempts: 1, summary },
      ...{ ref: { serviceAccountSlug: "ci-bot", tokenSlug: "" }, request: { method: "GET", url: URL_OF_ACCOUNT } },
    });
  });

  test.each([
    [page(503), 3],
    [answer(429), 3],
    [page(200), 1],
    [noAccount(), 1],
    [unreadable(), 1],
  ])("after as many attempts as may help", async (step, attempts) => {
    expect((await get(step)).error).toMatchObject({ attempts });
  });

  test("a body that does not end, after 16 MiB", async () => {
    let pulled = 0;
    const pull = (controller: ReadableStreamDefaultController) => {
      pulled++;
      controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20));
    };
    const endless = () =>
      new Response(new ReadableStream({ pull }), { headers: { "Content-Type": "application/json" } });
    expect((await get(async () => endless())).error).toMatchObject({ name: "KaitenResponseError", status: 200 });
    expect(pulled).toBeLessThanOrEqual(18);
  });

  test("an abort", async () => {
    const { error, reads } = await get(record(), {}, AbortSignal.abort("enough"));
    expect(error).toMatchObject({ name: "KaitenAbortError", outcome: "not-revoked", attempts: 0, cause: "enough" });
    expect(reads).toEqual([]);
  });
});
