// What a caller may set, checked once, at the door: after that it is trusted.
import type { Fetch, TokenRef } from "./call/attempt.js";
import { type TokenProvider, tokenFault } from "./call/credential.js";
import type { AttemptEvent } from "./call/revoke.js";
import type { TokenRefs } from "./call/revoke-all.js";
import { assertSlug } from "./slug.js";

export interface ClientOptions {
  /**
   * Where the API is, its path prefix included: `https://kaiten.example.com/api`. Required, so that a credential never
   * goes to a host by mistake.
   */
  baseUrl: string | URL;
  /** The bearer token, or what gives it. */
  token: string | TokenProvider;
  /**
   * Sends a request. Default: the platform's `fetch`. It must pass on the `init` it is given, follow no redirect, and
   * send no request twice: what a wrapper or an agent repeats by itself (undici's RetryAgent, say) cannot be seen from
   * here, and a refusal of the second request would pass for the whole truth. Nor may it reject with the failure of
   * another request: a refused connection proves that this one was never sent. Its answers have web streams as bodies.
   */
  fetch?: Fetch | undefined;
  /**
   * How long an attempt may take, waiting for the token and reading the body included, in ms. Default 10 000. A provider
   * that is asked for another token after a 401 may take as long again.
   */
  timeout?: number | undefined;
  /** How many attempts may follow the first. Default 2. A refreshed token's attempt is not counted. */
  retries?: number | undefined;
  /** The longest `Retry-After` that is waited for, in ms; a longer one ends the call at once. Default 60 000. */
  maxRetryAfter?: number | undefined;
  /** Allows plain http to a host that is not loopback: whoever listens on the way can read the credential. Default false. */
  allowInsecure?: boolean | undefined;
  /** Told of every attempt that came to an end, with nothing secret in it. What it throws is ignored. */
  onAttempt?: ((event: AttemptEvent) => void) | undefined;
}

export interface CallOptions {
  /** Ends the call at once: it rejects with the signal's reason, and the token may be revoked or not. */
  signal?: AbortSignal | undefined;
  /** As in {@link ClientOptions}. */
  timeout?: number | undefined;
  /** As in {@link ClientOptions}. */
  retries?: number | undefined;
  /** Resolves also when the API has no active token by that slug. Default false. */
  ignoreAbsent?: boolean | undefined;
}

export interface BulkOptions extends CallOptions {
  /** How many tokens may be in work at once, from 1 to 256. Default 8. */
  concurrency?: number | undefined;
  /**
   * Takes no new reference; what is in flight comes to its end and is yielded, then the iteration throws the signal's
   * reason.
   */
  signal?: AbortSignal | undefined;
}

/** The options of a client with their defaults. */
export interface Settings {
  timeout: number;
  retries: number;
  maxRetryAfter: number;
  onAttempt: ClientOptions["onAttempt"];
}

/** The settings of one call. */
export interface CallSettings extends Settings {
  signal: AbortSignal | undefined;
  ignoreAbsent: boolean;
}

/** setTimeout takes 31 bits: a longer time would end at once. */
const LONGEST = 2 ** 31 - 1;

type Check = readonly [fits: (value: unknown) => boolean, expected: string];

const isInteger = (least: number, most: number) => (value: unknown) =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
const isFunction = (value: unknown) => typeof value === "function";
const isBoolean: Check = [(value) => typeof value === "boolean", "true or false"];

const COMMON: Record<string, Check> = {
  timeout: [isInteger(1, LONGEST), `whole ms from 1 to ${LONGEST}`],
  retries: [isInteger(0, 100), "a whole number from 0 to 100"],
};
const CLIENT: Record<string, Check> = {
  ...COMMON,
  baseUrl: [
    (value) => typeof value === "string" || value instanceof URL,
    "a URL, such as https://kaiten.example.com/api",
  ],
  token: [(value) => typeof value === "string" || isFunction(value), "a string or a function that gives one"],
  fetch: [isFunction, "a function"],
  maxRetryAfter: [isInteger(0, LONGEST), `whole ms from 0 to ${LONGEST}`],
  allowInsecure: isBoolean,
  onAttempt: [isFunction, "a function"],
};
const CALL: Record<string, Check> = {
  ...COMMON,
  signal: [(value) => value instanceof AbortSignal, "an AbortSignal"],
  ignoreAbsent: isBoolean,
};
const BULK: Record<string, Check> = { ...CALL, concurrency: [isInteger(1, 256), "a whole number from 1 to 256"] };

