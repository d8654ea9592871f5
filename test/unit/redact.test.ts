// The credential is in nothing that a caller can see: not complete, not its beginning, not its end.
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { redact, redactHeaders, redactJson } from "../../src/answer/redact.js";
import { answer, page, problem, revoke, TOKEN } from "./fake-api.js";

const SECRET = "ksh_0123456789abcdef";

/** What the credentials are, and the values of headers that the caller set. */
const of = (credentials: readonly string[], values: readonly string[] = []) => ({ credentials, values });
const NONE = of([]);
const WITHHELD = "[credential]";

describe("a text", () => {
  test("is withheld whole where it repeats a credential, wherever it is", () => {
    for (const text of [SECRET, `a ${SECRET} b`, `${SECRET} and Bearer ${SECRET}, twice: ${SECRET}${SECRET}`]) {
      expect(redact(text, of([SECRET]))).toBe(WITHHELD);
    }
    expect(redact("the-second one", of(["the-first", "the-second"]))).toBe(WITHHELD);
  });

  test("is withheld where it has the beginning of a credential, which a cut may have left", () => {
    for (let length = 8; length < SECRET.length; length++) {
      expect(redact(`cut ${SECRET.slice(0, length)}`, of([SECRET]))).toBe(WITHHELD);
      expect(redact(`bad token '${SECRET.slice(0, length)}…'`, of([SECRET]))).toBe(WITHHELD);
    }
    expect(redact("cut ksh_012", of([SECRET]))).toBe("cut ksh_012");
  });

  test("is withheld where it has the end of a credential, of 16 characters or more", () => {
    for (let length = 16; length < SECRET.length; length++) {
      expect(redact(`without ksh_: ${SECRET.slice(-length)}`, of([SECRET]))).toBe(WITHHELD);
    }
    const long = "ksh_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    expect(redact(`it ends in ${long.slice(-16)}`, of([long]))).toBe(WITHHELD);
    const shorter = SECRET.slice(-15);
    expect(redact(`it ends in ${shorter}`, of([SECRET]))).toBe(`it ends in ${shorter}`);
  });

  test("keeps a credential of fewer than eight characters: it is part of ordinary words", () => {
    expect(redact("no tokens", of(["token"]))).toBe("no tokens");
    expect(redact("it is 1234567.", of(["1234567"]))).toBe("it is 1234567.");
    expect(redact("it is 12345678.", of(["12345678"]))).toBe(WITHHELD);
  });

  test("is withheld where it has the value of a header that the caller set, and only whole", () => {
    const value = "cf-access-0123456789";
    expect(redact(`got ${value}!`, of([], [value]))).toBe(WITHHELD);
    expect(redact(`got ${encodeURIComponent(`${value}=`)}`, of([], [`${value}=`]))).toBe(WITHHELD);
    expect(redact(`got ${value.slice(0, -1)}`, of([], [value]))).toBe(`got ${value.slice(0, -1)}`);
    expect(redact(`got ${value.slice(1)}`, of([], [value]))).toBe(`got ${value.slice(1)}`);
  });

  const hex = (character: string) => character.charCodeAt(0).toString(16);
  const each = (write: (character: string) => string) => (text: string) => text.replace(/[^\da-z]/gi, write);
  const WAYS: [string, (text: string) => string][] = [
    ["as it is", (text) => text],
    ["as a URL does", encodeURIComponent],
    ["as a URL does, in small letters", each((character) => `%${hex(character)}`)],
    ["as JSON does, its slashes escaped", (text) => text.replaceAll("/", "\\/")],
    ["as JSON does, in code units", each((character) => `\\u00${hex(character)}`)],
    ["as HTML does", each((character) => `&#x${hex(character).toUpperCase()};`)],
    ["as HTML does, padded", each((character) => `&#x00${hex(character)};`)],
    ["as HTML does, in decimals", each((character) => `&#${character.charCodeAt(0)};`)],
    ["as HTML does, in padded decimals", each((character) => `&#0${character.charCodeAt(0)};`)],
  ];

  test.each(WAYS)("is withheld where a credential is written %s, whole or its end", (_, write) => {
    for (const secret of ["ab/c+d.e~f-g_h==", "ksh_abcd1234/more+secret-stuff=="]) {
      const parts = [16, 17, 20, secret.length].map((length) => write(secret.slice(-length)));
      for (const part of [...parts, write(secret.slice(0, 12))]) {
        expect(redact(`<b>${part}</b>`, of([secret]))).toBe(WITHHELD);
        expect(redact(part, of([secret]))).toBe(WITHHELD);
      }
    }
  });

  test.each(WAYS)("is withheld where any credential is written %s, whatever stands around it", (_, write) => {
    // RFC 6750 §2.1. What looks like the beginning of an escape takes up to two characters along: the end is still there.
    const token = fc.stringMatching(/^[\w.~+/-]{18,30}={0,2}$/);
    const before = fc.oneof(
      fc.string(),
      fc.constantFrom("%", "%2", "\\", "\\u00", "\\u002", "&#", "&#x", "&#3", "ksh_"),
    );
    fc.assert(
      fc.property(token, token, before, fc.string(), (secret, other, begin, end) => {
        expect(redact(`${begin}${write(secret)}${end}`, of([other, secret]))).toBe(WITHHELD);
      }),
    );
  });

  test("keeps its escapes where no secret is behind them", () => {
    for (const text of ["/a%2Fb\\u0041 &#47; 50% and \\/", "$& $1 nothing", ""]) {
      expect(redact(text, of([SECRET], [`${SECRET}-value`]))).toBe(text);
    }
    expect(redact(SECRET, NONE)).toBe(SECRET);
  });

  test("is withheld where the first character of a credential ends what looks like an escape", () => {
    expect(redact("50%2Fabcdefgh-secret", of(["Fabcdefgh-secret"]))).toBe(WITHHELD);
  });
});

