// What a `fetch` threw: a copy without secrets, and whether its codes prove that nothing reached the server.
import { redact, type Secrets } from "./redact.js";

/** Why nothing was written. Each has words of its own. */
export type ConnectFault = "expired" | "wrong-name" | "untrusted" | "plain-http" | "proxy" | "unreachable";

/** By code: Node's and OpenSSL's, which Bun uses too. TLS alerts are not here: a server can send one at any time. */
const FAULTS: readonly (readonly [code: RegExp, fault: ConnectFault])[] = [
  [/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/, "expired"],
  [/^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/, "wrong-name"],
  [/^(CERT_\w+|UNABLE_TO_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)$/, "untrusted"],
  [/^(INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)$/, "untrusted"],
  // What OpenSSL says when a port answers the TLS handshake in plain HTTP.
  [/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/, "plain-http"],
  [/^(ERR_PROXY|UND_ERR_PRX_TLS)$/, "proxy"],
  // No address, or no connection.
  [/^(ECONNREFUSED|ENOTFOUND|EAI_\w+|UND_ERR_CONNECT_TIMEOUT)$/, "unreachable"],
];

/** System calls that come before the first write: then even a code like ETIMEDOUT proves that nothing was written. */
const BEFORE_WRITE = /^(getaddrinfo|connect)$/;

/** What Node's fetch throws for a port that no browser connects to (Fetch Standard, "port blocking"). It has no code. */
const BLOCKED = "bad port";

/** OpenSSL's message has an address in memory and a line of its source: only the code is of use. */
const OPENSSL = /^(ERR_SSL_[\w/]+|EPROTO)$/;

/** A failure of the proxy itself, before anything was sent through it. */
export class ProxyError extends Error {
  readonly code = "ERR_PROXY";
}

/** An error, also one of another realm, or an AggregateError: the failed connections to each address of a host. */
interface Thrown {
  name?: unknown;
  stack?: unknown;
  message?: unknown;
  code?: unknown;
  syscall?: unknown;
  cause?: unknown;
  errors?: unknown;
}

export interface Cause {
  /** A copy: name, message, code, stack and causes. Never the value itself, which may hold the request. */
  error: Error;
  /** The message of the innermost cause that has one: `fetch failed` alone explains nothing. */
  words: string;
  /** Why nothing was written; undefined where that is not certain, as on a runtime that does not report it. */
  fault: ConnectFault | undefined;
}

const MAX_CAUSES = 4;

/** Reads a thrown value and its causes. @returns undefined for `undefined`. */
export function readCause(thrown: unknown, secrets: Secrets): Cause | undefined {
  try {
    const cause = read(thrown, secrets, MAX_CAUSES);
    return cause && { ...cause, words: cause.words || cause.error.message };
  } catch {
    const error = new Error("a value that cannot be read was thrown");
    return { error, words: error.message, fault: undefined };
  }
}

function read(value: unknown, secrets: Secrets, depth: number): Cause | undefined {
  if (value === undefined) return undefined;
  const thrown = (typeof value === "object" && value !== null ? value : { message: String(value) }) as Thrown;
  const causes = Array.isArray(thrown.errors) && thrown.errors.length > 0 ? thrown.errors : [thrown.cause ?? undefined];
  const inner = depth > 0 ? causes.map((cause) => read(cause, secrets, depth - 1)) : [];

  const clean = (member: unknown) => (typeof member === "string" ? redact(member, secrets) : undefined);
  const code = clean(thrown.code);
  const isOpenSsl = OPENSSL.test(code ?? "");
  const message = isOpenSsl ? tlsWords(code as string) : clean(thrown.message);
  const error = new Error(message ?? "a value that is not an Error was thrown");
  const stack = isOpenSsl ? undefined : clean(thrown.stack);
  const members = { name: clean(thrown.name), stack, code, cause: inner[0]?.error };
  for (const [name, member] of Object.entries(members)) {
    if (member === undefined) continue;
    const attributes = { enumerable: name === "code", configurable: true, writable: true };
    Object.defineProperty(error, name, { value: member, ...attributes });
  }
  const fault = faultOf(thrown) ?? (inner.every((cause) => cause?.fault) ? inner[0]?.fault : undefined);
  // The message of a failed system call names its code already. What has no message says nothing.
  const isNamed = code === undefined || thrown.syscall !== undefined || isOpenSsl;
  const own = message === undefined || isNamed ? (message ?? "") : `${message} (${code})`;
  return { error, words: inner[0]?.words || own, fault };
}

function tlsWords(code: string): string {
  const reason =
    code === "EPROTO" ? "handshake failure" : code.slice("ERR_SSL_".length).toLowerCase().replaceAll("_", " ");
  return `TLS: ${reason} (${code})`;
}

function faultOf({ code, syscall, message }: Thrown): ConnectFault | undefined {
  const byCode = FAULTS.find(([pattern]) => pattern.test(String(code)))?.[1];
  return byCode ?? (BEFORE_WRITE.test(String(syscall)) || message === BLOCKED ? "unreachable" : undefined);
}