/** Names of required options are given without a value: a message must not show one that is a credential. */
function assertOptions(options: unknown, checks: Record<string, Check>, required: readonly string[] = []): void {
  if (typeof options !== "object" || options === null) throw new TypeError("The options must be an object.");
  for (const name of required) {
    if ((options as Record<string, unknown>)[name] === undefined) throw new TypeError(`The option ${name} is missing.`);
  }
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(checks, name)) continue;
    throw new TypeError(`There is no option ${name}. There are: ${Object.keys(checks).join(", ")}.`);
  }
  for (const [name, [fits, expected]] of Object.entries(checks)) {
    const value = (options as Record<string, unknown>)[name];
    if (value !== undefined && !fits(value)) throw new TypeError(`The option ${name} must be ${expected}.`);
  }
}

/** RFC 1122 §3.2.1.3 and RFC 4291 §2.5.3, as WHATWG URLs write them. Names below localhost may be asked of a DNS server. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** @returns the URL without a slash at its end. */
function checkBaseUrl(baseUrl: string | URL, allowInsecure: boolean): string {
  const refuse = (fault: string) => {
    throw new TypeError(`The option baseUrl ${fault}. Give one such as https://kaiten.example.com/api.`);
  };
  if (!URL.canParse(baseUrl)) refuse("is not a whole URL");
  const { protocol, hostname, username, password, href } = new URL(baseUrl);
  if (protocol !== "https:" && protocol !== "http:") refuse("must begin with https:// (or http:// on this machine)");
  if (username || password) refuse("has a user or password in it, which would be logged");
  if (/[?#]/.test(href)) refuse("has a query or fragment");
  if (protocol === "http:" && !allowInsecure && !LOOPBACK.test(hostname)) {
    refuse(`would send the credential over plain http to ${hostname}: use https, or set allowInsecure`);
  }
  return href.replace(/\/+$/, "");
}

/** @throws {TypeError} naming the option and what it must be. */
export function checkClientOptions(options: ClientOptions): Settings & { baseUrl: string } {
  assertOptions(options, CLIENT, ["baseUrl", "token"]);
  const { token, timeout = 10_000, retries = 2, maxRetryAfter = 60_000, allowInsecure = false, onAttempt } = options;
  const fault = typeof token === "string" && tokenFault(token);
  if (fault) throw new TypeError(`The option token ${fault}.`);
  return { baseUrl: checkBaseUrl(options.baseUrl, allowInsecure), timeout, retries, maxRetryAfter, onAttempt };
}

/** @throws {TypeError} naming the option and what it must be. */
export function checkCallOptions(settings: Settings, options: CallOptions): CallSettings {
  assertOptions(options, CALL);
  return callSettings(settings, options);
}

/** @throws {TypeError} naming the option and what it must be. */
export function checkBulkOptions(settings: Settings, options: BulkOptions): CallSettings & { concurrency: number } {
  assertOptions(options, BULK);
  return { ...callSettings(settings, options), concurrency: options.concurrency ?? 8 };
}

function callSettings(settings: Settings, options: CallOptions): CallSettings {
  const { maxRetryAfter, onAttempt } = settings;
  const { signal, timeout = settings.timeout, retries = settings.retries, ignoreAbsent = false } = options;
  return { signal, timeout, retries, ignoreAbsent, maxRetryAfter, onAttempt };
}

/**
 * @returns a copy: what was checked is what is sent.
 * @throws {TypeError} naming the slug and what is wrong with it.
 */
export function checkRef(ref: TokenRef): TokenRef {
  if (typeof ref !== "object" || ref === null) {
    throw new TypeError("The first argument must be { serviceAccountSlug, tokenSlug }. Nothing was sent.");
  }
  const { serviceAccountSlug, tokenSlug } = ref;
  assertSlug("serviceAccountSlug", serviceAccountSlug);
  assertSlug("tokenSlug", tokenSlug);
  return { serviceAccountSlug, tokenSlug };
}

/** @throws {TypeError} for what is not an iterable of references. A string is one, of characters. */
export function checkRefs(refs: TokenRefs): TokenRefs {
  if (typeof refs !== "object" || refs === null || !(Symbol.asyncIterator in refs || Symbol.iterator in refs)) {
    throw new TypeError("The first argument must be an iterable or async iterable of references. Nothing was sent.");
  }
  return refs;
}
