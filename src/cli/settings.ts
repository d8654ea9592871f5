// What the options and the environment give, checked before anything is asked or sent.
import { readFileSync } from "node:fs";
import { type ClientOptions, createKaitenClient, type KaitenClient } from "../index.js";
import { UsageError } from "./usage-error.js";

/** The options of `revoke`, as they were typed. */
export interface RevokeFlags {
  from?: string;
  baseUrl?: string;
  tokenFile?: string;
  allowInsecure?: boolean;
  yes?: boolean;
  dryRun?: boolean;
  ignoreAbsent?: boolean;
  skipBad?: boolean;
  concurrency?: string;
  timeout?: string;
  retries?: string;
  json?: boolean;
  rest?: string;
  verbose?: boolean;
}

function readToken(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new UsageError(`Cannot read the token file ${file}: ${(error as Error).message}`);
  }
}

function credential({ tokenFile }: RevokeFlags): ClientOptions["token"] {
  const { KAITEN_AUTH_TOKEN } = process.env;
  if (tokenFile === undefined) {
    if (KAITEN_AUTH_TOKEN) return KAITEN_AUTH_TOKEN.trim();
    throw new UsageError("There is no credential: set KAITEN_AUTH_TOKEN, or say --token-file PATH.");
  }
  let token = readToken(tokenFile);
  if (!token) throw new UsageError(`The token file ${tokenFile} is empty.`);
  // Whoever rotates the credential writes the file anew: a refused one is looked up again.
  return ({ rejected }) => {
    if (rejected) token = readToken(tokenFile);
    return token;
  };
}

function number(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(value)) throw new UsageError(`--${name} must be a number, not "${value}".`);
  return Number(value);
}

/** @throws {UsageError} naming the option and what to say instead. */
export function createClient(
  flags: RevokeFlags,
  onAttempt: ClientOptions["onAttempt"],
): { client: KaitenClient; host: string; concurrency: number } {
  const baseUrl = flags.baseUrl ?? process.env.KAITEN_BASE_URL;
  if (!baseUrl) throw new UsageError("There is no base URL: say --base-url URL, or set KAITEN_BASE_URL.");
  const seconds = number("timeout", flags.timeout);
  const concurrency = number("concurrency", flags.concurrency) ?? 8;
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 256) {
    throw new UsageError("--concurrency must be a whole number from 1 to 256.");
  }
  try {
    const client = createKaitenClient({
      baseUrl,
      token: credential(flags),
      timeout: seconds === undefined ? undefined : Math.round(seconds * 1000),
      retries: number("retries", flags.retries),
      allowInsecure: flags.allowInsecure,
      onAttempt,
    });
    return { client, host: new URL(baseUrl).host, concurrency };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(inFlags(error.message));
  }
}

/** The library's words, with the names that are typed here. */
function inFlags(message: string): string {
  return message
    .replace("The option timeout must be whole ms from 1 to", "--timeout is in seconds, of which the ms must be 1 to")
    .replace("The option token ", "The credential ")
    .replace("The option baseUrl", "The base URL")
    .replace("The option retries", "--retries")
    .replace("set allowInsecure", "say --allow-insecure");
}
