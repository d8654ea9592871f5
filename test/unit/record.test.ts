// The record of a service account settles what answers leave open. It counts only if nothing speaks against it.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ClientOptions, KaitenError } from "../../src/index.js";
import {
  absent,
  account,
  active,
  answer,
  BASE,
  ended,
  entry,
  json,
  lost,
  never,
  noAccount,
  page,
  problem,
  REF,
  REVOKED_AT,
  record,
  refused,
  revokedEntry,
  type Step,
  unreadable,
} from "./fake-api.js";

const URL_OF_REF = `${BASE}/service-accounts/ci-bot/tokens/deploy-key`;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-23T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

const REVOKED = record(revokedEntry());
const ACTIVE = record(active());
const OTHERS = record(entry("other"), entry("deploy"), entry("deploy-key-2"));

describe("the record settles what is open", () => {
  const ENDS: [string, Step[], KaitenError["outcome"]][] = [
    ["a refusal", [problem(422)], "not-revoked"],
    ["a limit", [answer(429)], "not-revoked"],
    ["a gateway's 403", [page(403)], "not-revoked"],
    ["a client that left, to an intermediary", [page(499)], "unknown"],
    ["a lost answer", [lost()], "unknown"],
    ["no answer in time", [never], "unknown"],
    ["an error of the server", [problem(500)], "unknown"],
    ["a redirect", [page(302)], "unknown"],
    ["a lost answer, then a refused connection", [lost(), refused()], "unknown"],
    ["no such token", [absent()], "absent"],
    ["no such token after a lost answer", [lost(), absent()], "absent"],
  ];

  test.each(ENDS)("after %s", async (_, steps, before) => {
    const client = { retries: steps.length - 1 };
    const endsWith = async (read: Step) => {
      const { result, error, reads } = await ended(steps, { client, record: read });
      return [reads.length, result ?? error] as const;
    };
    const attempts = steps.length;
    const revoked = { outcome: "revoked", revokedAt: REVOKED_AT, revokedBy: { id: "user-2" }, attempts };
    expect(await endsWith(REVOKED)).toMatchObject([1, revoked]);
    const listed = before === "not-revoked" ? "not-revoked" : "unknown";
    expect(await endsWith(ACTIVE)).toMatchObject([1, { outcome: listed, attempts }]);
    expect(await endsWith(OTHERS)).toMatchObject([1, { outcome: "absent", attempts }]);
    expect(await endsWith(noAccount())).toMatchObject([1, { outcome: "absent", attempts }]);
    expect(await endsWith(unreadable())).toMatchObject([before === "absent" ? 2 : 1, { outcome: before, attempts }]);
  });

  test.each<[string, Step | Step[], Partial<ClientOptions>]>([
    ["a 204", answer(204), {}],
    ["a 401 problem", problem(401), {}],
    ["a gateway's 401", page(401), {}],
    ["a 403 problem", problem(403), {}],
    ["a lost answer and a 401", [lost(), problem(401)], { retries: 1 }],
    ["a connection that was refused", refused(), {}],
    ["a provider that fails", answer(204), { token: () => Promise.reject(new Error("sealed")) }],
  ])("it is not read after %s", async (_, steps, client) => {
    expect((await ended(steps, { client: { retries: 0, ...client }, record: REVOKED })).reads).toEqual([]);
  });

  test("after absent it is read once more, a moment later, if the first read got no usable answer", async () => {
    const later = await ended(absent(), { record: [page(503), REVOKED] });
    expect(later.result).toMatchObject({ outcome: "revoked", status: 404, attempts: 1 });
    expect(later.readEvents).toMatchObject([
      { number: 1, status: 503, outcome: "absent", delay: expect.any(Number) },
      { number: 2, status: 200, outcome: "revoked" },
    ]);
    expect(later.readEvents[1]).not.toHaveProperty("delay");
    expect((await ended(absent(), { record: [page(503), page(503), REVOKED] })).error).toMatchObject({
      outcome: "absent",
    });
    expect((await ended(lost(), { client: { retries: 0 }, record: [page(503), REVOKED] })).reads).toHaveLength(1);
  });

  test("it is waited for at most five seconds, or as long as an attempt may take", async () => {
    const client = { retries: 0 };
    const { took, error } = await ended(problem(422), { client, record: never });
    expect([took, error?.outcome]).toEqual([5_000, "not-revoked"]);
    expect((await ended(problem(422), { client: { ...client, timeout: 70 }, record: never })).took).toBe(70);
  });

  test("it is asked with the token that the last attempt was sent with", async () => {
    const token = ({ rejected }: { rejected?: string }) => (rejected ? "token-2" : "token-1");
    const { reads } = await ended([problem(401), problem(422)], { client: { token } });
    expect(reads).toHaveLength(1);
    expect(reads[0]?.headers.get("authorization")).toBe("Bearer token-2");
  });

  test("a result is the DELETE's, with who and when; an error too", async () => {
    const step = problem(500, { errorId: "error-1" }, { "Kaiten-TraceId": "trace-1" });
    const { result } = await ended(step, { client: { retries: 0 }, record: REVOKED });
    expect(result).toStrictEqual({
      ...{ ref: REF, outcome: "revoked", attempts: 1, status: 500, traceId: "trace-1", errorId: "error-1" },
      ...{ at: "2026-11-23T12:00:00.000Z", revokedAt: REVOKED_AT, revokedBy: { id: "user-2" } },
    });
    const { error } = await ended(step, { client: { retries: 0 }, record: ACTIVE });
    expect(error).toMatchObject({ status: 500, traceId: "trace-1", request: { method: "DELETE", url: URL_OF_REF } });
    const nobody = await ended(absent(), {
      ...{ client: { traceparent: false }, record: record(entry(REF.tokenSlug, { revokedAt: REVOKED_AT })) },
    });
    expect(nobody.result).toStrictEqual({
      ...{ ref: REF, outcome: "revoked", attempts: 1, status: 404 },
      ...{ at: "2026-11-23T12:00:00.000Z", revokedAt: REVOKED_AT },
    });
  });

  test("a lost answer whose token the record says was revoked has no status", async () => {
    const { result } = await ended(lost(), { client: { retries: 0, traceparent: false }, record: REVOKED });
    expect(result).not.toHaveProperty("status");
    expect(result).toMatchObject({ outcome: "revoked", revokedAt: REVOKED_AT });
  });
});

