// What a `fetch` threw: a copy without secrets, and whether its codes prove that nothing reached the server.
import { redact } from "./redact.js";

/** A certificate that was not accepted: Node's and OpenSSL's codes, which Bun uses too. */
const CERTIFICATE =
  /^(ERR_TLS_CERT_ALTNAME_INVALID|CERT_\w+|UNABLE_TO_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)$/;

/** What OpenSSL says when a port answers the TLS handshake in plain HTTP. */
const PLAIN_HTTP = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/;

/** No address, or no connection. TLS alerts are not here: a server can send one at any time. */
const UNREACHABLE = /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|UND_ERR_CONNECT_TIMEOUT)$/;

/** System calls that come before the first write: then even a code like ETIMEDOUT proves that nothing was written. */
const BEFORE_WRITE = /^(getaddrinfo|connect)$/;

/** What Node's fetch throws for a port that no browser connects to (Fetch Standard, "port blocking"). It has no code. */
const BLOCKED = "bad port";

/** Why nothing was written. Each has advice of its own. */
export type ConnectFault = "certificate" | "plain-http" | "unreachable";

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
export function readCause(thrown: unknown, secrets: readonly string[]): Cause | undefined {
  try {
    return read(thrown, secrets, MAX_CAUSES);
  } catch {
    const error = new Error("a value that cannot be read was thrown");
    return { error, words: error.message, fault: undefined };
  }
}

function read(value: unknown, secrets: readonly string[], depth: number): Cause | undefined {
  if (value === undefined) return undefined;
  const thrown = (typeof value === "object" && value !== null ? value : { message: String(value) }) as Thrown;
  const causes = Array.isArray(thrown.errors) && thrown.errors.length > 0 ? thrown.errors : [thrown.cause ?? undefined];
  const inner = depth > 0 ? causes.map((cause) => read(cause, secrets, depth - 1)) : [];

  const clean = (member: unknown) => (typeof member === "string" ? redact(member, secrets) : undefined);
  const error = new Error(clean(thrown.message) ?? "a value that is not an Error was thrown");
  const code = clean(thrown.code);
  const members = { name: clean(thrown.name), stack: clean(thrown.stack), code, cause: inner[0]?.error };
  for (const [name, member] of Object.entries(members)) {
    if (member === undefined) continue;
    const attributes = { enumerable: name === "code", configurable: true, writable: true };
    Object.defineProperty(error, name, { value: member, ...attributes });
  }
  // The message of a failed system call names its code already.
  const own = code && thrown.syscall === undefined ? `${error.message} (${code})` : error.message;
  // All addresses must have failed before the write.
  const isUnsent = inner.every((cause) => cause?.fault);
  return { error, words: inner[0]?.words || own, fault: faultOf(thrown) ?? (isUnsent ? inner[0]?.fault : undefined) };
}

function faultOf({ code, syscall, message }: Thrown): ConnectFault | undefined {
  if (CERTIFICATE.test(String(code))) return "certificate";
  if (PLAIN_HTTP.test(String(code))) return "plain-http";
  const isUnreachable = UNREACHABLE.test(String(code)) || BEFORE_WRITE.test(String(syscall)) || message === BLOCKED;
  return isUnreachable ? "unreachable" : undefined;
}
