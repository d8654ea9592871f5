// Whether a request can have reached the server when its connection failed.

/**
 * Codes that prove that no byte of the request was written: no address, no connection, or a certificate that was not
 * accepted (Node's and OpenSSL's names, which Bun uses too). TLS alerts are not among them: a server can send one at any time.
 */
const UNSENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_CERT_ALTNAME_INVALID|CERT_\w+|UNABLE_TO_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)$/;

/** System calls that come before the first write: then even a code like ETIMEDOUT proves it. */
const BEFORE_WRITE = /^(getaddrinfo|connect)$/;

/** What Node's fetch says of a port that no browser connects to (Fetch Standard, "port blocking"); it has no code. */
const BLOCKED = "bad port";

/**
 * Reads the causes of what `fetch` threw. Where a runtime does not tell, the answer is false: the request may have been
 * carried out.
 */
export function wasNeverSent(thrown: unknown): boolean {
  try {
    return provesUnsent(thrown, 4);
  } catch {
    // What throws when it is looked at proves nothing.
    return false;
  }
}

function provesUnsent(thrown: unknown, depth: number): boolean {
  if (typeof thrown !== "object" || thrown === null || depth === 0) return false;
  const { code, syscall, message, cause, errors } = thrown as Record<string, unknown>;
  if (UNSENT.test(String(code)) || BEFORE_WRITE.test(String(syscall)) || message === BLOCKED) return true;
  // An AggregateError has one error for each address of the host: all must have failed before the write.
  if (Array.isArray(errors) && errors.length > 0) return errors.every((error) => provesUnsent(error, depth - 1));
  return provesUnsent(cause, depth - 1);
}
