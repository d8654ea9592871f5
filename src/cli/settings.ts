// What the options and the environment give, checked before anything is asked or sent.
import { readFileSync } from "node:fs";
import type { SendingFetch } from "../call/attempt.js";
import { checkBulkOptions, checkClientOptions, isLoopback, OptionError } from "../check.js";
import { openClient } from "../client.js";
import type { ClientOptions, Fetch, TokenProvider } from "../index.js";
import { UsageError } from "./errors.js";
import type { Io } from "./io.js";

/** The options of all commands, as they were typed. */
export interface Flags {
  baseUrl?: string;
  tokenFile?: string;
  headerFile?: string;
  allowInsecure?: boolean;
  /** In seconds. */
  timeout?: number;
  json?: boolean;
  all?: boolean;
  from?: string;
  yes?: boolean;
  dryRun?: boolean;
  skipBad?: boolean;
  concurrency?: number;
  retries?: number;
  verbose?: boolean;
  secretFile?: string;
  /** In ms. */
  for?: number;
}

export type Settings = ReturnType<typeof checkSettings>;

/** @throws {UsageError} naming the option and what it must be. */
export function checkSettings(flags: Flags, { env }: Io) {
  const { retries, allowInsecure, concurrency } = flags;
  const timeout = flags.timeout === undefined ? undefined : Math.round(flags.timeout * 1000);
  if (timeout !== undefined && !(timeout >= 1 && timeout < 2 ** 31)) {
    throw new UsageError("--timeout must be seconds, from 0.001 to 2147483. Nothing was sent.");
  }
  const headers = flags.headerFile === undefined ? undefined : readHeaders(flags.headerFile);
  const options = { timeout, retries, allowInsecure, headers };
  const given = baseUrlOf(flags.baseUrl ?? env.KAITEN_BASE_URL);
  const baseUrl = checkOptions({ ...options, baseUrl: given, token: "none" }, concurrency);
  const { hostname } = new URL(baseUrl);
  // Never through a proxy to this machine: the proxy would see the credential of a plain http request.
  const proxy = isLoopback(hostname) ? undefined : proxyOf(env);
  const { fetch, inFlight } = lazyFetch(proxy);
  return {
    /** Without a slash at its end. */
    baseUrl,
    timeout: timeout ?? 20_000,
    retries,
    concurrency,
    openClient: (token: TokenProvider, onAttempt?: ClientOptions["onAttempt"]) =>
      openClient({ ...options, baseUrl, token, fetch, onAttempt }),
    /** How many requests have no answer yet. */
    inFlight,
  };
}

export const SECRET_IN_URL =
  "The base URL contains a secret. URLs are shown and logged: take it out, and treat it as leaked. Nothing was sent.";

/** What is wrong with a URL names parts of it, so secrets come first. */
function baseUrlOf(baseUrl: string | undefined): string {
  if (!baseUrl) throw new UsageError("There is no base URL: set KAITEN_BASE_URL, or pass --base-url URL.");
  if (/ksh_|ksm_|kst_|whsec_|eyJ[^./]*\.[^./]*\./.test(baseUrl)) throw new UsageError(SECRET_IN_URL);
  return baseUrl;
}

/** @returns the base URL, normalized. */
function checkOptions(options: ClientOptions, concurrency: number | undefined): string {
  try {
    const settings = checkClientOptions(options);
    checkBulkOptions(settings, { concurrency });
    return settings.baseUrl;
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    const { option, fault } = error;
    if (option === "headers") throw new UsageError(`The file of --header-file ${fault}. Nothing was sent.`);
    if (option !== "baseUrl") throw new UsageError(`--${option} ${fault}. Nothing was sent.`);
    const advice = isOnlyInsecure(options) ? " For plain http, pass --allow-insecure." : "";
    throw new UsageError(`The base URL ${fault}.${advice}`);
  }
}

function isOnlyInsecure(options: ClientOptions): boolean {
  try {
    return checkClientOptions({ ...options, allowInsecure: true }) !== undefined;
  } catch {
    return false;
  }
}

/** Lines `Name: value`. Messages show no line: it can be a secret. */
function readHeaders(path: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    throw new UsageError(`Cannot read the file of --header-file (${code}). It has lines such as Name: value.`);
  }
  const headers: Record<string, string> = {};
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim().toLowerCase();
    const fault =
      colon < 1 ? "is not of the form Name: value" : name in headers ? "names a header once more" : undefined;
    if (fault) throw new UsageError(`Line ${index + 1} of the file of --header-file ${fault}. Nothing was sent.`);
    headers[name] = line.slice(colon + 1).trim();
  }
  return headers;
}

/** What undici's EnvHttpProxyAgent takes. */
export interface ProxyOptions {
  httpProxy: string;
  httpsProxy: string;
  noProxy: string;
}

const PROXY_PROTOCOLS = ["http:", "https:", "socks5:"];

/** @throws {UsageError} naming the variable, never its value: it may have a password. */
function proxyOf(env: Io["env"]): ProxyOptions {
  const read = (name: string): string => {
    const value = env[name.toLowerCase()] ?? env[name] ?? "";
    if (value === "" || isProxy(value)) return value;
    const found = env[name.toLowerCase()] === undefined ? name : name.toLowerCase();
    throw new UsageError(`${found} must be a URL such as http://proxy.example.com:8080. Nothing was sent.`);
  };
  return {
    httpProxy: read("HTTP_PROXY"),
    httpsProxy: read("HTTPS_PROXY"),
    noProxy: env.no_proxy ?? env.NO_PROXY ?? "",
  };
}

function isProxy(value: string): boolean {
  try {
    const { protocol, hostname, username, password } = new URL(value);
    decodeURIComponent(username + password);
    return PROXY_PROTOCOLS.includes(protocol) && hostname !== "";
  } catch {
    return false;
  }
}

/** Loads undici for the first request, and counts requests. */
function lazyFetch(proxy: ProxyOptions | undefined) {
  let pending = 0;
  let loading: Promise<Fetch> | undefined;
  const send: Fetch = async (url, init) => {
    loading ??= import("./network.js").then((network) => network.createFetch(proxy));
    const fetch = await loading;
    pending++;
    try {
      return await fetch(url, init);
    } finally {
      pending--;
    }
  };
  const fetch: SendingFetch = Object.assign(send, { reportsStart: true as const });
  return { fetch, inFlight: () => pending };
}
