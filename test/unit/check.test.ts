// A bad argument is a TypeError that names it, and nothing is sent.
import { describe, expect, test } from "vitest";
import { type ClientOptions, createKaitenClient } from "../../src/index.js";
import { answer, BASE, problem, REF, revoke, scripted, TOKEN } from "./fake-api.js";

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as Error).message;
  }
  return "";
}

describe("the base URL", () => {
  test.each([
    ["kaiten.example.com", "must be an absolute URL"],
    ["/api", "must be an absolute URL"],
    ["", "must be an absolute URL"],
    ["https://", "must be an absolute URL"],
    ["ftp://kaiten.example.com", "must begin with https://"],
    ["file:///etc", "must begin with https://"],
    ["javascript:alert(1)", "must begin with https://"],
    ["https://user:pass@kaiten.example.com", "user or password"],
    ["https://user@kaiten.example.com", "user or password"],
    ["https://kaiten.example.com/api?x=1", "query or fragment"],
    ["https://kaiten.example.com/api?", "query or fragment"],
    ["https://kaiten.example.com/api#x", "query or fragment"],
    ["https://kaiten.example.com/api#", "query or fragment"],
    ["http://kaiten.example.com", "plain http to kaiten.example.com"],
    ["http://localhost.example.com", "plain http"],
    ["http://notlocalhost", "plain http"],
    ["http://x127.0.0.1.example.com", "plain http"],
    ["http://127.0.0.1.example.com", "plain http"],
    ["http://10.0.0.1", "plain http"],
    ["http://api.localhost", "plain http"],
    ["http://0.0.0.0", "plain http"],
    ["http://[::2]", "plain http"],
  ])("%s is refused", (baseUrl, fault) => {
    expect(refusal(() => createKaitenClient({ baseUrl, token: TOKEN }))).toContain(fault);
    expect(refusal(() => createKaitenClient({ baseUrl, token: TOKEN }))).not.toContain("pass@");
  });

  test.each([
    ["https://kaiten.example.com", "https://kaiten.example.com/service-accounts/"],
    ["https://kaiten.example.com/", "https://kaiten.example.com/service-accounts/"],
    ["https://kaiten.example.com/api", "https://kaiten.example.com/api/service-accounts/"],
    ["https://kaiten.example.com/api///", "https://kaiten.example.com/api/service-accounts/"],
    ["HTTPS://Kaiten.Example.com:443/A%20b", "https://kaiten.example.com/A%20b/service-accounts/"],
    ["https://kaiten.example.com/{tokenSlug}", "https://kaiten.example.com/%7BtokenSlug%7D/service-accounts/"],
    ["http://localhost:4010", "http://localhost:4010/service-accounts/"],
    ["http://127.12.34.56:80", "http://127.12.34.56/service-accounts/"],
    ["http://[::1]:4010/x", "http://[::1]:4010/x/service-accounts/"],
    [new URL("https://kaiten.example.com/api"), "https://kaiten.example.com/api/service-accounts/"],
  ])("%s is kept, its path included", async (baseUrl, start) => {
    const { requests, result } = revoke(answer(204), {
      client: { baseUrl },
      ref: { serviceAccountSlug: "a", tokenSlug: "b" },
    });
    await result;
    expect(requests.map(({ url }) => url)).toEqual([`${start}a/tokens/b`]);
  });

  test("may be plain http to another host where allowInsecure is true", () => {
    expect(() => createKaitenClient({ baseUrl: "http://10.0.0.1", token: TOKEN, allowInsecure: true })).not.toThrow();
  });
});

