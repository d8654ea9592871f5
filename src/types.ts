// Every public type. Types only: nothing here exists at run time.
import type { components, operations } from "../generated/schema.js";
import type { KaitenError } from "./errors/errors.js";

export type { Problem, ProblemStatus } from "./errors/problem.js";

/** Names a token. */
export type TokenRef = operations["delete-service-account-token"]["parameters"]["path"];

/** A service account with all its tokens, as the API's record has them. Times are RFC 3339. */
export type ServiceAccount = components["schemas"]["ServiceAccount"];

/** A token as the record has it: never its secret. */
export type Token = components["schemas"]["Token"];

/** A user of the organization. */
export type User = components["schemas"]["User"];

/**
 * What is known of a token:
 *
 * - `revoked`: recorded as revoked. The API answered 204 to our own request, or its record says so. Its replicas may
 *   accept the token for up to five minutes.
 * - `absent`: the API finds no such token, and its record, where that can be read, has none.
 * - `not-revoked`: the request was not carried out. If the token was active, it still is.
 * - `unknown`: the token may be revoked or not. Treat it as active, and ask again.
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
  /** `opaqueredirect` where a browser hides a redirect that was not followed. */
  readonly type?: string;
  /** Whether the request may have been sent more than once. By default what is known of the platform's `fetch`. */
  readonly repeated?: boolean;
  /** Read within a limit where it is a web stream; else `text()` is trusted to have one. */
  readonly body?: ReadableStream<Uint8Array> | object | null;
  text(): Promise<string>;
}

/**
 * Sends a request, as the platform's `fetch` does. It must pass on the `init` it is given, follow no redirect, and say in
 * `repeated` where it may have sent the request twice. It must reject only with the failure of this request: a refused
 * connection proves that nothing was sent.
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
  /**
   * Sent with each request, for a gateway that wants headers of its own, such as Cloudflare Access. Not `authorization`,
   * nor one that `fetch` or this client sets. Values of 16 characters or more are secrets: no message shows them.
   */
  headers?: Readonly<Record<string, string>> | undefined;
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
  /** Called after every attempt and every read of the record, without secrets. What it throws is ignored. */
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
}

export interface BulkOptions extends CallOptions {
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

/** References from anywhere. */
export type TokenRefs = Iterable<TokenRef> | AsyncIterable<TokenRef>;

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

/** The token is recorded as revoked. */
export interface Revocation extends Evidence {
  outcome: "revoked";
  /** How many attempts were made. */
  attempts: number;
  /** When it was revoked, where the record was asked: RFC 3339, by the server's clock. It may be long ago. */
  revokedAt?: string;
  /** Who revoked it, where the record was asked and says so. */
  revokedBy?: User;
}

/** Why a token may still be active. */
interface Failure extends Evidence {
  /** How many attempts were made; 0 for a bad reference, and for a token whose turn never came. */
  attempts: number;
}

/** What became of one reference; `ref` is the reference as it was given. */
export type TokenResult =
  | (Revocation & { error?: undefined })
  | (Failure & { outcome: "absent"; error: KaitenError })
  | (Failure & { outcome: "not-revoked" | "unknown"; error: KaitenError | TypeError });

/** Whether a secret is still accepted at this base URL, by the replicas that answered. */
export interface Verification {
  /**
   * `active`: accepted. `inactive`: refused twice, while the client's own credential was accepted in between; also for a
   * mistyped secret or one of another deployment, and other replicas may accept it for up to five minutes after its
   * revocation. `unknown`: the answers prove nothing.
   */
  validity: "active" | "inactive" | "unknown";
  /** Whether it may revoke tokens (scope `write:tokens`), where that is known. */
  canRevoke?: boolean;
  /** For people: what happened, what it means for the secret, and, if that is `unknown`, what to do. */
  reason: string;
  at: string;
  traceId?: string;
}

/** One attempt, or one read of the record, as {@link ClientOptions.onAttempt} gets it. Never holds the credential. */
export interface AttemptEvent extends Evidence {
  /** `DELETE` for an attempt, `GET` for a read of the record. */
  method: string;
  /** From 1, for each method. */
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
    /**
     * Reads the record of a service account: all its tokens, revoked and expired ones included.
     *
     * @throws {TypeError} for a bad argument. Nothing was sent.
     * @throws {KaitenError} where there is no such account, or no record came. Its `outcome` is `not-revoked`: reading
     * revokes nothing. The `tokenSlug` of its `ref` is empty.
     * @example
     * const { tokens } = await kaiten.serviceAccounts.get("ci-bot");
     * const active = tokens.filter((token) => token.revokedAt === undefined);
     */
    get(serviceAccountSlug: string, options?: CallOptions): Promise<ServiceAccount>;

    /** The API tokens of service accounts. */
    tokens: {
      /**
       * Revokes a token. Resolves only if the revocation is recorded: the API answered 204 to this call, or its record
       * says when the token was revoked. Other replicas of the API may accept a revoked token for up to five minutes:
       * {@link KaitenClient.verify} shows whether they do. Asking again is always safe.
       *
       * @throws {TypeError} for a bad argument. Nothing was sent.
       * @throws {KaitenError} in all other cases; its `outcome` says what is known of the token.
       * @example
       * const { outcome, revokedAt } = await kaiten.serviceAccounts.tokens.revoke({
       *   serviceAccountSlug: "ci-bot",
       *   tokenSlug: "deploy-key",
       * });
       */
      revoke(ref: TokenRef, options?: CallOptions): Promise<Revocation>;

      /**
       * Revokes many tokens and yields one result per reference as it settles. It does nothing until it is iterated. It
       * adapts to rate limits, waits out an outage of up to `maxRetryAfter`, and stops when going on is pointless
       * (credential refused, wrong base URL): the rest then yield a {@link KaitenNotAttemptedError}. Duplicates are sent
       * twice.
       *
       * @param refs any iterable or async iterable, of any length. It is closed at the end.
       * @throws {TypeError} at once, for a bad option or something that cannot be iterated.
       * @throws the signal's reason, or what the source threw, after the results of all requests in flight.
       * @example
       * for await (const { ref, outcome, error } of kaiten.serviceAccounts.tokens.revokeAll(refs)) {
       *   if (error) console.error(ref.tokenSlug, outcome, error.message);
       * }
       */
      revokeAll(refs: TokenRefs, options?: BulkOptions): AsyncGenerator<TokenResult, void, undefined>;
    };
  };

  /**
   * Asks whether a secret is still accepted, and destroys nothing: it sends a DELETE for a random token that cannot
   * exist, with that secret. A refusal counts only if the client's own credential is accepted meanwhile: an API that
   * cannot reach its database refuses everybody. Do not verify a leaked secret before revoking it: that fills the caches
   * which accept it.
   *
   * @param secret the token to verify, never the client's own.
   * @throws {TypeError} for a secret that cannot be a bearer token here.
   * @throws the signal's reason.
   * @example
   * const { validity, reason } = await kaiten.verify(leakedSecret);
   */
  verify(secret: string, options?: VerifyOptions): Promise<Verification>;
}
