// The credential is in nothing that a caller can see.
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { redact, redactCause, redactHeaders, redactJson } from "../../src/call/redact.js";

const SECRET = "ksh_0123456789abcdef";

describe("a text", () => {
  test("loses every secret, wherever it is", () => {
    expect(redact(`${SECRET} and Bearer ${SECRET}, twice: ${SECRET}${SECRET}`, [SECRET])).not.toContain(SECRET);
    expect(redact(`a ${SECRET} b`, [SECRET])).toBe("a [credential] b");
    expect(redact("first second", ["first", "second"])).toBe("[credential] [credential]");
  });

  test("loses the beginning of a secret, which a cut may have left, wherever it is", () => {
    for (let length = 8; length < SECRET.length; length++) {
      expect(redact(`cut ${SECRET.slice(0, length)}`, [SECRET])).toBe("cut [credential]");
      expect(redact(`bad token '${SECRET.slice(0, length)}…'`, [SECRET])).toBe("bad token '[credential]…'");
    }
    expect(redact("cut ksh_012", [SECRET])).toBe("cut ksh_012");
  });

  test("loses a whole secret that is short", () => {
    expect(redact("it is abc.", ["abc"])).toBe("it is [credential].");
    expect(redact("it is ab.", ["abc"])).toBe("it is ab.");
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
  const token = fc.stringMatching(/^[\w.~+/-]{1,30}={0,2}$/);

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

  test("never holds a secret, whatever stands around it", () => {
    const secret = fc.stringMatching(/^[ab]{1,12}$/);
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 3 }), fc.array(secret), (secrets, around) => {
        const clean = redact([...around, ...secrets, ...around].join(""), secrets);
        for (const one of secrets) expect(clean.replaceAll("[credential]", "|")).not.toContain(one);
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

test("a header whose name holds a secret, as names are written, is left out", () => {
  const headers = new Headers({ [`x-${SECRET}`]: "1", other: "2", KSH_ABCDEFGH: "3" });
  expect([...redactHeaders(headers, [SECRET, "ksh_ABCDEFGH"])]).toEqual([["other", "2"]]);
});

test("headers lose secrets", () => {
  const headers = redactHeaders(new Headers({ "X-Echo": `Bearer ${SECRET}`, "X-Other": "kept" }), [SECRET]);
  expect([...headers]).toEqual([
    ["x-echo", "Bearer [credential]"],
    ["x-other", "kept"],
  ]);
});

describe("a cause", () => {
  test("keeps name, message, code, stack and causes, without secrets and without other members", () => {
    const inner = Object.assign(new TypeError(`inner ${SECRET}`), { code: "E_INNER", request: { auth: SECRET } });
    const copy = redactCause(new Error(`outer ${SECRET}`, { cause: inner }), [SECRET]);
    expect(copy).toMatchObject({ name: "Error", message: "outer [credential]" });
    expect(copy?.cause).toMatchObject({ name: "TypeError", message: "inner [credential]", code: "E_INNER" });
    expect(Object.keys(copy?.cause ?? {})).toEqual(["code"]);
    expect(copy?.stack).toContain("redact.test");
    expect(inspect(copy, { depth: null, showHidden: true })).not.toContain(SECRET);
  });

  test("can be changed by who has it, as every error can", () => {
    const copy = redactCause(new Error("a"), []);
    expect(Object.getOwnPropertyDescriptor(copy, "stack")).toMatchObject({ writable: true, configurable: true });
  });

  test("is the first of the errors of an AggregateError", () => {
    expect(redactCause(new AggregateError([new Error("first"), new Error("second")]), [])?.cause).toMatchObject({
      message: "first",
    });
  });

  test("ends, also where it is its own cause", () => {
    const round = new Error("round");
    round.cause = round;
    expect(inspect(redactCause(round, []), { depth: null }).match(/\[cause\]/g)?.length).toBe(4);
  });

  test.each([
    ["a text", "thrown", "thrown"],
    ["null", null, "null"],
    ["a number", 7, "7"],
    ["an object", { a: 1 }, "no error"],
    ["an object whose message is no text", { message: 7 }, "no error"],
    ["an object without a prototype", Object.create(null), "no error"],
    ["an error of another realm", { name: "Error", message: "elsewhere" }, "elsewhere"],
  ])("may be %s", (_, thrown, message) => {
    expect(redactCause(thrown, [SECRET])?.message).toContain(message);
  });

  test("may refuse to be looked at", () => {
    const hostile = {
      get message(): string {
        throw new Error(SECRET);
      },
    };
    expect(redactCause(hostile, [SECRET])?.message).toBe("something was thrown that cannot be described");
  });

  test("of nothing is nothing", () => {
    expect(redactCause(undefined, [])).toBeUndefined();
  });
});
