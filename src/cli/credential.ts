// The credential: from a file, standard input, the environment or a hidden prompt. It is never shown, nor what names it.
import { statSync } from "node:fs";
import { KaitenError, type TokenRequest } from "../index.js";
import { tokenFault } from "../secret.js";
import { codeOfError, EXIT, Interrupted, UsageError } from "./exit.js";
import { readText } from "./io.js";
import type { Outputs } from "./ui/output.js";
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

/** The user and the organization, as far as a JWT says. */
const ownerOf = (claims: object) => Object.entries(claims).filter(([name]) => name === "sub" || /org/i.test(name));

/** Whether two credentials are of the same user and organization; undefined where neither of them says. */
export function isSameOwner(one: string, other: string): boolean | undefined {
  const [first, second] = [claimsOf(one), claimsOf(other)].map(
    (claims) => claims && JSON.stringify(ownerOf(claims).sort()),
  );
  return one !== other && !first && !second ? undefined : first === second;
}

/** The latest that there is (ECMA-262 §21.4.1.1). */
const MAX_DATE = 8.64e15;

/** In ms since 1970; never, where it does not say. */
export function expiryOf(secret: string): number {
  const exp = claimsOf(secret)?.exp;
  return typeof exp === "number" && exp * 1000 < MAX_DATE ? exp * 1000 : Number.POSITIVE_INFINITY;
}

/** Whom the credential belongs to, for the person who is asked. */
export function describe({ secret, source }: Pick<Credential, "secret" | "source">): string {
  const claims = claimsOf(secret);
  if (!claims) return `access token from ${source}`;
  const told = ownerOf(claims).map(
    ([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  if (expiryOf(secret) < MAX_DATE) told.push(`expires ${new Date(expiryOf(secret)).toISOString()}`);
  return [`JWT from ${source}`, ...told].join(", ");
}

const EXPIRED = "The credential has expired, by the clock of this machine.";
const PROMPT = "Credential (hidden): ";
const OTHER_OWNER = "the credential of another user or organization, where the same names are other tokens.";
export const SECRET_IN_URL =
  "The base URL contains a secret. URLs are shown and logged: take it out, and treat it as leaked.";
export const NO_CREDENTIAL = "There is no credential: set KAITEN_AUTH_TOKEN, or pass --token-file PATH.";

export type Credential = Awaited<ReturnType<typeof openCredential>>;

/** @param isAttended whether a person watches, and can be asked again for a credential that was not typed. */
export async function openCredential(path: string | undefined, baseUrl: string, outputs: Outputs, isAttended: boolean) {
  const { io, stderr } = outputs;
  /** Then it is read again when it is refused: what rotates the credential rewrites the file. */
  const isFile = path !== undefined && path !== "-" && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  const { KAITEN_AUTH_TOKEN = "" } = io.env;
  const isTyped = (path === undefined ? !KAITEN_AUTH_TOKEN : path === "-") && canAsk(io);
  if (path === undefined && !isTyped && !KAITEN_AUTH_TOKEN) throw new UsageError(NO_CREDENTIAL);
  const given = path === undefined ? "KAITEN_AUTH_TOKEN" : path === "-" ? "standard input" : "--token-file";
  const read = async () => {
    const text = path === undefined ? KAITEN_AUTH_TOKEN : await readText(path, io, "--token-file");
    const fault = tokenFault(text.trim());
    if (fault) throw new UsageError(`The credential from ${given} ${fault}.`);
    return text.trim();
  };
  async function readAgain(): Promise<void> {
    const found = await read();
    if (isSameOwner(credential.secret, found) === false)
      throw new UsageError(`The file of --token-file now has ${OTHER_OWNER}`);
    credential.secret = found;
  }
  const credential = {
    /** As it is now. */
    secret: isTyped ? await askForSecret(PROMPT, outputs) : await read(),
    source: isTyped ? "the prompt" : given,
    isFile,
    /** Whether a person can be asked for another one. */
    mayAsk: canAsk(io) && (isAttended || isTyped),
    /** For the client. */
    async token({ rejected }: TokenRequest): Promise<string> {
      if (rejected === credential.secret && isFile) await readAgain();
      return credential.secret;
    },
    /** Another one in the place of one that has expired, by the clock of this machine. */
    async renew(signal: AbortSignal): Promise<void> {
      const hasExpired = () => expiryOf(credential.secret) <= io.now();
      if (hasExpired() && isFile) await readAgain();
      if (!hasExpired()) return;
      if (!credential.mayAsk)
        throw new UsageError(`${EXPIRED} Get a new one, then run the same command again.`, EXIT.refused);
      await credential.askAgain(EXPIRED, true, signal);
    },
    /** Asks again for a credential that is refused (401), where there is somebody to ask. @param read asks the API. */
    async forReading<Result>(read: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
      for (;;) {
        try {
          return await read();
        } catch (error) {
          if (signal.aborted) throw new Interrupted();
          if (!(error instanceof KaitenError)) throw error;
          if (error.status !== 401 || !credential.mayAsk) throw new UsageError(error.summary, codeOfError(error));
          await credential.askAgain(error.summary, false, signal);
        }
      }
    },
    /** @param sameOwner whether another user or organization is refused, as far as the credential says. */
    async askAgain(why: string, sameOwner: boolean, signal: AbortSignal): Promise<void> {
      stderr.tell(why);
      let typed = await askForSecret(PROMPT, outputs, signal);
      while (sameOwner && isSameOwner(credential.secret, typed) === false) {
        stderr.tell(`This is ${OTHER_OWNER}`);
        typed = await askForSecret(PROMPT, outputs, signal);
      }
      [credential.secret, credential.source] = [typed, "the prompt"];
    },
  };
  if (baseUrl.includes(credential.secret)) throw new UsageError(SECRET_IN_URL);
  return credential;
}

/** Asks until it can be sent. */
export async function askForSecret(prompt: string, { io, stderr }: Outputs, signal?: AbortSignal): Promise<string> {
  for (;;) {
    const secret = (await ask(io, prompt, signal, true)).trim();
    const fault = secret.includes("\n") ? "has several lines" : tokenFault(secret);
    if (!fault) return secret;
    stderr.tell(`What you typed ${fault}.`);
  }
}
