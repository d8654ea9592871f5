// Checks what a caller passes, once and before anything else. The code behind it trusts what it gets.
import { headersFault } from "./headers.js";
import { tokenFault } from "./secret.js";
import { SlugError, slugFault } from "./slug.js";
import type { BulkOptions, CallOptions, ClientOptions, TokenRef, TokenRefs, VerifyOptions } from "./types.js";

/** An option is wrong. Messages never contain the value of an option: it could be the token. */
export class OptionError extends TypeError {
  /** The name of the option. */
  readonly option: string;
  /** What is wrong with it, as the end of a sentence. */
  readonly fault: string;

  constructor(option: string, fault: string) {
    super(`The option ${option} ${fault}.`);
    this.option = option;
    this.fault = fault;
  }
}

/** setTimeout takes 31 bits: a longer time would end at once. */
const MAX_MS = 2 ** 31 - 1;

type Check = readonly [isValid: (value: unknown) => boolean, expected: string];

const isInteger = (least: number, most: number) => (value: unknown) =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
const isFunction: Check = [(value) => typeof value === "function", "a function"];
const isBoolean: Check = [(value) => typeof value === "boolean", "true or false"];

const TIMEOUT: Check = [isInteger(1, MAX_MS), `whole ms from 1 to ${MAX_MS}`];
const RETRIES: Check = [isInteger(0, 100), "a whole number from 0 to 100"];
const SIGNAL: Check = [(value) => value instanceof AbortSignal, "an AbortSignal"];

const CLIENT = {
  timeout: TIMEOUT,
  retries: RETRIES,
  baseUrl: [
    (value) => typeof value === "string" || value instanceof URL,
    "a URL, such as https://kaiten.example.com/api",
  ],
  token: [
    (value) => typeof value === "string" || typeof value === "function",
    "a string, or a function that returns one",
  ],
  headers: [
    // Of a Headers or a Map, nothing would be sent.
    (value) => typeof value === "object" && value !== null && !(Symbol.iterator in value),
    "a plain object of names and values",
  ],
  fetch: isFunction,
  maxRetryAfter: [isInteger(0, MAX_MS), `whole ms from 0 to ${MAX_MS}`],
  allowInsecure: isBoolean,
  onAttempt: isFunction,
  traceparent: isBoolean,
} satisfies Record<keyof ClientOptions, Check>;

const VERIFY = { timeout: TIMEOUT, signal: SIGNAL } satisfies Record<keyof VerifyOptions, Check>;

const CALL = { ...VERIFY, retries: RETRIES } satisfies Record<keyof CallOptions, Check>;

const BULK = {
  ...CALL,
  concurrency: [isInteger(1, 256), "a whole number from 1 to 256"],
  onPace: isFunction,
} satisfies Record<keyof BulkOptions, Check>;

function assertOptions(options: unknown, checks: Record<string, Check>, required: readonly string[] = []): void {
  if (typeof options !== "object" || options === null) throw new TypeError("The options must be an object.");
  for (const name of required) {
    if ((options as Record<string, unknown>)[name] === undefined) throw new OptionError(name, "is missing");
  }
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(checks, name)) continue;
    throw new TypeError(`There is no option ${name}. There are: ${Object.keys(checks).join(", ")}.`);
  }
  for (const [name, [isValid, expected]] of Object.entries(checks)) {
    const value = (options as Record<string, unknown>)[name];
    if (value !== undefined && !isValid(value)) throw new OptionError(name, `must be ${expected}`);
  }
}

