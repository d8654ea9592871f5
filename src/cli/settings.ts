// What the options and the environment give, checked before anything is asked or sent.
import type { SendingFetch } from "../call/attempt.js";
import { checkBulkOptions, checkClientOptions, isLoopback, OptionError } from "../check.js";
import { openClient } from "../client.js";
import type { ClientOptions, Fetch, TokenProvider } from "../index.js";
import { SECRET_IN_URL } from "./credential.js";
import { UsageError } from "./exit.js";
import { type Io, readText } from "./io.js";
import type { ProxyVariables } from "./network.js";

type Texts = Record<"baseUrl" | "tokenFile" | "headerFile" | "from" | "secretFile", string>;
type Switches = Record<"allowInsecure" | "json" | "all" | "yes" | "dryRun" | "skipBad" | "verbose", boolean>;
/** The options of all commands, as they were typed. `timeout` is in seconds, `for` in ms. */
export type Flags = Partial<Texts & Switches & Record<"timeout" | "retries" | "concurrency" | "for", number>>;

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
  const { fetch, inFlight } = lazyFetch(isLoopback(new URL(baseUrl).hostname) ? undefined : proxyOf(io.env));
  return {
    /** Without a slash at its end. */
    baseUrl,
    /** In ms. */
    timeout,
    /** How many requests have no answer yet. */
    inFlight,
    openClient: (token: TokenProvider, onAttempt?: ClientOptions["onAttempt"]) =>
      openClient({ ...options, baseUrl, token, fetch, onAttempt }),
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
    const names: Record<string, string> = { headers: "The file of --header-file", baseUrl: "The base URL" };
    // Whether it is plain http is checked last: then the option would help.
    const advice = fault.startsWith("would send") ? " For plain http, pass --allow-insecure." : "";
    throw new UsageError(`${names[option] ?? `--${option}`} ${fault}.${advice}`);
  }
}

/** Lines `Name: value`. Messages show none of them: they can be secrets. */
async function readHeaders(path: string, io: Io): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [index, line] of (await readText(path, io, "--header-file")).split("\n").entries()) {
    if (line.trim() === "") continue;
    const [name = "", ...values] = line.split(":");
    const key = name.trim().toLowerCase();
    const fault = values.length === 0 ? "is not of the form Name: value" : "names a header once more";
    if (values.length === 0 || Object.hasOwn(headers, key))
      throw new UsageError(`Line ${index + 1} of the file of --header-file ${fault}.`);
    headers[key] = values.join(":").trim();
  }
  return headers;
}

/** That undici takes: also without a faulty escape. */
const PROXY = /^https?:\/\/(?!.*%(?![0-9a-f]{2}))/i;

/** @throws {UsageError} naming the variable, never its value: it may have a password. */
function proxyOf(env: Io["env"]): ProxyVariables | undefined {
  const [httpProxy = "", httpsProxy = ""] = ["HTTP_PROXY", "HTTPS_PROXY"].map((name) => {
    const found = [name.toLowerCase(), name].find((each) => env[each]) ?? name;
    const value = env[found] ?? "";
    if (value === "" || (PROXY.test(value) && URL.canParse(value))) return value;
    throw new UsageError(`${found} must be a URL such as http://proxy.example.com:8080.`);
  });
  if (!httpProxy && !httpsProxy) return undefined;
  return { httpProxy, httpsProxy, noProxy: env.no_proxy ?? env.NO_PROXY ?? "" };
}

/** Loads undici for the first request, and counts requests. */
function lazyFetch(proxy: ProxyVariables | undefined) {
  let pending = 0;
  let loading: Promise<Fetch> | undefined;
  const send: Fetch = async (url, init) => {
    loading ??= import("./network.js").then((network) => network.createFetch(proxy));
    const fetch = await loading;
    pending++;
    return fetch(url, init).finally(() => pending--);
  };
  const fetch: SendingFetch = Object.assign(send, { reportsStart: true as const });
  return { fetch, inFlight: () => pending };
}
