// The credential: from a file, standard input, the environment or a hidden prompt. It is never shown, nor what names it.
import { createReadStream, readFileSync, statSync } from "node:fs";
import type { TokenProvider } from "../index.js";
import { tokenFault } from "../secret.js";
import { UsageError } from "./errors.js";
import type { Io } from "./io.js";
import { expiryOf, isSameOwner } from "./jwt.js";
import type { Output } from "./ui/output.js";
import { ask, canAsk } from "./ui/question.js";

export interface Credential {
  /** As it is now. */
  readonly secret: string;
  /** Where it came from. */
  readonly source: string;
  /** For the client. */
  readonly token: TokenProvider;
  /** Whether it is a file that can be read again. */
  readonly isRenewed: boolean;
  /** Whether a person can be asked for another one. */
  readonly mayAsk: boolean;
  /** Whether it has expired, by the clock of this machine. A file is read again before that is said. */
  hasExpired(): boolean;
  /**
   * Asks for another one.
   *
   * @param sameOwner whether it must be of the same user and organization, as far as they say.
   * @throws {Interrupted}
   */
  askAgain(why: string, options: { sameOwner: boolean; signal?: AbortSignal }): Promise<void>;
}

const PROMPT = "Credential (hidden): ";

/**
 * @param isAttended whether a person watches the run, and can be asked again for a credential that was not typed.
 * @throws {UsageError} saying what is wrong, without the credential.
 */
export async function openCredential(
  tokenFile: string | undefined,
  { io, stderr, isAttended }: { io: Io; stderr: Output; isAttended: boolean },
): Promise<Credential> {
  const isFile = tokenFile !== undefined && tokenFile !== "-" && isRegular(tokenFile);
  let { secret, source } = await readFirst(tokenFile, io, stderr);
  /** What rotates the credential rewrites the file. */
  function readAgain(): void {
    const found = checked(readFile(tokenFile as string), source);
    if (isSameOwner(secret, found) === false) {
      throw new UsageError(
        "The file of --token-file now has the credential of another user or organization, where the same names are other tokens. Nothing more is sent with it. Restore the first one, and run the same command again.",
      );
    }
    secret = found;
  }
  const expiresBy = (time: number) => (expiryOf(secret) ?? Number.POSITIVE_INFINITY) <= time;
  return {
    get secret() {
      return secret;
    },
    get source() {
      return source;
    },
    isRenewed: isFile,
    get mayAsk() {
      return canAsk(io) && (isAttended || source === "the prompt");
    },
    token({ rejected }) {
      if (rejected === secret && isFile) readAgain();
      return secret;
    },
    hasExpired() {
      if (expiresBy(io.now()) && isFile) readAgain();
      return expiresBy(io.now());
    },
    async askAgain(why, { sameOwner, signal }) {
      stderr.tell(why);
      for (;;) {
        const typed = await askFor(PROMPT, io, stderr, signal);
        if (!sameOwner || isSameOwner(secret, typed) !== false) {
          [secret, source] = [typed, "the prompt"];
          return;
        }
        stderr.tell("This is the credential of another user or organization, where the same names are other tokens.");
      }
    },
  };
}

async function readFirst(tokenFile: string | undefined, io: Io, stderr: Output) {
  const { KAITEN_AUTH_TOKEN } = io.env;
  if (tokenFile === "-" && !canAsk(io)) {
    return { secret: checked(await readInput(io), "standard input"), source: "standard input" };
  }
  if (tokenFile !== undefined && tokenFile !== "-") {
    const text = isRegular(tokenFile) ? readFile(tokenFile) : await readPipe(tokenFile);
    return { secret: checked(text, "--token-file"), source: "--token-file" };
  }
  if (tokenFile === undefined && KAITEN_AUTH_TOKEN) {
    return { secret: checked(KAITEN_AUTH_TOKEN, "KAITEN_AUTH_TOKEN"), source: "KAITEN_AUTH_TOKEN" };
  }
  if (!canAsk(io)) throw new UsageError(NO_CREDENTIAL);
  return { secret: await askFor(PROMPT, io, stderr), source: "the prompt" };
}

export const NO_CREDENTIAL = "There is no credential: set KAITEN_AUTH_TOKEN, or pass --token-file PATH.";

function checked(text: string, source: string): string {
  const secret = text.trim();
  const fault = tokenFault(secret);
  if (fault) throw new UsageError(`The credential from ${source} ${fault}. Nothing was sent.`);
  return secret;
}

/** Asks until it can be sent. @throws {Interrupted} */
export async function askFor(prompt: string, io: Io, stderr: Output, signal?: AbortSignal): Promise<string> {
  for (;;) {
    const secret = (await ask(io, prompt, { hidden: true, signal })).trim();
    const fault = tokenFault(secret);
    if (!fault) return secret;
    stderr.tell(`What you typed ${fault}.`);
  }
}

/** Whoever writes it may need a minute. */
export async function readInput({ stdin }: Pick<Io, "stdin">): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

const isRegular = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() !== false;

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw unreadable(error);
  }
}

/** As of `<(vault read …)`: it can be read once, and blocks until it is written. */
async function readPipe(path: string): Promise<string> {
  let text = "";
  try {
    for await (const chunk of createReadStream(path, "utf8")) text += chunk;
  } catch (error) {
    throw unreadable(error);
  }
  return text;
}

/** The message leaves the path out: people paste credentials there by mistake. */
function unreadable(error: unknown): UsageError {
  const { code = "unknown error" } = error as NodeJS.ErrnoException;
  return new UsageError(`Cannot read the file of --token-file (${code}). It must contain the credential.`);
}