/** RFC 1122 §3.2.1.3 and RFC 4291 §2.5.3, as WHATWG URLs write them. A name below localhost may be resolved by DNS. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

export const isLoopback = (hostname: string): boolean => LOOPBACK.test(hostname);

/** @returns what is wrong with it, as the end of a sentence. */
function baseUrlFault(baseUrl: string | URL, allowInsecure: boolean): string | undefined {
  if (!URL.canParse(baseUrl)) return "must be an absolute URL";
  const { protocol, hostname, username, password, href } = new URL(baseUrl);
  if (protocol !== "https:" && protocol !== "http:") return "must begin with https:// (or http:// on this machine)";
  if (username || password) return "contains a user or password, which would be logged";
  if (/[?#]/.test(href)) return "contains a query or fragment";
  if (protocol === "http:" && !allowInsecure && !isLoopback(hostname)) {
    return `would send the credential over plain http to ${hostname}: use https, or allow it explicitly`;
  }
  return undefined;
}

/** A shorter value is an ordinary word. */
const MIN_SECRET_HEADER = 16;

/**
 * @returns the options with their defaults, and the base URL without a slash at its end.
 * @throws {OptionError} naming the option and what it must be.
 */
export function checkClientOptions(options: ClientOptions) {
  assertOptions(options, CLIENT, ["baseUrl", "token"]);
  const { token, timeout = 20_000, retries = 2, maxRetryAfter = 60_000, allowInsecure = false, onAttempt } = options;
  const { traceparent = true, headers = {} } = options;
  const fault = typeof token === "string" ? tokenFault(token) : undefined;
  if (fault) throw new OptionError("token", fault);
  const urlFault = baseUrlFault(options.baseUrl, allowInsecure);
  if (urlFault) throw new OptionError("baseUrl", `${urlFault}. Pass one such as https://kaiten.example.com/api`);
  const headerFault = headersFault(headers);
  if (headerFault) throw new OptionError("headers", headerFault);
  const baseUrl = new URL(options.baseUrl).href.replace(/\/+$/, "");
  // Lower-case names, as those that the client sets.
  const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const secretValues = Object.values(sent).filter((value) => value.length >= MIN_SECRET_HEADER);
  return { baseUrl, timeout, retries, maxRetryAfter, onAttempt, traceparent, headers: sent, secretValues };
}

/** What a call takes from its client where its own options do not say otherwise. */
export type Settings = Pick<
  ReturnType<typeof checkClientOptions>,
  "timeout" | "retries" | "maxRetryAfter" | "onAttempt"
>;

/** @throws {OptionError} naming the option and what it must be. */
export function checkCallOptions(settings: Settings, options: CallOptions) {
  assertOptions(options, CALL);
  return callSettings(settings, options);
}

/** @throws {OptionError} naming the option and what it must be. */
export function checkBulkOptions(settings: Settings, options: BulkOptions) {
  assertOptions(options, BULK);
  return { ...callSettings(settings, options), concurrency: options.concurrency ?? 8, onPace: options.onPace };
}

/** @throws {OptionError} naming the option and what it must be. */
export function checkVerifyOptions(settings: Settings, options: VerifyOptions) {
  assertOptions(options, VERIFY);
  return { ...callSettings(settings, options), onAttempt: undefined };
}

function callSettings({ maxRetryAfter, onAttempt, ...defaults }: Settings, options: CallOptions) {
  const { signal, timeout = defaults.timeout, retries = defaults.retries } = options;
  return { signal, timeout, retries, maxRetryAfter, onAttempt };
}

/**
 * @returns a copy: what was checked is what is sent.
 * @throws {TypeError} naming the slug and what is wrong with it.
 */
export function checkRef(ref: TokenRef): TokenRef {
  if (typeof ref !== "object" || ref === null) {
    throw new TypeError("The first argument must be { serviceAccountSlug, tokenSlug }. Nothing was sent.");
  }
  return {
    serviceAccountSlug: checkSlug(ref.serviceAccountSlug, "serviceAccountSlug"),
    tokenSlug: checkSlug(ref.tokenSlug, "tokenSlug"),
  };
}

/** @throws {TypeError} naming it and what is wrong with it. */
export function checkSlug(slug: string, name: string): string {
  const fault = slugFault(slug);
  if (fault) throw new SlugError(`${name} ${fault}`);
  return slug;
}

/** @throws {TypeError} for what is not an iterable of references. A string is one, of characters. */
export function checkRefs(refs: TokenRefs): TokenRefs {
  if (typeof refs !== "object" || refs === null || !(Symbol.asyncIterator in refs || Symbol.iterator in refs)) {
    throw new TypeError("The first argument must be an iterable or async iterable of references. Nothing was sent.");
  }
  return refs;
}

/** @throws {TypeError} for what cannot be sent as a bearer token. */
export function checkSecret(secret: unknown): string {
  const fault = tokenFault(secret);
  if (fault) throw new TypeError(`The secret ${fault}. It cannot be verified here, and nothing was sent.`);
  return secret as string;
}