describe("the headers", () => {
  const refusalOf = (headers: object) =>
    refusal(() => createKaitenClient({ baseUrl: BASE, token: TOKEN, headers: headers as Record<string, string> }));

  test("are sent with each request, a read of the record included, with names in lower case", async () => {
    const headers = { "CF-Access-Client-Id": "id.access", "cf-access-client-secret": "0123456789abcdef0123" };
    const { requests, reads, error } = revoke(problem(422), { client: { headers, traceparent: false } });
    await error;
    const sent = [...requests, ...reads].map((request) => Object.keys(request.init.headers as object));
    const ours = ["cf-access-client-id", "cf-access-client-secret", "authorization", "user-agent"];
    expect(sent).toEqual([ours, [...ours, "cache-control"]]);
    expect(requests[0]?.headers.get("cf-access-client-secret")).toBe("0123456789abcdef0123");
  });

  test.each([
    ...["Authorization", "authorization", "User-Agent", "traceparent", "Cache-Control", "Cookie", "Host", "Origin"],
    ...["Content-Length", "Connection", "Transfer-Encoding", "Proxy-Authorization", "Sec-Fetch-Mode", "Set-Cookie"],
    ...["Access-Control-Request-Method", "Accept-Encoding", "TE", "Via", "Expect"],
    ...["Range", "X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"],
  ])("may not have %s, which the client or fetch sets", (name) => {
    expect(refusalOf({ "x-first": "1", [name]: "0123456789" })).toBe(
      `The option headers must not have ${name}, which the client or fetch sets.`,
    );
  });

  test("may not have a name twice, of which one would be lost", () => {
    expect(refusalOf({ "X-A": "1", "x-a": "2" })).toContain("headers has x-a twice");
  });

  test.each(["", "a b", "a:b", "a\n", "ä", "(a)"])("may not have the name %j", (name) => {
    expect(refusalOf({ [name]: "1" })).toContain("headers has a name that no header can have");
  });

  test.each([7, null, undefined, "", " a", "a ", "a\r\nb: c", "a\0b", "€", ["a"]])(
    "may not have the value %j, which is not shown",
    (value) => {
      expect(refusalOf({ "x-a": value })).toContain("headers has a value for x-a that cannot be sent");
      expect(refusalOf({ "x-a": "secret\n0123456789" })).not.toContain("0123456789");
    },
  );

  test.each([new Headers({ a: "b" }), new Map([["a", "b"]]), [["a", "b"]], "a: b", null, 7])(
    "may not be %o, of which nothing would be sent",
    (headers) => {
      expect(refusalOf(headers as object)).toContain("headers must be a plain object of names and values");
    },
  );

  test.each<Record<string, string> | undefined>([
    { "x-!#$%&'*+.^_`|~9": "a b\tc" },
    { "content-type": "x", accept: "y", "x-proxy": "z", "x-sec": "é" },
    {},
    undefined,
  ])("may be %j", (headers) => {
    expect(() => createKaitenClient({ baseUrl: BASE, token: TOKEN, headers })).not.toThrow();
  });

  test("that look like a media type do not hide what an answer is", async () => {
    const headers = { accept: "application/problem+json" };
    const { error } = revoke(problem(422, { code: "A.B" }), { client: { headers } });
    expect(await error).toMatchObject({ name: "KaitenProblemError", code: "A.B" });
  });
});

describe("an option", () => {
  const create = (options: object) =>
    refusal(() => createKaitenClient({ baseUrl: BASE, token: TOKEN, ...options } as ClientOptions));

  test.each<[object, string]>([
    [{ baseUrl: undefined }, "baseUrl is missing"],
    [{ token: undefined }, "token is missing"],
    [{ baseUrl: 7 }, "baseUrl must be a URL"],
    [{ token: 7 }, "token must be a string, or a function"],
    [{ token: null }, "token must be a string, or a function"],
    [{ headers: "a: b" }, "headers must be a plain object"],
    [{ fetch: "fetch" }, "fetch must be a function"],
    [{ onAttempt: {} }, "onAttempt must be a function"],
    [{ allowInsecure: "no" }, "allowInsecure must be true or false"],
    [{ traceparent: "00-1-2-01" }, "traceparent must be true or false"],
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, "10", null].map((timeout): [object, string] => [
      { timeout },
      "timeout must be whole ms",
    ]),
    ...[-1, 1.5, 101, "2", null].map((retries): [object, string] => [{ retries }, "retries must be a whole number"]),
    ...[-1, 0.5, 2 ** 31, "60"].map((maxRetryAfter): [object, string] => [
      { maxRetryAfter },
      "maxRetryAfter must be whole ms",
    ]),
    [
      { retires: 0 },
      "There is no option retires. There are: timeout, retries, baseUrl, token, headers, fetch, maxRetryAfter, allowInsecure, onAttempt, traceparent.",
    ],
    [{ signal: AbortSignal.abort() }, "There is no option signal"],
    [{ constructor: 1 }, "There is no option constructor"],
  ])("%j is refused by name", (options, fault) => {
    expect(create(options)).toContain(fault);
  });

  test.each([
    [{ token: "" }, "token", "is empty"],
    [{ baseUrl: undefined }, "baseUrl", "is missing"],
    [{ allowInsecure: 1 }, "allowInsecure", "must be true or false"],
    [{ baseUrl: "/api" }, "baseUrl", "must be an absolute URL. Pass one such as https://kaiten.example.com/api"],
  ])("%j is refused with its name and its fault as data", (options, option, fault) => {
    const act = () => createKaitenClient({ baseUrl: BASE, token: TOKEN, ...options } as ClientOptions);
    expect(act).toThrow(expect.objectContaining({ option, fault, message: `The option ${option} ${fault}.` }));
  });

  test("is refused without its value, which could be the token", () => {
    expect(create({ baseUrl: TOKEN })).not.toContain(TOKEN);
    expect(create({ timeout: TOKEN })).not.toContain(TOKEN);
  });

  test.each([undefined, null, 7, "x"])("in place of the options, %j is refused", (options) => {
    expect(refusal(() => createKaitenClient(options as never))).toContain("options must be an object");
  });

  test("that is inherited is checked too", () => {
    const options = Object.assign(Object.create({ timeout: Number.NaN }), { baseUrl: BASE, token: TOKEN });
    expect(refusal(() => createKaitenClient(options))).toContain("timeout must be whole ms");
  });

  test.each([
    { timeout: 1 },
    { timeout: 2 ** 31 - 1 },
    { retries: 0 },
    { retries: 100 },
    { maxRetryAfter: 0 },
    { traceparent: false },
    { timeout: undefined },
    { fetch: undefined },
  ])("%j is accepted", (options) => {
    expect(create(options)).toBe("");
  });
});

