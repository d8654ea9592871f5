// Removes secrets from what a server or a library says, also where they are repeated in part or escaped. Used where an
// attempt ends, so that nothing behind it holds a secret. A text that repeats one is withheld whole: nobody needs the words
// around a leaked secret, and to cut it out exactly is hard to prove.
import type { FetchHeaders } from "../types.js";

export const MARK = "[credential]";

/** What no text may repeat. */
export interface Secrets {
  /** Bearer tokens: neither whole, nor their beginning or their end. */
  readonly credentials: readonly string[];
  /** Values of headers that the caller set: only whole, since their beginnings are ordinary words. */
  readonly values: readonly string[];
}

/** The beginning of a credential that counts: a text that was cut off may end in one. A shorter credential is never looked for. */
const MIN_PREFIX = 8;

/** The end of a credential that counts: a server may cut off `ksh_`, or show only the last characters. */
const MIN_SUFFIX = 16;

/** A character as it is, or as a URL, JSON or HTML may write it. */
function written(character: string): string {
  const code = character.charCodeAt(0);
  const hex = code
    .toString(16)
    .padStart(2, "0")
    .replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
  const plain = character.replace(/[^\w]/, "\\$&").replace("/", "\\?/");
  return `(?:${plain}|(?:%|\\\\u00|&#[xX]0*)${hex};?|&#0*${code};?)`;
}

/** What begins an escape. */
const ESCAPE = /[%\\&]/;

/** What finds a secret where it is escaped. Made once for all texts of an answer: a record can have a million. */
const patterns = new WeakMap<Secrets, Map<string, RegExp>>();

function patternOf(secret: string, secrets: Secrets): RegExp {
  const made = patterns.get(secrets) ?? new Map<string, RegExp>();
  patterns.set(secrets, made);
  const pattern = made.get(secret) ?? new RegExp(Array.from(secret, written).join(""));
  made.set(secret, pattern);
  return pattern;
}

/** @returns the text, or {@link MARK} in its place where it repeats a secret. */
export function redact(text: string, secrets: Secrets): string {
  const holds = (secret: string) =>
    text.includes(secret) || (ESCAPE.test(text) && patternOf(secret, secrets).test(text));
  const isRepeated = (credential: string) =>
    credential.length >= MIN_PREFIX && (holds(credential.slice(0, MIN_PREFIX)) || holds(credential.slice(-MIN_SUFFIX)));
  return secrets.credentials.some(isRepeated) || secrets.values.some(holds) ? MARK : text;
}

/** A value that nests deeper is no problem of this API, and would overflow the stack of whoever walks it. */
const MAX_DEPTH = 32;

/**
 * A copy of parsed JSON without the secrets, without `__proto__` members (copied carelessly, they would change the
 * prototype of the copy) and without what nests too deep.
 */
export function redactJson(value: unknown, secrets: Secrets, depth = MAX_DEPTH): unknown {
  if (typeof value === "string") return redact(value, secrets);
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return "[nested too deep]";
  const inner = (item: unknown) => redactJson(item, secrets, depth - 1);
  if (Array.isArray(value)) return value.map(inner);
  const members = Object.entries(value).filter(([name]) => name !== "__proto__");
  return Object.fromEntries(members.map(([name, item]) => [redact(name, secrets), inner(item)]));
}

/** A copy without the secrets. A header whose name holds one is left out. */
export function redactHeaders(headers: FetchHeaders, secrets: Secrets): Headers {
  const clean = new Headers();
  const lower = (texts: readonly string[]) => texts.map((text) => text.toLowerCase());
  const inNames: Secrets = { credentials: lower(secrets.credentials), values: lower(secrets.values) };
  headers.forEach((value, name) => {
    if (redact(name, inNames) === name) clean.append(name, redact(value, secrets));
  });
  return clean;
}
