// What may be put into the path of a request.
import { holdsCredential, looksSecret } from "./secret.js";

/** What a slug as the API creates them looks like; tokens created long ago may differ. */
const CREATED = /^[a-z0-9][a-z0-9-]*[a-z0-9]$/;

/** Control characters, line separators, and the characters that reverse the direction of a text. */
const CONTROL = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/**
 * @param credentials none of which may be in the slug.
 * @returns what is wrong with a slug, in words that never show it; undefined if it may be sent.
 */
export function slugFault(slug: unknown, credentials: readonly string[] = []): string | undefined {
  if (typeof slug !== "string") return `must be a string, not ${slug === null ? "null" : typeof slug}`;
  if (slug === "") return "is empty";
  // WHATWG URL §4.4: every URL parser removes them, percent-encoded or not. The request would delete something else.
  if (slug === "." || slug === "..") return `is "${slug}", which would address something else`;
  // RFC 3629 §3: it has no UTF-8 form.
  if (/\p{Surrogate}/u.test(slug)) return "has a lone surrogate, which cannot be sent";
  if (CONTROL.test(slug)) return "has a control character";
  // Envoy unescapes %2F and %5C in a path, and others decode twice: the request would delete something else.
  if (/[/\\%]/.test(slug)) return "has one of the characters / \\ %, which a proxy may change on the way";
  const isSecret = looksSecret(slug) || credentials.some((credential) => holdsCredential(slug, credential));
  return isSecret ? IS_SECRET : undefined;
}

/** What is wrong with a slug that holds a credential. */
export const IS_SECRET = "is a secret: pass the slug, which is the token's name";

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

/** Whether the API can have created a token or an account by this slug: else it is probably misspelt. */
export function canExist(slug: string): boolean {
  return slug.length <= 100 && CREATED.test(slug);
}
