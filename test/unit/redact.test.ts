// The credential is in nothing that a caller can see: not complete, not its beginning, not its end.
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { redact, redactHeaders, redactJson } from "../../src/answer/redact.js";
import { answer, page, problem, revoke, TOKEN } from "./fake-api.js";

const SECRET = "ksh_0123456789abcdef";

describe("a text", () => {
  test("loses every secret, wherever it is", () => {
    expect(redact(`${SECRET} and Bearer ${SECRET}, twice: ${SECRET}${SECRET}`, [SECRET])).not.toContain(SECRET);
    expect(redact(`a ${SECRET} b`, [SECRET])).toBe("a [credential] b");
    expect(redact("the-first the-second", ["the-first", "the-second"])).toBe("[credential] [credential]");
  });

  test("loses the beginning of a secret, which a cut may have left, wherever it is", () => {
    for (let length = 8; length < SECRET.length; length++) {
      expect(redact(`cut ${SECRET.slice(0, length)}`, [SECRET])).toBe("cut [credential]");
      expect(redact(`bad token '${SECRET.slice(0, length)}…'`, [SECRET])).toBe("bad token '[credential]…'");
    }
    expect(redact("cut ksh_012", [SECRET])).toBe("cut ksh_012");
  });

  test("loses the end of a secret, of 16 characters or more, wherever it is", () => {
    for (let length = 16; length < SECRET.length; length++) {
      const end = SECRET.slice(-length);
      expect(redact(`without ksh_: ${end}`, [SECRET])).toBe("without ksh_: [credential]");
      expect(redact(`bad token '…${end}'`, [SECRET])).toBe("bad token '…[credential]'");
    }
    const long = "ksh_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    expect(redact(`it ends in ${long.slice(-16)}`, [long])).toBe("it ends in [credential]");
    const doubled = "ksh_xaabcdefghijklmnop";
    expect(redact(`it ends in ${doubled.slice(-16)}`, [doubled])).toBe("it ends in [credential]");
    const shorter = SECRET.slice(-15);
    expect(redact(`it ends in ${shorter}`, [SECRET])).toBe(`it ends in ${shorter}`);
    const exact = SECRET.slice(-16);
    expect(redact(`it is ${exact}!`, [exact])).toBe("it is [credential]!");
  });

  test("keeps a secret of fewer than eight characters: it is part of ordinary words", () => {
    expect(redact("no tokens", ["token"])).toBe("no tokens");
    expect(redact("it is 1234567.", ["1234567"])).toBe("it is 1234567.");
    expect(redact("it is 12345678.", ["12345678"])).toBe("it is [credential].");
  });

  test("loses the longest of secrets that begin alike, in any order", () => {
    const header = "eyJhbGciOiJIUzI1NiJ9";
    const secrets = [`${header}.first`, `${header}.first-and-longer`, `${header}.second`];
    for (const known of [secrets, secrets.toReversed()]) {
      expect(redact(secrets.join(" "), known)).toBe("[credential] [credential] [credential]");
    }
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
  /** RFC 6750 §2.1 */
  const token = fc.stringMatching(/^[\w.~+/-]{8,30}={0,2}$/);

  test.each(WAYS)("loses a secret that is written %s, to its last character", (_, write) => {
    for (const secret of ["ab/c+d.e~f-g_h==", "ksh_abcd1234/more+secret-stuff=="]) {
      expect(redact(`<b>${write(secret)}</b>`, [secret])).toBe("<b>[credential]</b>");
      expect(redact(write(secret), [secret])).toBe("[credential]");
      expect(redact(`${write(secret)} and ${secret}`, [secret])).toBe("[credential] and [credential]");
      for (const open of ["%", "%2", "\\", "\\u00", "\\u002", "&#", "&#x", "&#x2", "&#3"]) {
        expect(redact(`${open}${write(secret)}!`, [secret])).toBe(`${open}[credential]!`);
      }
    }
    // Also behind what begins like it, or like another, and was cut off.
    const cut = fc.tuple(token, token, fc.nat(30), fc.nat(30), fc.boolean());
    fc.assert(
      fc.property(cut, ([secret, other, kept, more, swapped]) => {
        const before = secret.slice(0, kept) + other.slice(0, more);
        const secrets = swapped ? [other, secret] : [secret, other];
        expect(redact(`${before}${write(secret)}!`, secrets)).toMatch(/\[credential\]!$/);
      }),
    );
  });

  test.each(WAYS)("loses the end of a secret that is written %s", (_, write) => {
    for (const secret of ["ksh_ab/c+d.e~f-g_h/ijk==", "ksh_abcd1234/more+secret-stuff=="]) {
      for (const length of [16, 17, 20, secret.length - 1]) {
        const end = write(secret.slice(-length));
        expect(redact(end, [secret])).toBe("[credential]");
        expect(redact(`<b>${end}</b> and ${secret}`, [secret])).toBe("<b>[credential]</b> and [credential]");
      }
    }
  });

  test("keeps its escapes where no secret is behind them", () => {
    expect(redact("/a%2Fb\\u0041 &#47; 50% and \\/", [SECRET])).toBe("/a%2Fb\\u0041 &#47; 50% and \\/");
    expect(redact(`%3C/a%2Fb ${SECRET}%3E`, [SECRET])).toBe("%3C/a%2Fb [credential]%3E");
  });

  test("loses a secret whose first character ends what looks like an escape", () => {
    expect(redact("50%2Fabcdefgh-secret", ["Fabcdefgh-secret"])).toBe("50%2[credential]");
  });

  test("loses a secret behind its own beginning", () => {
    expect(redact("ksh_abcksh_abck-rest", ["ksh_abck-rest"])).toBe("[credential]");
    expect(redact("ksh_AAAAAksh_BBBBBBBBB", ["ksh_AAAAAksh_", "ksh_BBBBBBBBB"])).toBe("[credential]");
  });

  test("loses a secret whose end is the beginning of another, and one that repeats itself", () => {
    expect(redact("0123456789abcdef-other!", ["0123456789abcdef", "abcdef-other"])).toBe("[credential]!");
    expect(redact(`${"ab".repeat(15)}!`, ["ab".repeat(12)])).toBe("[credential]!");
  });

  test("never holds a secret, its beginning or its end, whatever stands around it", () => {
    const secret = fc.stringMatching(/^[ab]{8,20}$/);
    const part = fc.tuple(secret, fc.nat(20), fc.nat(20)).map(([text, from, to]) => text.slice(from, to));
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 3 }), fc.array(part), (secrets, around) => {
        const clean = redact([...around, ...secrets, ...around].join(""), secrets).replaceAll("[credential]", "|");
        for (const one of secrets) {
          expect(clean).not.toContain(one.slice(0, 8));
          if (one.length >= 16) expect(clean).not.toContain(one.slice(-16));
        }
      }),
    );
  });

  test("is left as it is where there is no secret", () => {
    expect(redact("$& $1 nothing", [SECRET])).toBe("$& $1 nothing");
    expect(redact(SECRET, [])).toBe(SECRET);
  });
});

