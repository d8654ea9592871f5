// Keeps the credential out of everything that a caller can see, also when a server or a library repeats it.

const MARK = "[credential]";

/** A partial credential this long at the end of a cut text gives too much of it away. */
const TELLING = 8;

/** @returns the ways in which a server or a URL writes the secrets, the longest first. */
export function spellings(secrets: Iterable<string>): string[] {
  return Array.from(secrets)
    .flatMap((secret) => [secret, encodeURIComponent(secret), secret.replaceAll("/", "\\/")])
    .sort((a, b) => b.length - a.length);
}

/**
 * @param secrets the longest first: one may begin with another.
 * @returns the text without any of the secrets, nor the beginning of one where the text was cut.
 */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    clean = clean.replaceAll(secret, MARK);
    for (let length = Math.min(secret.length - 1, clean.length); length >= TELLING; length--) {
      if (clean.endsWith(secret.slice(0, length))) {
        clean = clean.slice(0, -length) + MARK;
        break;
      }
    }
  }
  return clean;
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

/** Headers whose values are without secrets; one whose name is a secret is left out. */
export function redactHeaders(headers: Headers, secrets: readonly string[]): Headers {
  const clean = new Headers();
  headers.forEach((value, name) => {
    if (!secrets.some((secret) => name.includes(secret.toLowerCase()))) clean.append(name, redact(value, secrets));
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
