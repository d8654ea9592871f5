// What of a thrown value proves that nothing of the request was written. All else proves nothing.
import { describe, expect, test } from "vitest";
import { type ConnectFault, connectFault } from "../../src/call/unsent.js";

const CODES: Record<ConnectFault, string[]> = {
  unreachable: ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EAI_NODATA", "UND_ERR_CONNECT_TIMEOUT"],
  certificate: [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "CERT_HAS_EXPIRED",
    "UNABLE_TO_GET_ISSUER_CERT",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "HOSTNAME_MISMATCH",
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
    ["a cause, three deep", within(3, refused), true],
    ["a cause that is too deep", within(4, refused), false],
    ["no cause", { cause: null }, false],
    ["a cause that is a text", { cause: "ECONNREFUSED" }, false],
    ["all addresses", { errors: [refused, within(2, refused)] }, true],
    ["all addresses but one", { errors: [refused, lost] }, false],
    ["an address that failed without a word", { errors: [refused, null] }, false],
    ["addresses that are too deep", within(3, { errors: [refused] }), false],
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
