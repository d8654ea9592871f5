// What of a thrown value proves that no byte of the request was written. All else proves nothing.
import { describe, expect, test } from "vitest";
import { wasNeverSent } from "../../src/call/unsent.js";

const CODES = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_NODATA",
  "UND_ERR_CONNECT_TIMEOUT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "CERT_HAS_EXPIRED",
  "UNABLE_TO_GET_ISSUER_CERT",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "PATH_LENGTH_EXCEEDED",
];

test.each(CODES)("the code %s proves it", (code) => {
  expect(wasNeverSent({ code })).toBe(true);
});

test.each([...CODES.map((code) => `X_${code}`), ...CODES.map((code) => `${code}-X`), "EAI_", "CERT_", "ECONNRESET"])(
  "the code %s does not",
  (code) => {
    expect(wasNeverSent({ code })).toBe(false);
  },
);

test.each([
  ["getaddrinfo", true],
  ["connect", true],
  ["reconnect", false],
  ["connected", false],
  ["getaddrinfo2", false],
  ["read", false],
  ["write", false],
])("the system call %s: %s", (syscall, proven) => {
  expect(wasNeverSent({ syscall, code: "ETIMEDOUT" })).toBe(proven);
});

test.each([
  ["bad port", true],
  ["a bad port", false],
])("the message %j: %s", (message, proven) => {
  expect(wasNeverSent(new Error(message))).toBe(proven);
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
    ["addresses and a cause: the addresses count", { errors: [lost], cause: refused }, false],
  ])("%s: %s", (_, thrown, proven) => {
    expect(wasNeverSent(thrown)).toBe(proven);
  });

  test("an error that is among its own ends", () => {
    const round = { errors: [] as unknown[] };
    round.errors.push(round);
    expect(wasNeverSent(round)).toBe(false);
  });
});

test.each([undefined, null, "ECONNREFUSED", 7, Object.create(null)])("%j proves nothing", (thrown) => {
  expect(wasNeverSent(thrown)).toBe(false);
});

test("what throws when it is looked at proves nothing", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  expect(wasNeverSent(proxy)).toBe(false);
});
