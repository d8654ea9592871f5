// Where the credential comes from, and what is said of it.
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, describe as group, onTestFinished, test, vi } from "vitest";
import { describe, hasExpired, readCredential } from "../../../src/cli/credential.js";
import { ask, canAsk } from "../../../src/cli/ui/question.js";
import { UsageError } from "../../../src/cli/usage-error.js";
import type { TokenProvider } from "../../../src/index.js";

vi.mock("../../../src/cli/ui/question.js");
vi.mock("node:fs", { spy: true });

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
    expect(describe(credential(jwt({ sub: "alice", exp: "5" })))).toBe("JWT, sub alice");
    const last = "JWT, sub alice, expires +275760-09-13T00:00:00.000Z";
    expect(describe(credential(jwt({ sub: "alice", exp: 8.64e12 })))).toBe(last);
  });
});

test("an access token is not shown at all, and does not expire", () => {
  expect(describe(credential("ksh_0123456789"))).toBe("access token from KAITEN_AUTH_TOKEN");
  expect(hasExpired(credential("ksh_0123456789"))).toBe(false);
});

group("a credential is read", () => {
  afterEach(() => void vi.unstubAllEnvs());

  function makeFile(content: string): string {
    const folder = fs.mkdtempSync(join(tmpdir(), "kaiten-credential-"));
    onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "credential");
    fs.writeFileSync(file, content);
    return file;
  }
  const refusal = async (tokenFile?: string) => {
    const error: unknown = await readCredential(tokenFile, false).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  };

  test("from the environment, without the white space around it", async () => {
    vi.stubEnv("KAITEN_AUTH_TOKEN", " ksh_0123456789\n");
    const credential = { secret: "ksh_0123456789", source: "KAITEN_AUTH_TOKEN", token: "ksh_0123456789" };
    expect(await readCredential(undefined, false)).toEqual(credential);
    expect(await readCredential(undefined, true)).toEqual(credential);
  });

  test("from a file rather than from the environment, and again when it was refused", async () => {
    vi.stubEnv("KAITEN_AUTH_TOKEN", "ksh_of-the-environment");
    const file = makeFile("ksh_0123456789\n");
    const { secret, source, token } = await readCredential(file, false);
    expect({ secret, source }).toEqual({ secret: "ksh_0123456789", source: "--token-file" });
    const ask = (rejected?: string) => (token as TokenProvider)({ rejected, signal: new AbortController().signal });
    fs.writeFileSync(file, "ksh_9876543210\n");
    expect(ask()).toBe("ksh_0123456789");
    expect(ask("ksh_0123456789")).toBe("ksh_9876543210");
    expect(ask()).toBe("ksh_9876543210");
  });

  test("a second time only where it is of the same user, as far as it says", async () => {
    const alice = jwt({ sub: "alice", exp: 1 });
    const file = makeFile(alice);
    const { token } = await readCredential(file, false);
    const ask = () => (token as TokenProvider)({ rejected: alice, signal: new AbortController().signal });
    const later = jwt({ sub: "alice", exp: 2 });
    fs.writeFileSync(file, later);
    expect(ask()).toBe(later);
    for (const another of [jwt({ sub: "bob", exp: 2 }), "ksh_0123456789"]) {
      fs.writeFileSync(file, another);
      expect(ask).toThrow(
        new UsageError(
          "The file of --token-file now has the credential of another user or organization. Nothing more is sent with it. Restore the first one and run the same command again.",
        ),
      );
    }
  });

  test("not where there is none, and then the message says how to give one", async () => {
    for (const nothing of [undefined, ""]) {
      vi.stubEnv("KAITEN_AUTH_TOKEN", nothing);
      expect(await refusal()).toBe("There is no credential: set KAITEN_AUTH_TOKEN, or pass --token-file PATH.");
    }
  });

  test("not where it cannot be sent, or the file cannot be read: the message shows neither of them", async () => {
    vi.stubEnv("KAITEN_AUTH_TOKEN", "Bearer ksh_0123456789");
    expect(await refusal()).toBe(
      "The credential from KAITEN_AUTH_TOKEN begins with the word Bearer: pass the token alone.",
    );
    expect(await refusal(makeFile(" \n"))).toBe("The credential from --token-file is empty.");
    expect(await refusal("ksh_pasted-by-mistake")).toBe(
      "Cannot read the file of --token-file (ENOENT). It must contain the credential.",
    );
  });

  test("from a person, hidden, where there is a terminal and it may ask", async () => {
    vi.stubEnv("KAITEN_AUTH_TOKEN", undefined);
    vi.mocked(ask).mockResolvedValue(" ksh_0123456789 ");
    vi.mocked(canAsk).mockReturnValue(true);
    const credential = { secret: "ksh_0123456789", source: "the prompt", token: "ksh_0123456789" };
    expect(await readCredential(undefined, true)).toEqual(credential);
    expect(vi.mocked(ask).mock.calls).toEqual([["Credential (hidden): ", { hidden: true }]]);
    const nothing = "There is no credential: set KAITEN_AUTH_TOKEN, or pass --token-file PATH.";
    await expect(readCredential(undefined, false)).rejects.toThrow(nothing);
    vi.mocked(canAsk).mockReturnValue(false);
    await expect(readCredential(undefined, true)).rejects.toThrow(nothing);
  });

  test("from standard input or a pipe once: neither can be read again", async () => {
    const given = vi.mocked(fs.readFileSync).mockReturnValue("ksh_0123456789\n");
    onTestFinished(() => void given.mockReset());
    for (const [path, source] of [
      ["-", "standard input"],
      ["/dev/null", "--token-file"],
    ] as const) {
      expect(await readCredential(path, false)).toEqual({ secret: "ksh_0123456789", source, token: "ksh_0123456789" });
    }
    expect(given.mock.calls.slice(-2)).toEqual([
      [0, "utf8"],
      ["/dev/null", "utf8"],
    ]);
  });
});
