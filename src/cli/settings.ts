// What the options and the environment give, checked before anything is asked or sent.
import { readFileSync, statSync } from "node:fs";
import { tokenFault } from "../call/credential.js";
import { type ClientOptions, createKaitenClient, type KaitenClient } from "../index.js";
import { printable } from "./text.js";
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

/** Says nothing of the path: in a hurry, the credential itself is given for it. */
function readToken(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    throw new UsageError(`Cannot read what --token-file names (${code}): it must be a file that holds the credential.`);
  }
}

function readCredential({ tokenFile }: RevokeFlags): { credential: string; token: ClientOptions["token"] } {
  const credential = tokenFile === undefined ? process.env.KAITEN_AUTH_TOKEN?.trim() : readToken(tokenFile);
  if (!credential) {
    const fault = tokenFile === undefined ? "There is no credential" : "What --token-file names is empty";
    throw new UsageError(`${fault}: set KAITEN_AUTH_TOKEN, or say --token-file PATH.`);
  }
  const fault = tokenFault(credential);
  if (fault) throw new UsageError(`The credential ${fault}.`);
  // A pipe is read once: to read it again could wait for ever.
  if (tokenFile === undefined || !statSync(tokenFile).isFile()) return { credential, token: credential };
  let current = credential;
  // Whoever rotates the credential writes the file anew: a refused one is looked up again.
  const token = ({ rejected }: { rejected?: string }) => {
    if (rejected) current = readToken(tokenFile);
    return current;
  };
  return { credential, token };
}

/** @throws {UsageError} naming the option and what it must be. */
function number(name: string, value: string | undefined, expected: string, fits: (value: number) => boolean) {
  if (value === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(value) || !fits(Number(value))) {
    throw new UsageError(`--${name} must be ${expected}, not "${printable(value)}".`);
  }
  return Number(value);
}

const whole = (least: number, most: number) =>
  [
    `a whole number from ${least} to ${most}`,
    (value: number) => Number.isInteger(value) && value >= least && value <= most,
  ] as const;

const seconds = ["in seconds, from 0.001 to 86400", (value: number) => value >= 0.001 && value <= 86_400] as const;

export interface Connection {
  client: KaitenClient;
  host: string;
  concurrency: number | undefined;
  /** As it is at the beginning. */
  credential: string;
}

/** @throws {UsageError} naming the option and what to say instead. */
export function createClient(flags: RevokeFlags, onAttempt: ClientOptions["onAttempt"]): Connection {
  const baseUrl = flags.baseUrl ?? process.env.KAITEN_BASE_URL;
  if (!baseUrl) throw new UsageError("There is no base URL: say --base-url URL, or set KAITEN_BASE_URL.");
  const { credential, token } = readCredential(flags);
  const concurrency = number("concurrency", flags.concurrency, ...whole(1, 256));
  const timeout = number("timeout", flags.timeout, ...seconds);
  const retries = number("retries", flags.retries, ...whole(0, 100));
  const { allowInsecure } = flags;
  try {
    const client = createKaitenClient({
      baseUrl,
      token,
      timeout: timeout && Math.round(timeout * 1000),
      retries,
      allowInsecure,
      onAttempt,
    });
    return { client, host: new URL(baseUrl).host, concurrency, credential };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(inFlags(error.message));
  }
}

/** The library's words, with the names that are typed here. */
function inFlags(message: string): string {
  return message.replace("The option baseUrl", "The base URL").replace("set allowInsecure", "say --allow-insecure");
}
