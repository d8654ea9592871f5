// What is kept of a thrown value, and what of it proves that nothing of the request was written. All else proves nothing.

import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { type ConnectFault, readCause } from "../../src/answer/cause.js";

const SECRET = "ksh_0123456789abcdef";
const NONE = { credentials: [], values: [] };
const connectFault = (thrown: unknown) => readCause(thrown, NONE)?.fault;

const CODES: Record<ConnectFault, string[]> = {
  unreachable: ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EAI_NODATA", "UND_ERR_CONNECT_TIMEOUT"],
  expired: ["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"],
  "wrong-name": ["ERR_TLS_CERT_ALTNAME_INVALID", "HOSTNAME_MISMATCH"],
  proxy: ["ERR_PROXY", "UND_ERR_PRX_TLS"],
  untrusted: [
    "UNABLE_TO_GET_ISSUER_CERT",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "CERT_REVOKED",
    "INVALID_CA",
    "INVALID_PURPOSE",
    "PATH_LENGTH_EXCEEDED",
  ],
  "plain-http": ["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_PACKET_LENGTH_TOO_LONG"],
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

const copyOf = (thrown: unknown, secrets: string[]) => readCause(thrown, { credentials: secrets, values: [] })?.error;

describe("a cause", () => {
  test("keeps name, message, code, stack and causes, without secrets and without other members", () => {
    const inner = Object.assign(new TypeError(`inner ${SECRET}`), { code: "E_INNER", request: { auth: SECRET } });
    const copy = copyOf(new Error(`outer ${SECRET}`, { cause: inner }), [SECRET]);
    expect(copy).toMatchObject({ name: "Error", message: "[credential]" });
    expect(copy?.cause).toMatchObject({ name: "TypeError", message: "[credential]", code: "E_INNER" });
    expect(Object.keys(copy?.cause ?? {})).toEqual(["code"]);
    expect(copy?.stack).toBe("[credential]");
    expect(copyOf(new Error("outer"), [SECRET])?.stack).toContain("cause.test");
    expect(inspect(copy, { depth: null, showHidden: true })).not.toContain(SECRET);
  });

  test("can be changed by its holder, as every error can", () => {
    const copy = copyOf(new Error("a"), []);
    expect(Object.getOwnPropertyDescriptor(copy, "stack")).toMatchObject({ writable: true, configurable: true });
  });

  test("is the first of the errors of an AggregateError", () => {
    expect(copyOf(new AggregateError([new Error("first"), new Error("second")]), [])?.cause).toMatchObject({
      message: "first",
    });
  });

  test("ends, also where it is its own cause", () => {
    const round = new Error("round");
    round.cause = round;
    expect(inspect(copyOf(round, []), { depth: null }).match(/\[cause\]/g)?.length).toBe(4);
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
    expect(copyOf(thrown, [SECRET])?.message).toContain(message);
  });

  test("may throw when it is read", () => {
    const hostile = {
      get message(): string {
        throw new Error(SECRET);
      },
    };
    expect(copyOf(hostile, [SECRET])?.message).toBe("a value that cannot be read was thrown");
  });

  test("of undefined is undefined", () => {
    expect(copyOf(undefined, [])).toBeUndefined();
  });
});
