// What is said of a credential, and what is not.
import { expect, describe as group, test, vi } from "vitest";
import { describe, hasExpired } from "../../../src/cli/credential.js";

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: object) => `${part({ alg: "RS256" })}.${part(claims)}.c2lnbmF0dXJl`;
const credential = (secret: string) => ({ secret, source: "KAITEN_AUTH_TOKEN", token: secret });

group("a JWT", () => {
  test("is described by its subject, its organization and its expiry alone", () => {
    const claims = { iss: "x", sub: "alice", organization: { id: 7 }, "https://k/orgId": "acme", exp: 1767225600 };
    expect(describe(credential(jwt(claims)))).toBe(
      'JWT, sub alice, organization {"id":7}, https://k/orgId acme, expires 2026-01-01T00:00:00.000Z',
    );
  });

  test("without such claims is only named", () => {
    expect(describe(credential(jwt({ iss: "x" })))).toBe("JWT");
  });

  test("expires by the clock of this machine", () => {
    vi.useFakeTimers({ now: 1_000_000 });
    expect(hasExpired(credential(jwt({ exp: 1_000 })))).toBe(true);
    expect(hasExpired(credential(jwt({ exp: 1_001 })))).toBe(false);
    expect(hasExpired(credential(jwt({})))).toBe(false);
    vi.useRealTimers();
  });

  test("with a date that no calendar has is described without it", () => {
    expect(describe(credential(jwt({ sub: "alice", exp: 1e300 })))).toBe("JWT, sub alice");
  });
});

test("an access token is not shown at all, and does not expire", () => {
  expect(describe(credential("ksh_0123456789"))).toBe("access token from KAITEN_AUTH_TOKEN");
  expect(hasExpired(credential("ksh_0123456789"))).toBe(false);
});