describe("parsed JSON", () => {
  test("loses secrets in values and in names, at any depth, and keeps the rest", () => {
    const value = { a: [SECRET, 1, null, true], [SECRET]: { deep: [{ x: `=${SECRET}` }] } };
    expect(redactJson(value, [SECRET])).toEqual({
      a: ["[credential]", 1, null, true],
      "[credential]": { deep: [{ x: "=[credential]" }] },
    });
  });

  test("loses members that would change a prototype", () => {
    const copy = redactJson(JSON.parse('{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1},"b":2}}'), []);
    expect(copy).toEqual({ a: { b: 2 } });
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });

  test("is cut where it nests too deep", () => {
    const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`);
    expect(JSON.stringify(redactJson(deep, []))).toBe(`${"[".repeat(32)}"[nested too deep]"${"]".repeat(32)}`);
  });
});

test("a header whose name holds a secret, or its end, in lower case is left out", () => {
  const names = { [`x-${SECRET}`]: "1", other: "2", KSH_ABCDEFGH: "3", [`x-${SECRET.slice(-16)}`]: "4" };
  expect([...redactHeaders(new Headers(names), [SECRET, "ksh_ABCDEFGH"])]).toEqual([["other", "2"]]);
});

test("headers lose secrets", () => {
  const headers = redactHeaders(new Headers({ "X-Echo": `Bearer ${SECRET}`, "X-Other": "kept" }), [SECRET]);
  expect([...headers]).toEqual([
    ["x-echo", "Bearer [credential]"],
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
    expect((await error).summary).toContain("401: [credential] [credential] [credential][credential]. ");
    expect(shown(await error, events)).not.toMatch(/eyJ|first|second/);
  });
});
