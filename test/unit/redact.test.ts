// The credential is in nothing that a caller can see: not complete, not its beginning, not its end. A text that repeats one
// is withheld whole.
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { redact, redactHeaders, redactJson } from "../../src/answer/redact.js";
import { answer, page, problem, revoke, type Step, TOKEN, unreadable } from "./fake-api.js";

const SECRET = "ksh_0123456789abcdef";
const MARK = "[credential]";

const without = (text: string, ...credentials: string[]) => redact(text, { credentials, values: [] });

describe("a text is withheld", () => {
  test("where it holds a credential, or one of several", () => {
    expect(without(`a ${SECRET} b`, SECRET)).toBe(MARK);
    expect(without("it is the-second", "the-first", "the-second")).toBe(MARK);
  });

  test("where it holds the beginning of one, of 8 characters or more, which a cut may have left", () => {
    for (let length = 8; length < SECRET.length; length++) {
      expect(without(`bad token '${SECRET.slice(0, length)}…'`, SECRET)).toBe(MARK);
    }
    expect(without("cut ksh_012", SECRET)).toBe("cut ksh_012");
  });

  test("where it holds the end of one, of 16 characters or more", () => {
    for (let length = 16; length < SECRET.length; length++) {
      expect(without(`bad token '…${SECRET.slice(-length)}'`, SECRET)).toBe(MARK);
    }
    const shorter = SECRET.slice(-15);
    expect(without(`it ends in ${shorter}`, SECRET)).toBe(`it ends in ${shorter}`);
  });

  test("but not for a credential of fewer than eight characters: it is part of ordinary words", () => {
    expect(without("it is 1234567.", "1234567")).toBe("it is 1234567.");
    expect(without("it is 12345678.", "12345678")).toBe(MARK);
  });

  test("by patterns that are made once: a record of 16 MiB can have a million texts that could be escaped", () => {
    let made = 0;
    const counting = class extends RegExp {
      constructor(pattern: string | RegExp, flags?: string) {
        super(pattern, flags);
        made++;
      }
    };
    vi.stubGlobal("RegExp", counting);
    const texts = [...Array(1_000).fill("50% of it"), SECRET.replace("_", "%5F")];
    const clean = redactJson(texts, { credentials: [SECRET], values: [] });
    vi.unstubAllGlobals();
    expect(clean).toEqual([...texts.slice(0, -1), MARK]);
    expect(made).toBe(2);
  });

  test("where it holds the value of a header that the caller set, and only the whole of it", () => {
    const values = ["application-secret-1"];
    expect(redact("of application-secret-1!", { credentials: [], values })).toBe(MARK);
    expect(redact("of application-secret", { credentials: [], values })).toBe("of application-secret");
  });

  test("and not where there is no secret", () => {
    expect(without("/a%2Fb\\u0041 &#47; 50% and \\/ $& $1", SECRET)).toBe("/a%2Fb\\u0041 &#47; 50% and \\/ $& $1");
    expect(without(SECRET)).toBe(SECRET);
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

  test.each(WAYS)("where a credential is written %s: all of it, its beginning or its end", (_, write) => {
    for (const secret of ["ksh_ab/c+d.e~f-g_h/ijk==", "ksh_abcd1234/more+secret-stuff=="]) {
      for (const part of [secret, secret.slice(0, 8), secret.slice(-16), secret.slice(-20)]) {
        for (const open of ["", "<b>", "%", "%2", "\\", "\\u00", "&#", "&#x2", "&#3"]) {
          expect(without(`${open}${write(part)}</b>`, secret)).toBe(MARK);
        }
      }
    }
    // Also behind what begins like it, or like another, and was cut off.
    const cut = fc.tuple(token, token, fc.nat(30), fc.nat(30));
    fc.assert(
      fc.property(cut, ([secret, other, kept, more]) => {
        expect(without(secret.slice(0, kept) + other.slice(0, more) + write(secret), other, secret)).toBe(MARK);
      }),
    );
  });
});

describe("parsed JSON", () => {
  const clean = (value: unknown) => redactJson(value, { credentials: [SECRET], values: [] });

  test("loses texts with secrets, as values and as names, at any depth, and keeps the rest", () => {
    expect(clean({ a: [SECRET, 1, null, true], [SECRET]: { deep: [{ x: `=${SECRET}` }] } })).toEqual({
      a: [MARK, 1, null, true],
      [MARK]: { deep: [{ x: MARK }] },
    });
  });

  test("loses members that would change a prototype", () => {
    const copy = clean(JSON.parse('{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1},"b":2}}'));
    expect(copy).toEqual({ a: { b: 2 } });
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });

  test("is cut where it nests too deep", () => {
    const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`);
    expect(JSON.stringify(clean(deep))).toBe(`${"[".repeat(32)}"[nested too deep]"${"]".repeat(32)}`);
  });
});

test("headers lose values with secrets; one whose name holds a secret, in lower case, is left out", () => {
  const secrets = { credentials: [SECRET, "ksh_ABCDEFGH"], values: ["Gateway-Secret-0001"] };
  const names = {
    ...{ [`x-${SECRET}`]: "1", KSH_ABCDEFGH: "2", [`x-${SECRET.slice(-16)}`]: "3", "x-gateway-secret-0001": "4" },
    ...{ "x-echo": `Bearer ${SECRET}`, "x-gateway": "of Gateway-Secret-0001", other: "kept" },
  };
  expect(Object.fromEntries(redactHeaders(new Headers(names), secrets))).toEqual({
    ...{ other: "kept", "x-echo": MARK, "x-gateway": MARK },
  });
});

describe("what a call ends with", () => {
  const sentBy = (init: RequestInit) => new Headers(init.headers).get("authorization")?.slice("Bearer ".length) ?? "";
  /** Whatever a person, a log or a debugger can see of it. */
  const shown = (...values: unknown[]) =>
    values.map((value) => inspect(value, { depth: null, showHidden: true }) + JSON.stringify(value)).join("");

  const PLACES: [string, (text: string) => Response | Error][] = [
    ["in a problem", (text) => problem(422, { title: text, detail: `not ${text}`, code: text, [text]: [text] })],
    ["in a page", (text) => page(422, { "X-Echo": text, "Content-Type": `text/${text}`, "Kaiten-TraceId": text })],
    ["in the title of a page", (text) => answer(422, `<title>${text}</title>`, { "Content-Type": "text/html" })],
    ["at the end of an excerpt", (text) => answer(422, `${text.slice(0, 8)}${" ".repeat(2021)}${text}`)],
    ["in the cause of a failed connection", (text) => new TypeError("failed", { cause: new Error(`of ${text}`) })],
  ];

  test.each(PLACES)("has no credential, where the server repeats it %s", async (_, step) => {
    for (const part of [TOKEN, TOKEN.slice(0, 12), TOKEN.slice(4)]) {
      const answers: Step = async (init) => {
        expect(sentBy(init)).toBe(TOKEN);
        const answer = step(part);
        if (answer instanceof Error) throw answer;
        return answer;
      };
      // Once for the attempt, once for the record.
      for (const [steps, record] of [
        [answers, unreadable()],
        [problem(422), answers],
      ] as const) {
        const { error, events, readEvents } = revoke(steps, { client: { retries: 0 }, record });
        const all = shown(await error, (await error).stack, (await error).cause, events, readEvents);
        if (steps === answers) expect(all).toContain(MARK);
        expect(all).not.toContain(part.slice(0, 19));
      }
    }
  });

  test.each(PLACES)("has no secret header, where the server repeats it %s", async (_, step) => {
    const secret = "gateway-secret-9876543210";
    const client = { retries: 0, headers: { "CF-Access-Client-Secret": secret, "x-short": "fifteen-letters" } };
    const { error, events, readEvents } = revoke(step(`${secret} fifteen-letters`), { client });
    const all = shown(await error, (await error).stack, (await error).cause, events, readEvents);
    expect(all).toContain(MARK);
    expect(all).not.toContain(secret);
    // A shorter value is an ordinary word.
    const word = revoke(problem(422, { title: "fifteen-letters" }), { client });
    expect((await word.error).message).toContain("fifteen-letters");
  });

  test("has neither of two tokens that share a beginning, after a refresh", async () => {
    const header = "eyJhbGciOiJIUzI1NiJ9";
    const [first, second] = [`${header}.eyJzdWIiOiJhIn0.first`, `${header}.eyJzdWIiOiJhIn0.second-one`];
    const token = ({ rejected }: { rejected?: string }) => (rejected ? second : first);
    const both = async () => problem(401, { detail: `${first} ${second}`, title: second.slice(-16) });
    const { error, events } = revoke(both, { client: { token } });
    expect((await error).summary).toContain("401 [credential]: [credential]. ");
    expect(shown(await error, events)).not.toMatch(/eyJ|first|second/);
  });
});
