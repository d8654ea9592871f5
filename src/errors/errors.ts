// The errors that a call can end with. Each is data with a contract. None holds the credential.
import type { operations } from "../../generated/schema.js";
import type { Problem } from "./problem.js";

type TokenRef = operations["delete-service-account-token"]["parameters"]["path"];

/** What every error of a call is made from. */
export interface ErrorInit {
  outcome: "absent" | "not-revoked" | "unknown";
  attempts: number;
  ref: TokenRef;
  request?: { method: string; url: string } | undefined;
  at: string;
  status?: number | undefined;
  traceId?: string | undefined;
  errorId?: string | undefined;
  cause?: unknown;
}

type Name =
  | "KaitenError"
  | "KaitenProblemError"
  | "KaitenResponseError"
  | "KaitenConnectionError"
  | "KaitenTimeoutError"
  | "KaitenAbortError"
  | "KaitenNotAttemptedError";

/** Base of all errors below. Itself thrown when there was no credential to send. */
export class KaitenError extends Error {
  static {
    Object.assign(KaitenError.prototype, { name: "KaitenError" });
  }

  declare readonly name: Name;
  /** What is known of the token, over all attempts of the call. */
  readonly outcome: ErrorInit["outcome"];
  /** How many attempts were made. */
  readonly attempts: number;
  /** The token that was named. */
  readonly ref: TokenRef;
  /** The last request; missing where no attempt was made. */
  declare readonly request?: { method: string; url: string };
  /** When the call ended: ISO 8601, by the local clock. */
  readonly at: string;
  /** The HTTP status of the last answer, where one came. */
  declare readonly status?: number;
  /** Id under which the server's logs know the request. */
  declare readonly traceId?: string;
  /** Id of the entry in the server's log, where the answer has one. */
  declare readonly errorId?: string;
  /** What happened and what it means for the token: the message without request, attempts and ids. */
  readonly summary: string;

  constructor(summary: string, { outcome, attempts, ref, request, at, status, traceId, errorId, cause }: ErrorInit) {
    const details = [
      request && `${request.method} ${request.url}`,
      `${attempts} attempt${attempts === 1 ? "" : "s"}`,
      errorId && `error id ${errorId}`,
      traceId && `trace id ${traceId}`,
    ];
    // A server can put a line break into an id: it would begin another line of a log.
    const line = details
      .filter(Boolean)
      .join(", ")
      .replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
    super(`${summary} (${line})`, cause === undefined ? undefined : { cause });
    this.outcome = outcome;
    this.attempts = attempts;
    this.ref = ref;
    if (request) this.request = request;
    this.at = at;
    if (status !== undefined) this.status = status;
    if (traceId !== undefined) this.traceId = traceId;
    if (errorId !== undefined) this.errorId = errorId;
    this.summary = summary;
  }

  /** Name, message and all members, for a log. */
  toJSON(): Record<string, unknown> {
    const members: Record<string, unknown> = Object.fromEntries(Object.entries(this));
    if (members.headers instanceof Headers) members.headers = Object.fromEntries(members.headers);
    if (this.cause !== undefined) members.cause = causeToJson(this.cause);
    return { name: this.name, message: this.message, ...members };
  }
}

function causeToJson(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const { name, message, code } = cause as Error & { code?: unknown };
  return { name, message, ...(code !== undefined && { code }) };
}

/** The API answered with a problem (RFC 9457). */
export class KaitenProblemError<Status extends number = number> extends KaitenError {
  static {
    Object.assign(KaitenProblemError.prototype, { name: "KaitenProblemError" });
  }

  declare readonly name: "KaitenProblemError";
  declare readonly status: Status;
  /** The problem, typed from the spec for its status. Members that the spec does not name are kept. */
  readonly problem: Problem<Status>;
  /** Stable, machine-readable name of the problem, such as `Token.NotFound`. */
  readonly code: string | undefined;
  /** The headers of the answer. */
  readonly headers: Headers;
  /** How long the server asks to wait, in ms; undefined where it does not say. */
  readonly retryAfter: number | undefined;

  constructor(
    summary: string,
    answer: { status: Status; problem: Problem; headers: Headers; retryAfter: number | undefined },
    init: ErrorInit,
  ) {
    super(summary, { ...init, status: answer.status, errorId: answer.problem.errorId });
    this.problem = answer.problem as Problem<Status>;
    this.code = answer.problem.code;
    this.headers = answer.headers;
    this.retryAfter = answer.retryAfter;
  }
}

/** An answer that the contract does not allow: of a proxy, a login page, a redirect, another API. */
export class KaitenResponseError extends KaitenError {
  static {
    Object.assign(KaitenResponseError.prototype, { name: "KaitenResponseError" });
  }

  declare readonly name: "KaitenResponseError";
  /** 0 for a redirect in a browser, which hides it. */
  declare readonly status: number;
  /** The headers of the answer. */
  readonly headers: Headers;
  /** The beginning of the body, at most 2 KiB. */
  readonly excerpt: string;
  /** How long the server asks to wait, in ms; undefined where it does not say. */
  readonly retryAfter: number | undefined;

  constructor(
    summary: string,
    answer: { status: number; headers: Headers; excerpt: string; retryAfter: number | undefined },
    init: ErrorInit,
  ) {
    super(summary, { ...init, status: answer.status });
    this.headers = answer.headers;
    this.excerpt = answer.excerpt;
    this.retryAfter = answer.retryAfter;
  }
}

/** No complete answer arrived. `cause` says why. */
export class KaitenConnectionError extends KaitenError {
  static {
    Object.assign(KaitenConnectionError.prototype, { name: "KaitenConnectionError" });
  }

  declare readonly name: "KaitenConnectionError";
}

/** The last attempt exceeded its timeout. */
export class KaitenTimeoutError extends KaitenError {
  static {
    Object.assign(KaitenTimeoutError.prototype, { name: "KaitenTimeoutError" });
  }

  declare readonly name: "KaitenTimeoutError";
  /** The limit of an attempt, in ms. */
  readonly timeout: number;

  constructor(summary: string, timeout: number, init: ErrorInit) {
    super(summary, init);
    this.timeout = timeout;
  }
}

/**
 * The caller's signal aborted; `cause` is its reason. `outcome` is what the attempts before it prove, or `unknown` if a
 * request was in flight.
 */
export class KaitenAbortError extends KaitenError {
  static {
    Object.assign(KaitenAbortError.prototype, { name: "KaitenAbortError" });
  }

  declare readonly name: "KaitenAbortError";
}

/** The run stopped before this token's turn. `cause` is what stopped it. Nothing was sent for this token. */
export class KaitenNotAttemptedError extends KaitenError {
  static {
    Object.assign(KaitenNotAttemptedError.prototype, { name: "KaitenNotAttemptedError" });
  }

  declare readonly name: "KaitenNotAttemptedError";
}
