// What is kept of a thrown value, and what of it proves that nothing of the request was written. All else proves nothing.

import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { type ConnectFault, ProxyError, readCause } from "../../src/answer/cause.js";
import type { Secrets } from "../../src/answer/redact.js";

const SECRET = "ksh_0123456789abcdef";
const NONE: Secrets = { credentials: [], values: [] };
const SECRETS: Secrets = { credentials: [SECRET], values: ["a-header-that-is-secret"] };
const connectFault = (thrown: unknown) => readCause(thrown, NONE)?.fault;

const CODES: Record<ConnectFault, string[]> = {
  unreachable: ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EAI_NODATA", "UND_ERR_CONNECT_TIMEOUT"],
  expired: ["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"],
  "wrong-name": ["ERR_TLS_CERT_ALTNAME_INVALID", "HOSTNAME_MISMATCH"],
  untrusted: [
    ...["CERT_REVOKED", "UNABLE_TO_GET_ISSUER_CERT", "DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN"],
    ...["INVALID_CA", "INVALID_PURPOSE", "PATH_LENGTH_EXCEEDED"],
  ],
  "plain-http": ["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_PACKET_LENGTH_TOO_LONG"],
  proxy: ["ERR_PROXY", "UND_ERR_PRX_TLS"],
};
const ROWS = Object.entries(CODES).flatMap(([fault, codes]) => codes.map((code) => [code, fault]));

test.each(ROWS)("the code %s proves it: %s", (code, fault) => {
  expect(connectFault({ code })).toBe(fault);
});

test.each([
  ...ROWS.flatMap(([code]) => [`X_${code}`, `${code}-X`]),
  ...["EAI_", "CERT_", "ECONNRESET", "EPIPE", "ETIMEDOUT", "UND_ERR_SOCKET"],
  // A server can send an alert at any time.
  ...["ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", "EPROTO"],
])("the code %s does not", (code) => {
  expect(connectFault({ code })).toBeUndefined();
});

test("a proxy's refusal proves it, as the command's own error for it", () => {
  expect(connectFault(new TypeError("fetch failed", { cause: new ProxyError("403 Forbidden") }))).toBe("proxy");
});

test.each([
  ["getaddrinfo", true],
  ["connect", true],
  ["reconnect", false],
  ["connected", false],
  ["getaddrinfo2", false],
  ["read", false],
  ["write", false],
])("the system call %s: %s", (syscall, proven) => {
  expect(connectFault({ syscall, code: "ETIMEDOUT" })).toBe(proven ? "unreachable" : undefined);
});

test.each([
  ["bad port", true],
  ["a bad port", false],
])("the message %j: %s", (message, proven) => {
  expect(connectFault(new Error(message))).toBe(proven ? "unreachable" : undefined);
});

const refused = { code: "ECONNREFUSED" };
const lost = { code: "ECONNRESET" };
const within = (depth: number, inner: unknown): unknown => (depth === 0 ? inner : { cause: within(depth - 1, inner) });

describe("what is inside", () => {
  test.each<[string, unknown, boolean]>([
    ["a cause", within(1, refused), true],
    ["a cause, four deep", within(4, refused), true],
    ["a cause that is too deep", within(5, refused), false],
    ["no cause", { cause: null }, false],
    ["a cause that is a text", { cause: "ECONNREFUSED" }, false],
    ["all addresses", { errors: [refused, within(2, refused)] }, true],
    ["all addresses but one", { errors: [refused, lost] }, false],
    ["an address that failed without a word", { errors: [refused, null] }, false],
    ["addresses that are too deep", within(4, { errors: [refused] }), false],
    ["no addresses, but a cause", { errors: [], cause: refused }, true],
    ["addresses that are no list", { errors: "all", cause: refused }, true],
    ["all addresses, for more than one reason", { errors: [refused, { code: "CERT_HAS_EXPIRED" }] }, true],
    ["addresses and a cause: the addresses count", { errors: [lost], cause: refused }, false],
  ])("%s: %s", (_, thrown, proven) => {
    expect(connectFault(thrown)).toBe(proven ? "unreachable" : undefined);
  });

  test("an error that is among its own ends", () => {
    const round = { errors: [] as unknown[] };
    round.errors.push(round);
    expect(connectFault(round)).toBeUndefined();
  });
});

test.each([undefined, null, "ECONNREFUSED", 7, Object.create(null)])("%j proves nothing", (thrown) => {
  expect(connectFault(thrown)).toBeUndefined();
});

test("a value that throws when it is read proves nothing", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  expect(connectFault(proxy)).toBeUndefined();
});

