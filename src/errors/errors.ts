// The errors that a call can end with. Each is data with a contract; none holds the credential.
import type { Problem } from "../call/problem.js";
import type { Outcome } from "../call/verdict.js";

/** What every error of a call carries. */
export interface Failure {
  /** What is known of the token. */
  outcome: Exclude<Outcome, "revoked">;
  /** How many attempts were made. */
  attempts: number;
  /** The request that failed. */
  request: { method: string; url: string };
  /** A copy of what was thrown, in name, message, code and causes. */
  cause?: Error | undefined;
}

/** Base of all errors below; itself thrown when there was no credential to send. */
export class KaitenError extends Error {
  static {
    KaitenError.prototype.name = "KaitenError";
  }

  /** What is known of the token, over all attempts of the call. */
  readonly outcome: Failure["outcome"];
  /** How many attempts were made. */
  readonly attempts: number;
  /** The request, as it was sent or would have been. */
  readonly request: Failure["request"];

  constructor(message: string, { outcome, attempts, request, cause }: Failure) {
    super(message, cause && { cause });
    this.outcome = outcome;
    this.attempts = attempts;
    this.request = request;
  }
}

/** The API answered with a problem (RFC 9457). */
export class KaitenProblemError<Status extends number = number> extends KaitenError {
  static {
    KaitenProblemError.prototype.name = "KaitenProblemError";
  }

  /** The HTTP status. */
  readonly status: Status;
  /** The problem, typed from the spec; members that it does not name are kept. */
  readonly problem: Problem;
  /** Stable, machine-readable name of the problem, such as `Token.NotFound`. */
  readonly code: string | undefined;
  /** Id of the entry in the server's log. */
  readonly errorId: string | undefined;
  /** The answer's headers. */
  readonly headers: Headers;
  /** How long the API asks to wait, in ms; undefined where it does not say. */
  readonly retryAfter: number | undefined;

  constructor(
    message: string,
    answer: { status: Status; problem: Problem; headers: Headers; retryAfter: number | undefined },
    failure: Failure,
  ) {
    super(message, failure);
    this.status = answer.status;
    this.problem = answer.problem;
    this.code = answer.problem.code;
    this.errorId = answer.problem.errorId;
    this.headers = answer.headers;
    this.retryAfter = answer.retryAfter;
  }
}

/** Something answered, but not as the contract allows: a proxy, a login page, a redirect, another API. */
export class KaitenResponseError extends KaitenError {
  static {
    KaitenResponseError.prototype.name = "KaitenResponseError";
  }

  /** The HTTP status; 0 for a redirect in a browser, which hides it. */
  readonly status: number;
  /** The answer's headers. */
  readonly headers: Headers;
  /** The beginning of the body, at most 2 KiB. */
  readonly excerpt: string;

  constructor(message: string, answer: { status: number; headers: Headers; excerpt: string }, failure: Failure) {
    super(message, failure);
    this.status = answer.status;
    this.headers = answer.headers;
    this.excerpt = answer.excerpt;
  }
}

/** No whole answer came. `cause` says why. */
export class KaitenConnectionError extends KaitenError {
  static {
    KaitenConnectionError.prototype.name = "KaitenConnectionError";
  }
}

/** The last attempt outlasted its timeout. */
export class KaitenTimeoutError extends KaitenError {
  static {
    KaitenTimeoutError.prototype.name = "KaitenTimeoutError";
  }

  /** The timeout of an attempt, in ms. */
  readonly timeout: number;

  constructor(message: string, timeout: number, failure: Failure) {
    super(message, failure);
    this.timeout = timeout;
  }
}
