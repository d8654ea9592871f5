// What a secret looks like: what may be sent as a bearer token, and what must never stand where a name belongs.

/** Secrets of the vendor that are bearer tokens of this API: access tokens, and users' JWTs. */
const BEARER = /^\s*(bearer\s+)?(ksh_|eyJ[^.]*\.[^.]*\.)/i;

/** Secrets of the vendor that this API does not accept. */
const OTHER_SECRET = /^\s*(bearer\s+)?(ksm_|kst_|whsec_)/i;

/** Not a secret at all: a key that the vendor publishes. */
const PUBLIC_KEY = /^pk_/;

/** RFC 6750 §2.1, `b64token`: anything else cannot be sent as it is. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** Shorter credentials are part of many ordinary names. */
const MIN_CREDENTIAL = 8;

export const looksSecret = (text: string): boolean => BEARER.test(text) || OTHER_SECRET.test(text);

export function holdsCredential(text: string, credential: string): boolean {
  return credential.length >= MIN_CREDENTIAL && text.includes(credential);
}

/** @returns what is wrong with a token, in words that do not show it; undefined if it can be sent. */
export function tokenFault(token: unknown): string | undefined {
  if (typeof token !== "string") return `is ${token === null ? "null" : `of type ${typeof token}`}, not a string`;
  if (token === "") return "is empty";
  if (token === "undefined" || token === "null") return `is the text "${token}": a variable was not set`;
  if (/^bearer\s/i.test(token)) return "begins with the word Bearer: pass the token alone";
  if (token.trim() !== token) return "has white space around it: trim it";
  if (/^["'].*["']$/.test(token)) return "is in quotes: remove them";
  if (OTHER_SECRET.test(token))
    return "is another kind of secret (ksm_…, kst_… or whsec_…), which this API does not accept";
  if (PUBLIC_KEY.test(token)) return "is a public key (pk_…), which is no secret and which this API does not accept";
  return B64TOKEN.test(token) ? undefined : "has characters that no bearer token has (RFC 6750 §2.1)";
}
