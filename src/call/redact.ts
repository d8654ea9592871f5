// Keeps the credential out of everything that a caller can see, also when a server or a library repeats it.

const MARK = "[credential]";

/** As much of a credential as this, from its beginning, gives too much of it away: it may be all that a cut has left. */
const TELLING = 8;

/** A character as a URL, JSON or HTML may write it. */
const ESCAPE = /(?:%|\\u00|&#x0*)([\da-f]{2});?|&#0*(\d{2,3});|\\(\/)/iy;

/** @returns how much of a text, from `at` on, writes this character: 0 where it is not there. */
function lengthOf(character: string | undefined, text: string, at: number): number {
  if (text[at] === character) return 1;
  ESCAPE.lastIndex = at;
  const match = ESCAPE.exec(text);
  if (!match) return 0;
  const [written, hex, decimal, slash] = match;
  const escaped = slash ?? String.fromCharCode(hex ? Number.parseInt(hex, 16) : Number(decimal));
  return escaped === character ? written.length : 0;
}

/** @returns where a secret that begins at `start` ends, or what a cut has left of it; nothing where that does not tell. */
function endOf(secret: string, text: string, start: number): number | undefined {
  let at = start;
  for (let known = 0; known < secret.length; known++) {
    const length = lengthOf(secret[known], text, at);
    if (length === 0) return known >= TELLING ? at : undefined;
    at += length;
  }
  return at;
}

/** @returns the text without any of the secrets, nor the beginning of one, as they are or escaped. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = "";
  let at = 0;
  // At every place, also within what is taken out: there another secret may begin, and end later.
  for (let start = 0; start < text.length; start++) {
    for (const secret of secrets) {
      const end = endOf(secret, text, start);
      if (end === undefined) continue;
      if (start >= at) clean += text.slice(at, start) + MARK;
      at = Math.max(at, end);
    }
  }
  return clean + text.slice(at);
}

/** How deep a value may nest: more is no problem of this API, and would overflow the stack of whoever walks it. */
const DEPTH = 32;

/**
 * A copy of parsed JSON without the secrets, without `__proto__` members (copied carelessly, they would change the
 * prototype of the copy) and without whatever nests too deep.
 */
export function redactJson(value: unknown, secrets: readonly string[], depth = DEPTH): unknown {
  if (typeof value === "string") return redact(value, secrets);
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return "[nested too deep]";
  const inner = (item: unknown) => redactJson(item, secrets, depth - 1);
  if (Array.isArray(value)) return value.map(inner);
  const members = Object.entries(value).filter(([name]) => name !== "__proto__");
  return Object.fromEntries(members.map(([name, item]) => [redact(name, secrets), inner(item)]));
}

/** Headers whose values are without secrets; one whose name holds a secret is left out. */
export function redactHeaders(headers: Headers, secrets: readonly string[]): Headers {
  const clean = new Headers();
  const lower = secrets.map((secret) => secret.toLowerCase());
  headers.forEach((value, name) => {
    if (redact(name, lower) === name) clean.append(name, redact(value, secrets));
  });
  return clean;
}

/** What of a thrown value helps to find its cause: never the object itself, which may hold the request or the answer. */
export function redactCause(cause: unknown, secrets: readonly string[]): Error | undefined {
  try {
    return copyCause(cause, secrets, 4);
  } catch {
    return new Error("something was thrown that cannot be described");
  }
}

function copyCause(cause: unknown, secrets: readonly string[], depth: number): Error | undefined {
  if (cause === undefined) return undefined;
  const thrown = (typeof cause === "object" && cause !== null ? cause : { message: String(cause) }) as Thrown;
  const inner = depth > 0 ? copyCause(thrown.cause ?? thrown.errors?.[0], secrets, depth - 1) : undefined;
  const copy = new Error(redact(text(thrown.message) ?? "something was thrown that is no error", secrets));
  const members = { name: text(thrown.name), stack: text(thrown.stack), code: text(thrown.code), cause: inner };
  for (const [name, value] of Object.entries(members)) {
    if (value !== undefined) {
      const clean = typeof value === "string" ? redact(value, secrets) : value;
      Object.defineProperty(copy, name, {
        value: clean,
        enumerable: name === "code",
        configurable: true,
        writable: true,
      });
    }
  }
  return copy;
}

/** An error, also one of another realm, or an AggregateError: the failed connections to each address of a host. */
type Thrown = {
  name?: unknown;
  stack?: unknown;
  message?: unknown;
  code?: unknown;
  cause?: unknown;
  errors?: unknown[];
};

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
