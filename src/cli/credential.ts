// The credential: from the environment, a file, standard input or a hidden prompt. It is never shown, nor what names it.
import { readFileSync, statSync } from "node:fs";
import { tokenFault } from "../call/credential.js";
import type { TokenProvider } from "../index.js";
import { claimsOf, senderOf } from "./sender.js";
import { ask, canAsk } from "./ui/question.js";
import { UsageError } from "./usage-error.js";

export interface Credential {
  /** As it is at the beginning. */
  secret: string;
  /** Where it came from. */
  source: string;
  token: string | TokenProvider;
}

/** @throws {UsageError} saying what is wrong, without the credential. */
export async function readCredential(tokenFile: string | undefined, mayAsk: boolean): Promise<Credential> {
  if (tokenFile !== undefined) return fromFile(tokenFile);
  const { KAITEN_AUTH_TOKEN } = process.env;
  if (KAITEN_AUTH_TOKEN) return fixed(KAITEN_AUTH_TOKEN, "KAITEN_AUTH_TOKEN");
  if (!mayAsk || !canAsk()) {
    throw new UsageError("There is no credential: set KAITEN_AUTH_TOKEN, or pass --token-file PATH.");
  }
  return fixed(await ask("Credential (hidden): ", { hidden: true }), "the prompt");
}

function fixed(text: string, source: string): Credential {
  const secret = text.trim();
  const fault = tokenFault(secret);
  if (fault) throw new UsageError(`The credential from ${source} ${fault}.`);
  return { secret, source, token: secret };
}

function fromFile(path: string): Credential {
  const source = path === "-" ? "standard input" : "--token-file";
  const first = fixed(readToken(path), source);
  // A pipe can be read only once.
  if (path === "-" || !statSync(path).isFile()) return first;
  let current = first.secret;
  // What rotates the credential rewrites the file: a refused one is read again.
  const token: TokenProvider = ({ rejected }) => {
    if (rejected) current = sameOwner(fixed(readToken(path), source).secret, first.secret);
    return current;
  };
  return { ...first, token };
}

/** In another organization, a token that an earlier request did not reach would be absent, and that would be success. */
function sameOwner(secret: string, first: string): string {
  const isJwt = claimsOf(secret) ?? claimsOf(first);
  if (isJwt && senderOf(secret, "") !== senderOf(first, "")) {
    const what = "The file of --token-file now has the credential of another user or organization";
    throw new UsageError(
      `${what}. Nothing more is sent with it. Restore the first one and run the same command again.`,
    );
  }
  return secret;
}

/** The message leaves the path out: people paste credentials there by mistake. */
function readToken(path: string): string {
  try {
    return readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (error) {
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    throw new UsageError(`Cannot read the file of --token-file (${code}). It must contain the credential.`);
  }
}

/** Whom the credential belongs to, as far as it says. */
export function describe({ secret, source }: Credential): string {
  const claims = claimsOf(secret);
  if (!claims) return `access token from ${source}`;
  const named = Object.entries(claims).filter(([name]) => name === "sub" || /org/i.test(name));
  const told = named.map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`);
  const expiry = expiryOf(secret);
  if (expiry !== undefined) told.push(`expires ${new Date(expiry).toISOString()}`);
  return ["JWT", ...told].join(", ");
}

/** By the clock of this machine. */
export const hasExpired = ({ secret }: Credential): boolean => (expiryOf(secret) ?? Infinity) <= Date.now();

/** In ms since 1970, where a date can be so late. */
function expiryOf(secret: string): number | undefined {
  const exp = claimsOf(secret)?.exp;
  return typeof exp === "number" && Math.abs(exp) <= 8.64e12 ? exp * 1000 : undefined;
}
