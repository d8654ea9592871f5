// What may be put into the path of a DELETE.

/** What a slug as the API creates them looks like; tokens created long ago may differ. */
const CREATED = /^[a-z0-9][a-z0-9-]*[a-z0-9]$/;

/** Control characters, line separators, and the characters that reverse the direction of a text. */
const CONTROL = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** Secrets of the vendor, and JWTs. */
const SECRET = /^\s*(bearer\s+)?(ksh_|ksm_|whsec_|eyJ[^.]*\.[^.]*\.)/i;

/** Shorter credentials are part of many ordinary names. */
const MIN_CREDENTIAL = 8;

/**
 * @param credentials none of which may be in the slug.
 * @returns what is wrong with a slug, in words that never show it; undefined if it may be sent.
 */
export function slugFault(slug: unknown, credentials: readonly string[] = []): string | undefined {
  if (typeof slug !== "string") return `must be a string, not ${slug === null ? "null" : typeof slug}`;
  const hasCredential = credentials.some((credential) => holdsCredential(slug, credential));
  // None of the faults below. Most slugs are such, and one look is cheaper than five.
  if (CREATED.test(slug) && !hasCredential) return undefined;
  if (slug === "") return "is empty";
  // WHATWG URL §4.4: every URL parser removes them, percent-encoded or not. The request would delete something else.
  if (slug === "." || slug === "..") return `is "${slug}", which would address something else`;
  // RFC 3629 §3: it has no UTF-8 form.
  if (/\p{Surrogate}/u.test(slug)) return "has a lone surrogate, which cannot be sent";
  if (CONTROL.test(slug)) return "has a control character";
  // Envoy unescapes %2F and %5C in a path, and others decode twice: the request would delete something else.
  if (/[/\\%]/.test(slug)) return "has one of the characters / \\ %, which a proxy may change on the way";
  return SECRET.test(slug) || hasCredential ? IS_SECRET : undefined;
}

/** What is wrong with a slug that holds a credential. */
export const IS_SECRET = "is a secret: pass the slug, which is the token's name";

export function holdsCredential(slug: string, credential: string): boolean {
  return credential.length >= MIN_CREDENTIAL && slug.includes(credential);
}

/** A slug that must not be sent. Nothing was, except by earlier attempts, with another token. */
export class SlugError extends TypeError {
  readonly attempts: number;

  constructor(fault: string, attempts = 0) {
    super(
      `${fault}. ${attempts ? "The request before, with another token, was not carried out." : "Nothing was sent."}`,
    );
    this.attempts = attempts;
  }
}

/** Whether the API can have created a token or an account by this slug: else `absent` proves nothing. */
export function canExist(slug: string): boolean {
  return slug.length <= 100 && CREATED.test(slug);
}
