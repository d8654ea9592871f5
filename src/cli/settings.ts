// What the options and the environment give, checked before anything is asked or sent.
import type { SendingFetch } from "../call/attempt.js";
import { checkBulkOptions, checkClientOptions, OptionError } from "../check.js";
import { type ClientOptions, createKaitenClient, type Fetch } from "../index.js";
import { holdsCredential } from "../slug.js";
import { readCredential } from "./credential.js";
import { UsageError } from "./usage-error.js";

/** The options of both commands, as they were typed. */
export interface Flags {
  baseUrl?: string;
  tokenFile?: string;
  allowInsecure?: boolean;
  /** In seconds. */
  timeout?: number;
  json?: boolean;
  /** In ms. */
  for?: number;
  from?: string;
  /** False for --no-journal. */
  journal?: string | false;
  yes?: boolean;
  dryRun?: boolean;
  ignoreAbsent?: boolean;
  maybeRevoked?: boolean;
  skipBad?: boolean;
  concurrency?: number;
  retries?: number;
  verbose?: boolean;
}

/** What a command needs to reach the API. */
export type Access = Awaited<ReturnType<typeof openAccess>>;

/** @throws {UsageError} naming the option and what it must be. */
export async function openAccess(flags: Flags) {
  const { retries, allowInsecure } = flags;
  const timeout = flags.timeout && Math.round(flags.timeout * 1000);
  // Before the credential: nobody should type theirs only to be told that the URL is wrong.
  const baseUrl = checkOptions({ baseUrl: baseUrlOf(flags), token: "none", timeout, retries, allowInsecure }, flags);
  // A list from standard input leaves nothing to type an answer on.
  const credential = await readCredential(flags.tokenFile, flags.from !== "-");
  if (holdsCredential(baseUrl, credential.secret)) throw new UsageError(SECRET_IN_URL);
  const { createFetch, inFlight } = lazyFetch(new URL(baseUrl).hostname);
  const { token } = credential;
  return {
    /** @param beforeRequest must resolve before a request is sent to the URL. */
    newClient(onAttempt?: ClientOptions["onAttempt"], beforeRequest?: (url: string) => Promise<void>) {
      const fetch = createFetch(beforeRequest);
      return createKaitenClient({ baseUrl, token, fetch, timeout, retries, allowInsecure, onAttempt });
    },
    /** Without a slash at its end. */
    baseUrl,
    credential,
    /** How many requests have no answer yet. */
    inFlight,
  };
}

const SECRET_IN_URL =
  "The base URL contains a secret. URLs are shown and logged: take it out, and treat it as leaked. Nothing was sent.";

/** What is wrong with a URL names parts of it, so secrets come first. */
function baseUrlOf({ baseUrl = process.env.KAITEN_BASE_URL }: Flags): string {
  if (!baseUrl) throw new UsageError("There is no base URL: set KAITEN_BASE_URL, or pass --base-url URL.");
  if (/ksh_|ksm_|whsec_|eyJ[^./]*\.[^./]*\./.test(baseUrl)) throw new UsageError(SECRET_IN_URL);
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
    if (option !== "baseUrl") throw new UsageError(`--${option} ${fault}.`);
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

/** Loads undici for the first request, and counts requests. */
function lazyFetch(hostname: string) {
  let pending = 0;
  let loading: Promise<Fetch> | undefined;
  const createFetch = (beforeRequest = async (_url: string) => {}): SendingFetch => {
    const send: Fetch = async (url, init) => {
      loading ??= import("./network.js").then((network) => network.createFetch(hostname));
      const fetch = await loading;
      pending++;
      try {
        await beforeRequest(url);
        return await fetch(url, init);
      } finally {
        pending--;
      }
    };
    return Object.assign(send, { reportsStart: true as const });
  };
  return { createFetch, inFlight: () => pending };
}