const copyOf = (thrown: unknown, secrets = NONE) => readCause(thrown, secrets)?.error;

describe("a cause", () => {
  test("keeps name, message, code, stack and causes, without secrets and without other members", () => {
    const inner = Object.assign(new TypeError(`inner ${SECRET}`), { code: "E_INNER", request: { auth: SECRET } });
    const copy = copyOf(new Error("outer", { cause: inner }), SECRETS);
    expect(copy).toMatchObject({ name: "Error", message: "outer" });
    expect(copy?.stack).toContain("cause.test");
    expect(copy?.cause).toMatchObject({ name: "TypeError", message: "[credential]", code: "E_INNER" });
    expect(Object.keys(copy?.cause ?? {})).toEqual(["code"]);
    expect(inspect(copy, { depth: null, showHidden: true })).not.toContain(SECRET);
    expect(copyOf(new Error("of a-header-that-is-secret"), SECRETS)?.message).toBe("[credential]");
  });

  test("can be changed by its holder, as every error can", () => {
    const copy = copyOf(new Error("a"));
    expect(Object.getOwnPropertyDescriptor(copy, "stack")).toMatchObject({ writable: true, configurable: true });
  });

  test("is the first of the errors of an AggregateError", () => {
    expect(copyOf(new AggregateError([new Error("first"), new Error("second")]))?.cause).toMatchObject({
      message: "first",
    });
  });

  test("ends, also where it is its own cause", () => {
    const round = new Error("round");
    round.cause = round;
    expect(inspect(copyOf(round), { depth: null }).match(/\[cause\]/g)?.length).toBe(4);
  });

  test.each([
    ["a text", "thrown", "thrown"],
    ["null", null, "null"],
    ["a number", 7, "7"],
    ["an object", { a: 1 }, "a value that is not an Error was thrown"],
    ["an object whose message is no text", { message: 7 }, "a value that is not an Error was thrown"],
    ["an object without a prototype", Object.create(null), "a value that is not an Error was thrown"],
    ["an error of another realm", { name: "Error", message: "elsewhere" }, "elsewhere"],
  ])("may be %s", (_, thrown, message) => {
    expect(copyOf(thrown, SECRETS)?.message).toContain(message);
  });

  test("may throw when it is read", () => {
    const hostile = {
      get message(): string {
        throw new Error(SECRET);
      },
    };
    expect(copyOf(hostile, SECRETS)?.message).toBe("a value that cannot be read was thrown");
  });

  test("of undefined is undefined", () => {
    expect(copyOf(undefined)).toBeUndefined();
  });
});

describe("the words for a person", () => {
  const words = (thrown: unknown) => readCause(thrown, NONE)?.words;
  const openSsl = "8050:error:0A000126:SSL routines:ssl3_read_n:unexpected eof while reading:../deps/openssl.c:354:\n";
  test.each<[string, unknown, string]>([
    ["a message", new Error("broken"), "broken"],
    ["the innermost cause", new TypeError("fetch failed", { cause: new Error("closed") }), "closed"],
    ["a code that the message does not name", Object.assign(new Error("broken"), { code: "EPIPE" }), "broken (EPIPE)"],
    ["a system call", Object.assign(new Error("write EPIPE"), { code: "EPIPE", syscall: "write" }), "write EPIPE"],
    ["a cause without words", new Error("outer", { cause: new Error("") }), "outer"],
    ["a cause that is no Error", new TypeError("Failed to fetch", { cause: { type: "dns" } }), "Failed to fetch"],
    ["a cause that is null", new TypeError("Failed to fetch", { cause: null }), "Failed to fetch"],
    ["a cause that is a text", new TypeError("Failed to fetch", { cause: "no network" }), "no network"],
    [
      "a line of OpenSSL's: its code alone, without an address in memory and a line break",
      Object.assign(new Error(openSsl), { code: "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE" }),
      "TLS: sslv3 alert handshake failure (ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE)",
    ],
    [
      "a handshake that failed",
      Object.assign(new Error(`write EPROTO ${openSsl}`), { code: "EPROTO", syscall: "write" }),
      "TLS: handshake failure (EPROTO)",
    ],
  ])("%s", (_, thrown, says) => {
    expect(words(thrown)).toBe(says);
  });

  test("a line of OpenSSL's is not in the copy either", () => {
    const thrown = Object.assign(new Error(openSsl), { code: "EPROTO" });
    expect(inspect(copyOf(thrown), { showHidden: true })).not.toContain("openssl.c");
  });
});
