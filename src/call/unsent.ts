// Whether a request can have reached the server when its connection failed.

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

/**
 * Reads the causes of what a `fetch` threw.
 *
 * @returns why nothing was written; undefined where that is not certain, as on a runtime that does not report it.
 */
export function connectFault(thrown: unknown): ConnectFault | undefined {
  try {
    return readFault(thrown, 4);
  } catch {
    // A value that throws when it is read proves nothing.
    return undefined;
  }
}

function readFault(thrown: unknown, depth: number): ConnectFault | undefined {
  if (typeof thrown !== "object" || thrown === null || depth === 0) return undefined;
  const { code, syscall, message, cause, errors } = thrown as Record<string, unknown>;
  if (CERTIFICATE.test(String(code))) return "certificate";
  if (PLAIN_HTTP.test(String(code))) return "plain-http";
  if (UNREACHABLE.test(String(code)) || BEFORE_WRITE.test(String(syscall)) || message === BLOCKED) return "unreachable";
  if (!Array.isArray(errors) || errors.length === 0) return readFault(cause, depth - 1);
  // An AggregateError has one error for each address of the host: all must have failed before the write.
  const faults = errors.map((error) => readFault(error, depth - 1));
  return faults.includes(undefined) ? undefined : faults[0];
}
