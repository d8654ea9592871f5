// Keeps the credential out of everything that a caller can see, also when a server or a library repeats it.

const MARK = "[credential]";

/** As much of a credential as this, from its beginning, gives too much of it away: it may be all that a cut has left. */
const TELLING = 8;

/** A character as a URL, JSON or HTML may write it. */
const ESCAPE = /%([\da-f]{2})|\\u00([\da-f]{2})|&#x0*([\da-f]{2});|&#0*(\d{2,3});|\\(\/)/gi;

/** Undoes the escapes of what a credential is made of (RFC 6750 §2.1), and leaves all others as they are. */
function withoutEscapes(text: string): string {
  return text.replace(ESCAPE, (written, url, json, html, decimal, slash) => {
    const code = decimal ? Number(decimal) : Number.parseInt(url ?? json ?? html, 16);
    const character = slash ?? String.fromCharCode(code);
    return /[\w.~+/=-]/.test(character) ? character : written;
  });
}

/** @returns where that ends which a secret has in common with the text at `start`. */
function commonEnd(text: string, start: number, secret: string): number {
  let length = 0;
  while (length < secret.length && text[start + length] === secret[length]) length++;
  return start + length;
}

/** Of secrets that begin alike, the longest is taken out: nothing of it is to be left. */
function redactPlain(text: string, secrets: readonly string[]): string {
  let clean = "";
  for (let at = 0; ; ) {
    const starts = secrets.map((secret) => text.indexOf(secret.slice(0, TELLING), at)).filter((start) => start >= 0);
    if (starts.length === 0) return clean + text.slice(at);
    const start = Math.min(...starts);
    clean += text.slice(at, start) + MARK;
    at = Math.max(...secrets.map((secret) => commonEnd(text, start, secret)));
  }
}

/**
 * @returns the text without any of the secrets, nor the beginning of one. Where one was escaped, so that it is found only
 * in the text without escapes, it is that text which is given.
 */
export function redact(text: string, secrets: readonly string[]): string {
  const clean = redactPlain(text, secrets);
  const plain = withoutEscapes(clean);
  const redacted = redactPlain(plain, secrets);
  return redacted === plain ? clean : redacted;
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
