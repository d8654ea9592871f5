// What the options and the environment give, checked before anything is asked or sent.
import type { SendingFetch } from "../call/attempt.js";
import { checkBulkOptions, checkClientOptions, isLoopback, OptionError } from "../check.js";
import { openClient } from "../client.js";
import type { ClientOptions, Fetch, TokenProvider } from "../index.js";
import { SECRET_IN_URL } from "./credential.js";
import { UsageError } from "./exit.js";
import { type Io, readText } from "./io.js";

/** The options of all commands, as they were typed. */
export interface Flags {
  baseUrl?: string;
  tokenFile?: string;
  headerFile?: string;
  allowInsecure?: boolean;
  /** In seconds. */
  timeout?: number;
  retries?: number;
  json?: boolean;
  all?: boolean;
  from?: string;
  yes?: boolean;
  dryRun?: boolean;
  skipBad?: boolean;
  concurrency?: number;
  verbose?: boolean;
  secretFile?: string;
  /** In ms. */
  for?: number;
}

export type Settings = Awaited<ReturnType<typeof checkSettings>>;

/** @throws {UsageError} naming the option and what it must be. */
export async function checkSettings(flags: Flags, io: Io) {
  const { retries, allowInsecure } = flags;
  const timeout = Math.round((flags.timeout ?? 20) * 1000);
  if (!(timeout >= 1 && timeout < 2 ** 31)) throw new UsageError("--timeout must be seconds, from 0.001 to 2147483.");
  const headers = flags.headerFile === undefined ? undefined : await readHeaders(flags.headerFile, io);
  const options = { timeout, retries, allowInsecure, headers };
  const baseUrl = checkOptions({ ...options, baseUrl: baseUrlOf(flags, io), token: "none" }, flags);
  // Never through a proxy to this machine: the proxy would see the credential of a plain http request.
  const proxy = isLoopback(new URL(baseUrl).hostname) ? undefined : proxyOf(io.env);
  const { fetch, inFlight } = lazyFetch(proxy);
  return {
    /** Without a slash at its end. */
    baseUrl,
    /** In ms. */
    timeout,
    openClient: (token: TokenProvider, onAttempt?: ClientOptions["onAttempt"]) =>
      openClient({ ...options, baseUrl, token, fetch, onAttempt }),
    /** How many requests have no answer yet. */
    inFlight,
  };
}

/** What is wrong with a URL names parts of it, so secrets come first. */
function baseUrlOf(flags: Flags, { env }: Io): string {
  const baseUrl = flags.baseUrl ?? env.KAITEN_BASE_URL;
  if (!baseUrl) throw new UsageError("There is no base URL: set KAITEN_BASE_URL, or pass --base-url URL.");
  if (/ksh_|ksm_|kst_|whsec_|eyJ[^./]*\.[^./]*\./.test(baseUrl)) throw new UsageError(SECRET_IN_URL);
  return baseUrl;
}

/** @returns the base URL, normalized. */
function checkOptions(options: ClientOptions, { concurrency }: Flags): string {
  try {
    const settings = checkClientOptions(options);
    checkBulkOptions(settings, { concurrency });
    return settings.baseUrl;
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    const { option, fault } = error;
    if (option === "headers") throw new UsageError(`The file of --header-file ${fault}.`);
    if (option !== "baseUrl") throw new UsageError(`--${option} ${fault}.`);
    // That is checked last: the option would help.
    const isInsecure = /^http:/.test(String(options.baseUrl)) && fault.startsWith("would send");
    throw new UsageError(`The base URL ${fault}.${isInsecure ? " For plain http, pass --allow-insecure." : ""}`);
  }
}

/** Lines `Name: value`. Messages show none of them: they can be secrets. */
async function readHeaders(path: string, io: Io): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [index, line] of (await readText(path, io, "--header-file")).split("\n").entries()) {
    if (line.trim() === "") continue;
    const [, name = "", value = ""] = /^([^:]+):(.*)$/.exec(line.trim()) ?? [];
    if (name === "" || Object.hasOwn(headers, name.toLowerCase())) {
      const fault = name === "" ? "is not of the form Name: value" : "names a header once more";
      throw new UsageError(`Line ${index + 1} of the file of --header-file ${fault}.`);
    }
    headers[name.toLowerCase()] = value.trim();
  }
  return headers;
}

const PROXY_PROTOCOLS = ["http:", "https:", "socks5:"];

/** Whether undici takes it. */
function isProxy(value: string): boolean {
  try {
    const { protocol, hostname, username, password } = new URL(value);
    decodeURIComponent(username + password);
    return PROXY_PROTOCOLS.includes(protocol) && hostname !== "";
  } catch {
    return false;
  }
}

/**
 * @returns what undici's EnvHttpProxyAgent takes; undefined where no proxy is named.
 * @throws {UsageError} naming the variable, never its value: it may have a password.
 */
function proxyOf(env: Io["env"]) {
  const read = (name: string): string => {
    const [found, value] = [name.toLowerCase(), name].flatMap((each) => (env[each] ? [each, env[each]] : []));
    if (found === undefined || value === undefined || isProxy(value)) return value ?? "";
    throw new UsageError(`${found} must be a URL such as http://proxy.example.com:8080.`);
  };
  const [httpProxy, httpsProxy] = [read("HTTP_PROXY"), read("HTTPS_PROXY")];
  return httpProxy || httpsProxy ? { httpProxy, httpsProxy, noProxy: env.no_proxy ?? env.NO_PROXY ?? "" } : undefined;
}

export type ProxyVariables = NonNullable<ReturnType<typeof proxyOf>>;

/** Loads undici for the first request, and counts requests. */
function lazyFetch(proxy: ProxyVariables | undefined) {
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