describe("a call", () => {
  test.each([
    [undefined, undefined, "first argument must be { serviceAccountSlug, tokenSlug }"],
    [null, undefined, "first argument must be { serviceAccountSlug, tokenSlug }"],
    ["a/b", undefined, "first argument must be { serviceAccountSlug, tokenSlug }"],
    [{ tokenSlug: "b" }, undefined, "serviceAccountSlug must be a string"],
    [{ serviceAccountSlug: "a" }, undefined, "tokenSlug must be a string"],
    [REF, null, "options must be an object"],
    [REF, { timeout: 0 }, "timeout must be"],
    [REF, { retries: -1 }, "retries must be"],
    [REF, { signal: {} }, "signal must be an AbortSignal"],
    [REF, { force: true }, "There is no option force. There are: timeout, signal, retries."],
    [REF, { token: "x" }, "There is no option token"],
  ])("of %j with %j is refused by name, and nothing is sent", async (ref, options, fault) => {
    const { fetch, requests } = scripted(answer(204));
    const { tokens } = createKaitenClient({ baseUrl: BASE, token: TOKEN, fetch }).serviceAccounts;
    const error = await tokens.revoke(ref as never, options as never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain(fault);
    expect(requests).toEqual([]);
  });

  test.each([
    [undefined, undefined, "serviceAccountSlug must be a string, not undefined"],
    [REF, undefined, "serviceAccountSlug must be a string, not object"],
    ["a/b", undefined, "serviceAccountSlug has one of the characters"],
    ["ci-bot", null, "options must be an object"],
    ["ci-bot", { concurrency: 1 }, "There is no option concurrency"],
  ])("of get for %j with %j is refused by name, and nothing is sent", async (slug, options, fault) => {
    const { fetch, reads } = scripted();
    const { get } = createKaitenClient({ baseUrl: BASE, token: TOKEN, fetch }).serviceAccounts;
    const error = await get(slug as never, options as never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain(fault);
    expect(reads).toEqual([]);
  });

  test.each([
    [undefined, {}, "must be an iterable"],
    ["ab", {}, "must be an iterable"],
    [REF, {}, "must be an iterable"],
    [[], null, "options must be an object"],
    [[], { concurrency: 0 }, "concurrency must be a whole number from 1 to 256"],
    [[], { concurrency: 257 }, "concurrency must be"],
    [[], { onPace: 1 }, "onPace must be a function"],
    [[], { force: true }, "There is no option force"],
  ])("of revokeAll for %j with %j is refused by name, at once", (refs, options, fault) => {
    const { tokens } = createKaitenClient({ baseUrl: BASE, token: TOKEN }).serviceAccounts;
    expect(refusal(() => tokens.revokeAll(refs as never, options as never))).toContain(fault);
  });

  test("reads its slugs once: what was checked is what is sent", async () => {
    let read = 0;
    const ref = {
      serviceAccountSlug: "a",
      get tokenSlug() {
        return read++ ? ".." : "b";
      },
    };
    const { requests, result } = revoke(answer(204), { ref });
    await result;
    expect(requests.map(({ url }) => url)).toEqual([`${BASE}/service-accounts/a/tokens/b`]);
  });
});
