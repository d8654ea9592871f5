// Removes credentials from text, also where a server or a library repeats them in part or escaped. Used where an attempt
// ends, so that nothing behind it holds a secret.
import type { FetchHeaders } from "../types.js";

export const MARK = "[credential]";

/** Leading fragments of a credential are redacted from this length on: a text that was cut off may end in one. */
const MIN_PREFIX = 8;

/** Trailing fragments, from this length on: a server may cut off `ksh_`, or show only the last characters. */
const MIN_SUFFIX = 16;

/** A character as a URL, JSON or HTML may write it. No character of a credential is one that begins an escape. */
const ESCAPE = /(?:%|\\u00|&#x0*)([\da-f]{2});?|&#0*(\d{2,3});|\\(\/)/gi;

const unescape = (text: string): string =>
  text.replace(
    ESCAPE,
    (_, hex?: string, decimal?: string, slash?: string) =>
      slash ?? String.fromCharCode(hex ? Number.parseInt(hex, 16) : Number(decimal)),
  );

/** @returns the text, or, where it holds a credential, the beginning or the end of one, {@link MARK} in its place. */
export function redact(text: string, secrets: readonly string[]): string {
  const plain = unescape(text);
  const holds = (secret: string) =>
    // A short credential is part of ordinary words.
    secret.length >= MIN_PREFIX &&
    [plain, text].some((t) => t.includes(secret.slice(0, MIN_PREFIX)) || t.includes(secret.slice(-MIN_SUFFIX)));
  return secrets.some(holds) ? MARK : text;
}

/** A value that nests deeper is no problem of this API, and would overflow the stack of whoever walks it. */
const MAX_DEPTH = 32;

/**
 * A copy of parsed JSON without the secrets, without `__proto__` members (copied carelessly, they would change the
 * prototype of the copy) and without what nests too deep.
 */
export function redactJson(value: unknown, secrets: readonly string[], depth = MAX_DEPTH): unknown {
  if (typeof value === "string") return redact(value, secrets);
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return "[nested too deep]";
  const inner = (item: unknown) => redactJson(item, secrets, depth - 1);
  if (Array.isArray(value)) return value.map(inner);
  const members = Object.entries(value).filter(([name]) => name !== "__proto__");
  return Object.fromEntries(members.map(([name, item]) => [redact(name, secrets), inner(item)]));
}

/** A copy without the secrets. A header whose name holds one is left out. */
export function redactHeaders(headers: FetchHeaders, secrets: readonly string[]): Headers {
  const clean = new Headers();
  const lower = secrets.map((secret) => secret.toLowerCase());
  headers.forEach((value, name) => {
    if (redact(name, lower) === name) clean.append(name, redact(value, secrets));
  });
  return clean;
}