describe("a record counts only if", () => {
  const usable = account([revokedEntry()]);
  const settled = async (read: Step) => {
    const { result, error } = await ended(lost(), { client: { retries: 0 }, record: read });
    return (result ?? error)?.outcome;
  };
  const redirected = (step: Response) => async () => Object.defineProperty(step, "redirected", { value: true });
  const typed = (type: string) => answer(200, JSON.stringify(usable), { "Content-Type": type });

  test.each<[string, Step]>([
    ["it is what it should be", json(usable)],
    ["with a charset", typed("Application/JSON; charset=utf-8")],
    ["with an Age of 0", json(usable, { Age: "0" })],
    ["with members that nobody knows", json({ ...usable, more: 1 })],
  ])("%s", async (_, read) => {
    expect(await settled(read)).toBe("revoked");
  });

  test.each<[string, Step]>([
    ["the status is 200", answer(203, JSON.stringify(usable), { "Content-Type": "application/json" })],
    ["it was not redirected", redirected(json(usable))],
    ["it is application/json", typed("text/html")],
    ["it is application/json, not another name of JSON", typed("text/json")],
    ["it is no application/jsonp", typed("application/jsonp")],
    ["it is no problem", typed("application/problem+json")],
    ["it has a media type", answer(200, new Blob([JSON.stringify(usable)]) as never)],
    ["it comes from no cache", json(usable, { Age: "1" })],
    ["it comes from no two caches", json(usable, { Age: "5, 5" })],
    ["its Age can be read", json(usable, { Age: "soon" })],
    ["it is of the account", json({ ...usable, slug: "ci-bot-2" })],
    ["it is of the account, to the letter", json({ ...usable, slug: "CI-Bot" })],
    ["it is of an account", json({ ...usable, slug: undefined })],
    ["it is of one account", json({ ...usable, slug: ["ci-bot"] })],
    ["it is an object", json([usable])],
    [
      "its members are its own",
      answer(200, `{"__proto__":${JSON.stringify(usable)}}`, { "Content-Type": "application/json" }),
    ],
    ["it is JSON", answer(200, "{", { "Content-Type": "application/json" })],
    ["it is not empty", answer(200, "", { "Content-Type": "application/json" })],
    ["its tokens are a list", json({ ...usable, tokens: { 0: revokedEntry(), length: 1 } })],
    ["it has tokens", json({ ...usable, tokens: undefined })],
    ["all its tokens are objects", json({ ...usable, tokens: [null, revokedEntry()] })],
    ["all its tokens have a name", json({ ...usable, tokens: [{ ...active(), slug: 7 }, revokedEntry()] })],
    ["the account is not missing in other words", problem(404, { code: "NOT_FOUND" })],
    ["the account is not missing by a page", page(404)],
    ["the account is not missing by another status", problem(410, { code: "ServiceAccount.NotFound" })],
  ])("%s", async (_, read) => {
    expect(await settled(read)).toBe("unknown");
    // Nor does such a record say that the token is not there.
    const { error } = await ended(problem(422), { record: read });
    expect(error).toMatchObject({ outcome: "not-revoked" });
    expect(error?.message).toContain("The record could not be read: ");
  });

  test.each([
    ...["2026-11-01T10:00:00Z", "2026-11-01T10:00:00.123456789Z", "2026-11-01T10:00:00+02:00", "2026-11-01t10:00:00z"],
    // It is not compared with the local clock.
    ...["2001-01-01T00:00:00Z", "2099-01-01T00:00:00Z"],
  ])("the token's revokedAt is a time: %s", async (revokedAt) => {
    const { result } = await ended(lost(), {
      client: { retries: 0 },
      record: record(entry(REF.tokenSlug, { revokedAt })),
    });
    expect(result).toMatchObject({ outcome: "revoked", revokedAt });
  });

  test.each([
    ...[undefined, null, "", "never", true, 1_764_500_000, {}, "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"],
    ...["1970-01-01T09:00:00+09:00", "2026-11-01", "2026-11-01T10:00:00", "Sun, 01 Nov 2026 10:00:00 GMT"],
    ...["2026-13-41T10:00:00Z", " 2026-11-01T10:00:00Z"],
  ])("the token's revokedAt is a time, not %j", async (revokedAt) => {
    const { error } = await ended(problem(422), { record: record(entry(REF.tokenSlug, { revokedAt })) });
    expect(error).toMatchObject({ outcome: "not-revoked" });
    expect(error?.message).toContain("The record listed the token as active");
  });

  test("every entry of its name is revoked", async () => {
    const revokedBefore = entry(REF.tokenSlug, { revokedAt: "2025-01-01T00:00:00Z" });
    expect(await settled(record(revokedEntry(), active()))).toBe("unknown");
    expect(await settled(record(active(), revokedEntry()))).toBe("unknown");
    const { result } = await ended(lost(), { client: { retries: 0 }, record: record(revokedEntry(), revokedBefore) });
    expect(result).toMatchObject({ revokedAt: REVOKED_AT });
  });

  test("revokedBy is a user, or left out", async () => {
    for (const revokedBy of [null, "Ada", 7, ["Ada"]]) {
      const read = record(entry(REF.tokenSlug, { revokedAt: REVOKED_AT, revokedBy }));
      const { result } = await ended(lost(), { client: { retries: 0 }, record: read });
      expect(result).toMatchObject({ outcome: "revoked" });
      expect(result).not.toHaveProperty("revokedBy");
    }
    const more = { id: "user-2", name: "Ada", email: "ada@example.com" };
    const read = record(entry(REF.tokenSlug, { revokedAt: REVOKED_AT, revokedBy: more }));
    const { result } = await ended(lost(), { client: { retries: 0 }, record: read });
    expect(result?.revokedBy).toStrictEqual({ id: "user-2", name: "Ada" });
  });

  test("names are matched before they are redacted", async () => {
    const client = { retries: 0, token: "deploy-key-is-the-beginning" };
    const { result } = await ended(lost(), { client, record: REVOKED });
    expect(result).toMatchObject({ outcome: "revoked", revokedAt: REVOKED_AT });
  });
});
