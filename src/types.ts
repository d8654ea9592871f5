// Every public type. Types only: nothing here exists at run time.
import type { operations } from "../generated/schema.js";
import type { KaitenError } from "./errors/errors.js";

export type { Problem, ProblemStatus } from "./errors/problem.js";

/** Names a token. */
export type TokenRef = operations["delete-service-account-token"]["parameters"]["path"];

/**
 * What is known of a token:
 *
 * - `revoked`: the API answered 204 to our own request. Its replicas may accept the token for up to five minutes.
 * - `absent`: the API finds no active token by this name.
 * - `not-revoked`: the request was not carried out. If the token was active, it still is.
 * - `unknown`: the token may be revoked or not. Treat it as active.
 */
export type Outcome = "revoked" | "absent" | "not-revoked" | "unknown";

/** What is read of an answer's headers. The platform's `Headers` have all of it. */
export interface FetchHeaders {
  get(name: string): string | null;
  has(name: string): boolean;
  /** A header that was sent more than once may be visited once for each value. */
  forEach(visit: (value: string, name: string) => void): void;
}

/** What is read of an answer. The platform's `Response` has all of it. */
export interface FetchResponse {
  readonly status: number;
  readonly ok: boolean;
  readonly headers: FetchHeaders;
  /** Whether a redirect was followed: then the answer is to another request, and proves nothing. */
  readonly redirected?: boolean;
  /** Read within a limit where there is one; else `text()` is trusted to have one. */
  readonly body?: ReadableStream<Uint8Array> | null;
  text(): Promise<string>;
}

/**
 * Sends a request, as the platform's `fetch` does. It must pass on the `init` it is given, follow no redirect and send
 * nothing twice: a repeated request (undici's RetryAgent) cannot be seen from here, and the refusal of the second one
 * would hide what the first one did. It must reject only with the failure of this request: a refused connection proves
 * that nothing was sent.
 */
export type Fetch = (url: string, init: RequestInit) => Promise<FetchResponse>;

/** What a token provider is called with. */
export interface TokenRequest {
  /** The token that the API refused with 401. Return another one, or the same where there is no other. */
  rejected?: string;
  /** Aborts when the call no longer needs the token. */
  signal: AbortSignal;
}

/**
 * Returns the bearer token, without the word `Bearer`. Called before every attempt, so cache what is slow to get. Called
 * once more, with `rejected`, when the API answers 401; that token is then used for the rest of the call.
 */
export type TokenProvider = (request: TokenRequest) => string | Promise<string>;

export interface ClientOptions {
  /**
   * Where the API is, path included: `https://kaiten.example.com/api`. Required, so that a credential never goes to a
   * host by mistake.
   */
  baseUrl: string | URL;
  /** The bearer token (a user's JWT, or an access token `ksh_…`), or a function that returns it. */
  token: string | TokenProvider;
  /** Sends the requests. @default the platform's `fetch` */
  fetch?: Fetch | undefined;
  /** Limit of one attempt in ms, waiting for the token and reading the body included. @default 20000 */
  timeout?: number | undefined;
  /** Attempts after the first. The attempt after a token refresh is not counted. @default 2 */
  retries?: number | undefined;
  /** The longest `Retry-After` to wait for, in ms. A longer one ends the call at once. @default 60000 */
  maxRetryAfter?: number | undefined;
  /** Allows plain http to a host that is not loopback. The credential can then be read on the way. @default false */
  allowInsecure?: boolean | undefined;
  /** Called after every attempt, without secrets. What it throws is ignored. */
  onAttempt?: ((event: AttemptEvent) => void) | undefined;
  /** Sends a `traceparent` (W3C Trace Context), except in browsers, where CORS forbids it. @default true */
  traceparent?: boolean | undefined;
}

export interface CallOptions {
  /** Ends the call at once, with a {@link KaitenAbortError}. */
  signal?: AbortSignal | undefined;
  /** As in {@link ClientOptions}. */
  timeout?: number | undefined;
  /** As in {@link ClientOptions}. */
  retries?: number | undefined;
  /** Resolves with `absent` also at the first attempt. @default false */
  ignoreAbsent?: boolean | undefined;
  /**
   * An earlier attempt, in another call or process, may have revoked the token. Then `absent` resolves, and a call that
   * ends without proof is `unknown`, also when it sent nothing. @default false
   */
  maybeRevoked?: boolean | undefined;
}

export interface BulkOptions extends Omit<CallOptions, "maybeRevoked"> {
  /** Takes no new reference. Requests in flight finish, their results are yielded, then `signal.reason` is thrown. */
  signal?: AbortSignal | undefined;
  /** How many tokens may be worked on at once, 1 to 256. @default 8 */
  concurrency?: number | undefined;
  /** Called when the run pauses or goes on. What it throws is ignored. */
  onPace?: ((event: PaceEvent) => void) | undefined;
}

export interface VerifyOptions {
  /** Ends the call at once; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** As in {@link ClientOptions}. */
  timeout?: number | undefined;
}