describe("parsed JSON", () => {
  test("loses secrets in values and in names, at any depth, and keeps the rest", () => {
    const value = { a: [SECRET, 1, null, true], [SECRET]: { deep: [{ x: `=${SECRET}` }] } };
    expect(redactJson(value, of([SECRET]))).toEqual({
      a: ["[credential]", 1, null, true],
      "[credential]": { deep: [{ x: "[credential]" }] },
    });
  });

  test("loses members that would change a prototype", () => {
    const copy = redactJson(JSON.parse('{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1},"b":2}}'), NONE);
    expect(copy).toEqual({ a: { b: 2 } });
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });

  test("is cut where it nests too deep", () => {
    const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`);
    expect(JSON.stringify(redactJson(deep, NONE))).toBe(`${"[".repeat(32)}"[nested too deep]"${"]".repeat(32)}`);
  });
});

test("a header whose name holds a secret, or its end, in lower case is left out", () => {
  const names = { [`x-${SECRET}`]: "1", other: "2", KSH_ABCDEFGH: "3", [`x-${SECRET.slice(-16)}`]: "4" };
  expect([...redactHeaders(new Headers(names), of([SECRET, "ksh_ABCDEFGH"]))]).toEqual([["other", "2"]]);
});

test("headers lose secrets", () => {
  const headers = redactHeaders(new Headers({ "X-Echo": `Bearer ${SECRET}`, "X-Other": "kept" }), of([SECRET]));
  expect([...headers]).toEqual([
    ["x-echo", "[credential]"],
    ["x-other", "kept"],
  ]);
});

describe("what a call ends with", () => {
  const sentBy = (init: RequestInit) => new Headers(init.headers).get("authorization")?.slice("Bearer ".length) ?? "";
  /** Whatever a person, a log or a debugger can see of it. */
  const shown = (...values: unknown[]) =>
    values.map((value) => inspect(value, { depth: null, showHidden: true }) + JSON.stringify(value)).join("");

  test.each<[string, (token: string) => Response | Error]>([
    ["in a problem", (token) => problem(401, { title: token, detail: `not ${token}`, code: token, [token]: [token] })],
    ["in a page", (token) => page(401, { "X-Echo": token, "Content-Type": `text/${token}`, "Kaiten-TraceId": token })],
    ["at the end of an excerpt", (token) => answer(401, `${token.slice(0, 8)}${" ".repeat(2021)}${token}`)],
    ["in the cause of a failed connection", (token) => new TypeError("failed", { cause: new Error(`of ${token}`) })],
  ])("has no credential, where the server repeats it %s", async (_, step) => {
    for (const part of [
      (token: string) => token,
      (token: string) => token.slice(0, 12),
      (token: string) => token.slice(4),
    ]) {
      const answers = async (init: RequestInit) => {
        const answer = step(part(sentBy(init)));
        if (answer instanceof Error) throw answer;
        return answer;
      };
      const { error, events } = revoke(answers, { client: { retries: 0 } });
      expect(shown(await error)).toMatch(/\[creden/);
      expect(shown(await error, (await error).stack, (await error).cause, events)).not.toContain(
        part(TOKEN).slice(0, 19),
      );
    }
  });

  test("has neither of two tokens that share a beginning, after a refresh", async () => {
    const header = "eyJhbGciOiJIUzI1NiJ9";
    const [first, second] = [`${header}.eyJzdWIiOiJhIn0.first`, `${header}.eyJzdWIiOiJhIn0.second-one`];
    const token = ({ rejected }: { rejected?: string }) => (rejected ? second : first);
    const both = async () => problem(401, { detail: `${first} ${second} ${second}${first}` });
    const { error, events } = revoke(both, { client: { token } });
    expect((await error).summary).toContain("401: [credential]. ");
    expect(shown(await error, events)).not.toMatch(/eyJ|first|second/);
  });
});
