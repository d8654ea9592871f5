// Removes credentials from text, also where a server or a library repeats them in part or escaped. Used where an attempt
// ends, so that nothing behind it holds a secret.
import type { FetchHeaders } from "../types.js";

export const MARK = "[credential]";

/** Leading fragments of a credential are redacted from this length on: a text that was cut off may end in one. */
const MIN_PREFIX = 8;

/** Trailing fragments, from this length on: a server may cut off `ksh_`, or show only the last characters. */
const MIN_SUFFIX = 16;

/** A character as a URL, JSON or HTML may write it. */
const ESCAPE = /(?:%|\\u00|&#x0*)([\da-f]{2});?|&#0*(\d{2,3});|\\(\/)/iy;
const LONGEST_ESCAPE = 10;

/** @returns the length of what writes this character at `at`: 0 where the text has another one there. */
function lengthOf(character: string | undefined, text: string, at: number): number {
  const written = text[at];
  if (written === character) return 1;
  if (written !== "%" && written !== "\\" && written !== "&") return 0;
  ESCAPE.lastIndex = at;
  const match = ESCAPE.exec(text);
  if (!match) return 0;
  const [sequence, hex, decimal, slash] = match;
  const escaped = slash ?? String.fromCharCode(hex ? Number.parseInt(hex, 16) : Number(decimal));
  return escaped === character ? sequence.length : 0;
}

/**
 * Follows a secret character by character, raw or escaped. A regular expression was tried instead: with two tokens that
 * share a beginning, one leaked after a refresh.
 *
 * @returns where the secret, or at least `min` characters of it, ends; undefined where it does not begin at `start`.
 */
function endOf(secret: string, text: string, start: number, min: number): number | undefined {
  let at = start;
  for (let matched = 0; matched < secret.length; matched++) {
    const length = lengthOf(secret[matched], text, at);
    if (length === 0) return matched >= min ? at : undefined;
    at += length;
  }
  return at;
}

/** @returns where a suffix begins that is known to reach to `start`. */
function beginOf(secret: string, text: string, start: number): number {
  let at = start;
  // Ends at the latest before the first character of the secret, where there is none to match.
  for (let index = secret.length - MIN_SUFFIX - 1; ; index--) {
    // The longest first: `\/` is an escape that ends in the character itself.
    let length = Math.min(LONGEST_ESCAPE, at);
    while (length > 0 && lengthOf(secret[index], text, at - length) !== length) length--;
    if (length === 0) return at;
    at -= length;
  }
}

/** @returns the text without any of the secrets, a beginning or an end of one, as they are or escaped. */
export function redact(text: string, secrets: readonly string[]): string {
  // A short credential is part of ordinary words.
  const long = secrets.filter((secret) => secret.length >= MIN_PREFIX);
  // Most texts hold neither an escape nor any of this: to follow each character takes 4 % of a call.
  const isClean = (secret: string) =>
    !text.includes(secret.slice(0, MIN_PREFIX)) && !text.includes(secret.slice(-MIN_SUFFIX));
  if (!/[%\\&]/.test(text) && long.every(isClean)) return text;
  let clean = "";
  let at = 0;
  // Also within what is removed: another secret may begin there and end later.
  for (let start = 0; start < text.length; start++) {
    for (const secret of long) {
      let from = start;
      let end = endOf(secret, text, start, MIN_PREFIX);
      if (end === undefined && start >= at) {
        end = endOf(secret.slice(-MIN_SUFFIX), text, start, MIN_SUFFIX);
        if (end !== undefined) from = beginOf(secret, text, start);
      }
      if (end === undefined) continue;
      if (from >= at) clean += text.slice(at, from) + MARK;
      at = Math.max(at, end);
    }
  }
  return clean + text.slice(at);
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