/** A reference for `revokeAll`. */
export type BulkRef = TokenRef & {
  /** As in {@link CallOptions}, for this token. @default false */
  maybeRevoked?: boolean | undefined;
};

/** References from anywhere. `next()` may be called again before an earlier call has settled. */
export type BulkRefs = Iterable<BulkRef> | AsyncIterable<BulkRef>;

/** What the run as a whole does: the server limits the rate, nothing answers, or all is well again. */
export type PaceEvent = { state: "paused"; ms: number } | { state: "outage" } | { state: "running" };

/** What results, errors and events have in common. */
interface Evidence {
  /** The token that was named. */
  ref: TokenRef;
  /** When it was known: ISO 8601, by the local clock. */
  at: string;
  /** HTTP status of the last answer, where one came. */
  status?: number;
  /** Id under which the server's logs know the request. */
  traceId?: string;
  /** Id of the entry in the server's log, for the vendor's support. */
  errorId?: string;
}

/** The token is revoked, or no longer found by the API. */
export interface Revocation extends Evidence {
  /** `absent`: no longer found, after an attempt that may have revoked it, or accepted by `ignoreAbsent`. */
  outcome: "revoked" | "absent";
  /** How many attempts were made. */
  attempts: number;
}

interface BulkEvidence extends Omit<Evidence, "ref"> {
  /** The reference, as it was given. */
  ref: BulkRef;
  /** How many attempts were made; 0 for a bad reference, and for a token whose turn never came. */
  attempts: number;
}

/** What became of one reference. `error` says why the token may still be active. */
export type TokenResult = BulkEvidence &
  (
    | { outcome: "revoked"; error?: undefined }
    | { outcome: "absent"; error?: KaitenError }
    | { outcome: "not-revoked" | "unknown"; error: KaitenError | TypeError }
  );

/** Whether a secret is still accepted at this base URL, by the replica that answered. */
export interface Verification {
  /**
   * `active`: accepted. `inactive`: not accepted; also for a mistyped secret or one of another deployment, and other
   * replicas may accept it for up to five minutes after its revocation. `unknown`: the answer proves nothing.
   */
  validity: "active" | "inactive" | "unknown";
  /** Whether it may revoke tokens (scope `write:tokens`), where that is known. */
  canRevoke?: boolean;
  /** For people: what happened, what it means for the secret, and, if that is `unknown`, what to do. */
  reason: string;
  at: string;
  traceId?: string;
}

/** One attempt, as {@link ClientOptions.onAttempt} gets it. Never holds the credential. */
export interface AttemptEvent extends Evidence {
  /** From 1. */
  number: number;
  /** Where the request went, or would have gone. */
  url: string;
  /** Why no answer came. */
  error?: string;
  /** What is known of the token after this attempt. */
  outcome: Outcome;
  /** Duration of the attempt in ms. */
  ms: number;
  /** Time until the next attempt in ms; missing after the last. */
  delay?: number;
}

export interface KaitenClient {
  serviceAccounts: {
    /** The API tokens of service accounts. */
    tokens: {
      /**
       * Revokes a token. Resolves with `revoked` after a 204 to this very call, or with `absent` when the API no longer
       * finds the token after an attempt that may have revoked it. Other replicas of the API may accept a revoked token
       * for up to five minutes: {@link KaitenClient.verify} shows whether they do.
       *
       * @throws {TypeError} for a bad argument. Nothing was sent.
       * @throws {KaitenError} in all other cases; its `outcome` says what is known of the token.
       * @example
       * const { outcome } = await kaiten.serviceAccounts.tokens.revoke({
       *   serviceAccountSlug: "ci-bot",
       *   tokenSlug: "deploy-key",
       * });
       */
      revoke(ref: TokenRef, options?: CallOptions): Promise<Revocation>;

      /**
       * Revokes many tokens and yields one result per reference as it settles. It adapts to rate limits, waits out an
       * outage of up to `maxRetryAfter`, and stops when going on is pointless (credential refused, wrong base URL): the
       * rest then yield a {@link KaitenNotAttemptedError}. Duplicates are sent twice.
       *
       * @param refs any iterable or async iterable, of any length. It is closed at the end.
       * @throws {TypeError} at once, for a bad option or something that cannot be iterated.
       * @throws the signal's reason, or what the source threw, after the results of all requests in flight.
       * @example
       * for await (const { ref, outcome, error } of kaiten.serviceAccounts.tokens.revokeAll(refs)) {
       *   if (error) console.error(ref.tokenSlug, outcome, error.message);
       * }
       */
      revokeAll(refs: BulkRefs, options?: BulkOptions): AsyncGenerator<TokenResult, void, undefined>;
    };
  };

  /**
   * Asks whether a secret is still accepted, and destroys nothing: it sends a DELETE for a random token that cannot
   * exist, with that secret. Do not verify a leaked secret before revoking it: that fills the caches which accept it.
   *
   * @param secret the token to verify. @default the client's own
   * @throws {TypeError} for a secret that cannot be a bearer token here.
   * @throws the signal's reason.
   */
  verify(secret?: string, options?: VerifyOptions): Promise<Verification>;
}
