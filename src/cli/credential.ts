// The credential: from a file, standard input, the environment or a hidden prompt. It is never shown, nor what names it.
import { statSync } from "node:fs";
import type { TokenProvider } from "../index.js";
import { tokenFault } from "../secret.js";
import { UsageError } from "./exit.js";
import { type Io, readText } from "./io.js";
import type { Output } from "./ui/output.js";
import { ask, canAsk } from "./ui/question.js";

/** The claims of a JWT, without proof: its signature is not checked. */
export function claimsOf(secret: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const [, claims = "", signature] = secret.split(".");
    return signature === undefined ? undefined : Object(JSON.parse(Buffer.from(claims, "base64url").toString()));
  } catch {
    return undefined;
  }
}

/** The user and the organization, as far as it says. */
const ownerOf = (claims: object) => Object.entries(claims).filter(([name]) => name === "sub" || /org/i.test(name));

/** Whom the credential belongs to, for the person who is asked. */
export function describe({ secret, source }: Pick<Credential, "secret" | "source">): string {
  const claims = claimsOf(secret);
  if (!claims) return `access token from ${source}`;
  const owner = ownerOf(claims).map(
    ([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const expiry = expiryOf(secret);
  return [
    `JWT from ${source}`,
    ...owner,
    ...(expiry < MAX_DATE ? [`expires ${new Date(expiry).toISOString()}`] : []),
  ].join(", ");
}

/** Whether two credentials are of the same user and organization; undefined where neither of them says. */
export function isSameOwner(one: string, other: string): boolean | undefined {
  if (one === other) return true;
  const [first, second] = [one, other].map(
    (secret) => claimsOf(secret) && JSON.stringify(ownerOf(claimsOf(secret) ?? {}).sort()),
  );
  return first === undefined && second === undefined ? undefined : first === second;
}

/** The latest that there is (ECMA-262 §21.4.1.1). */
const MAX_DATE = 8.64e15;

/** In ms since 1970; never, where it does not say. */
export function expiryOf(secret: string): number {
  const exp = claimsOf(secret)?.exp;
  return typeof exp === "number" && exp * 1000 < MAX_DATE ? exp * 1000 : Number.POSITIVE_INFINITY;
}

export interface Credential {
  /** As it is now. */
  readonly secret: string;
  /** Where it came from. */
  readonly source: string;
  readonly token: TokenProvider;
  /** Whether it is a file, which is read again when the credential is refused. */
  readonly isFile: boolean;
  /** Whether a person can be asked for another one. */
  readonly mayAsk: boolean;
  /** By the clock of this machine. A file is read again before that is said. */
  hasExpired(): Promise<boolean>;
  /** @param sameOwner whether another user or organization is refused, as far as the credential says. */
  askAgain(why: string, sameOwner: boolean, signal: AbortSignal): Promise<void>;
}

const PROMPT = "Credential (hidden): ";
const OTHER_OWNER = "the credential of another user or organization, where the same names are other tokens.";
export const SECRET_IN_URL =
  "The base URL contains a secret. URLs are shown and logged: take it out, and treat it as leaked.";
export const NO_CREDENTIAL = "There is no credential: set KAITEN_AUTH_TOKEN, or pass --token-file PATH.";

interface Opened {
  io: Io;
  stderr: Output;
  /** Whether a person watches, and can be asked again for a credential that was not typed. */
  isAttended: boolean;
}

/** @throws {UsageError} saying what is wrong, without the credential. */
export async function openCredential(
  path: string | undefined,
  { baseUrl }: { baseUrl: string },
  { io, stderr, isAttended }: Opened,
): Promise<Credential> {
  const isFile = path !== undefined && path !== "-" && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  const checked = (text: string) => {
    const fault = tokenFault(text.trim());
    if (fault) throw new UsageError(`The credential from ${source} ${fault}.`);
    return text.trim();
  };
  let source = "the prompt";
  let secret = "";
  if (path !== undefined && !(path === "-" && canAsk(io))) {
    source = path === "-" ? "standard input" : "--token-file";
    secret = checked(await readText(path, io, "--token-file"));
  } else if (path === undefined && io.env.KAITEN_AUTH_TOKEN) {
    source = "KAITEN_AUTH_TOKEN";
    secret = checked(io.env.KAITEN_AUTH_TOKEN);
  } else if (canAsk(io)) secret = await askForSecret(PROMPT, io, stderr);
  else throw new UsageError(NO_CREDENTIAL);
  if (baseUrl.includes(secret)) throw new UsageError(SECRET_IN_URL);
  /** What rotates the credential rewrites the file. */
  async function readAgain(): Promise<void> {
    const found = checked(await readText(path as string, io, "--token-file"));
    if (isSameOwner(secret, found) === false) {
      throw new UsageError(
        `The file of --token-file now has ${OTHER_OWNER} Restore the first one, then run this again.`,
      );
    }
    secret = found;
  }
  return {
    get secret() {
      return secret;
    },
    get source() {
      return source;
    },
    isFile,
    get mayAsk() {
      return canAsk(io) && (isAttended || source === "the prompt");
    },
    async token({ rejected }) {
      if (rejected === secret && isFile) await readAgain();
      return secret;
    },
    async hasExpired() {
      if (expiryOf(secret) <= io.now() && isFile) await readAgain();
      return expiryOf(secret) <= io.now();
    },
    async askAgain(why, sameOwner, signal) {
      stderr.tell(why);
      let typed = await askForSecret(PROMPT, io, stderr, signal);
      while (sameOwner && isSameOwner(secret, typed) === false) {
        stderr.tell(`This is ${OTHER_OWNER}`);
        typed = await askForSecret(PROMPT, io, stderr, signal);
      }
      [secret, source] = [typed, "the prompt"];
    },
  };
}

/** Asks until it can be sent. */
export async function askForSecret(prompt: string, io: Io, stderr: Output, signal?: AbortSignal): Promise<string> {
  for (;;) {
    const secret = (await ask(io, prompt, { isHidden: true, signal })).trim();
    const fault = tokenFault(secret);
    if (!fault) return secret;
    stderr.tell(`What you typed ${fault}.`);
  }
}
