// What may be sent as a bearer token, and what must never stand where a name belongs.
import { describe, expect, test } from "vitest";
import { createKaitenClient } from "../../src/index.js";
import { looksSecret, tokenFault } from "../../src/secret.js";
import { absent, BASE, scripted, TOKEN } from "./fake-api.js";

const KIND = "is another kind of secret (ksm_…, kst_… or whsec_…), which this API does not accept";
const BAD = "has characters that no bearer token has (RFC 6750 §2.1)";

const REFUSED: [unknown, string][] = [
  [undefined, "is of type undefined, not a string"],
  [null, "is null, not a string"],
  [7, "is of type number, not a string"],
  ["", "is empty"],
  ["undefined", 'is the text "undefined": a variable was not set'],
  ["null", 'is the text "null": a variable was not set'],
  [`Bearer ${TOKEN}`, "begins with the word Bearer: pass the token alone"],
  [`bearer\t${TOKEN}`, "begins with the word Bearer: pass the token alone"],
  [`${TOKEN}\n`, "has white space around it: trim it"],
  [` ${TOKEN}`, "has white space around it: trim it"],
  [`"${TOKEN}"`, "is in quotes: remove them"],
  [`'${TOKEN}'`, "is in quotes: remove them"],
  [`"${TOKEN}"x`, BAD],
  [`x"${TOKEN}"`, BAD],
  [TOKEN.replace("ksh_", "ksm_"), KIND],
  [TOKEN.replace("ksh_", "kst_"), KIND],
  [TOKEN.replace("ksh_", "whsec_"), KIND],
  [TOKEN.replace("ksh_", "pk_"), "is a public key (pk_…), which is no secret and which this API does not accept"],
  [`${TOKEN} ${TOKEN}`, BAD],
  ["tökën-0123456789", BAD],
  ["a=b", BAD],
  ["====", BAD],
];

test.each(REFUSED)("%j cannot be sent, and is not shown", (token, fault) => {
  expect(tokenFault(token)).toBe(fault);
  expect(fault).not.toContain("0123456789");
});

test.each(["a", "eyJhbGciOiJIUzI1NiJ9.e30.-_", "ksh_abc", "a-._~+/9==", "a-ksm_b", "undefined1", "Bearer"])(
  "%s can be sent",
  (token) => {
    expect(tokenFault(token)).toBeUndefined();
  },
);

describe("where a token is taken, the fault is said and nothing is sent", () => {
  test("as the option of a client", () => {
    const create = () => createKaitenClient({ baseUrl: BASE, token: TOKEN.replace("ksh_", "kst_") });
    expect(create).toThrow(`The option token ${KIND}.`);
  });

  test.each(REFUSED)("as the secret to verify: %j", async (secret, fault) => {
    const { fetch, requests } = scripted(absent());
    const { verify } = createKaitenClient({ baseUrl: BASE, token: TOKEN, fetch });
    const message = `The secret ${fault}. It cannot be verified here, and nothing was sent.`;
    await expect(verify(secret as string)).rejects.toStrictEqual(new TypeError(message));
    expect(requests).toEqual([]);
  });
});

test.each([
  ...["ksh_another", "KSH_ANOTHER", " ksh_another", "ksm_another", "kst_another", "whsec_another"],
  ...["Bearer ksh_another", "bearer  ksm_another", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", " eyJhbGciOiJIUzI1NiJ9.e30."],
])("%j is a secret, and no name", (text) => {
  expect(looksSecret(text)).toBe(true);
});

test.each(["ksh", "my-ksh_key", "kst", "eyJ-bot", "eyJ.bot", "whsec", "bearer-key", "pk_bot"])(
  "%j may be a name",
  (text) => {
    expect(looksSecret(text)).toBe(false);
  },
);
