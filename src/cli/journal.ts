// The journal: the memory of a run and the evidence for the incident report. docs/command.md has its format.
import { randomBytes } from "node:crypto";
import { closeSync, constants, fdatasync, fdatasyncSync, fstatSync, fsyncSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { KaitenError, KaitenProblemError, type Outcome, type TokenRef, type TokenResult } from "../index.js";
import { json } from "./text.js";
import { UsageError } from "./usage-error.js";

export interface RunInfo {
  version: string;
  baseUrl: string;
  /** From `senderOf`. */
  sender: string;
}
/** `run` tells whose a line is: two processes may write at the same time. */
export type RunLine = RunInfo & { kind: "run"; format: 1; run?: string; tokens: number; at: string };
export type SendingLine = TokenRef & { kind: "sending"; run?: string; at: string };
export interface ResultLine extends TokenRef {
  kind: "result";
  run?: string;
  outcome: Outcome;
  /** A request before the last one may have revoked it: then `absent` is success, and final. */
  maybeRevoked: boolean;
  attempts: number;
  status?: number | undefined;
  code?: string | undefined;
  errorId?: string | undefined;
  traceId?: string | undefined;
  at: string;
  message?: string | undefined;
}
export type JournalLine = RunLine | SendingLine | ResultLine;

export const defaultJournal = (from: string): string => `${from}.journal.ndjson`;

/** A line could not be written, so nothing more may be sent. */
export class JournalError extends Error {}

export type Journal = ReturnType<typeof openJournal>;

/** No slug that can be sent has a slash. */
const keyOf = ({ serviceAccountSlug, tokenSlug }: TokenRef) => `${serviceAccountSlug}/${tokenSlug}`;

const now = () => new Date().toISOString();

/** With O_APPEND and one write each, lines of two processes do not mix. */
function write(descriptor: number, line: string): void {
  const bytes = Buffer.from(`${line}\n`);
  if (writeSync(descriptor, bytes) < bytes.length) throw new Error("there was space for a part of a line only");
}

/**
 * Opens or creates the file and writes the header of this run.
 *
 * @throws {UsageError} if that is impossible. Nothing was sent.
 */
export function openJournal(file: string, info: RunInfo & { tokens: number }) {
  const run = randomBytes(4).toString("hex");
  const descriptor = open(file, { kind: "run", format: 1, run, ...info, at: now() });
  let fault: JournalError | undefined;
  let nextSync: Promise<void> | undefined;
  let latestSync = Promise.resolve();
  /** When their lines are on disk. Of a token that has its result, nothing is kept. */
  const unanswered = new Map<string, Promise<void>>();

  function fail({ message }: Error): never {
    const advice = "No further token was sent. When the journal can be written, run the same command again.";
    fault ??= new JournalError(`Cannot write the journal ${file}: ${message}. ${advice}`);
    throw fault;
  }
  function append(line: SendingLine | ResultLine): void {
    // Behind a part of a line, a whole one could not be read.
    if (fault) throw fault;
    try {
      write(descriptor, json(line));
    } catch (error) {
      fail(error as Error);
    }
  }
  /** A sync that is under way may miss the latest line. All who wait share the next one. */
  function sync(): Promise<void> {
    nextSync ??= latestSync = latestSync.then(() => {
      nextSync = undefined;
      return promisify(fdatasync)(descriptor).catch(fail);
    });
    return nextSync;
  }
  return {
    /** Called before each request. Resolves when the line of the token is on disk. @throws {JournalError} */
    async sending({ serviceAccountSlug, tokenSlug }: TokenRef): Promise<void> {
      const key = keyOf({ serviceAccountSlug, tokenSlug });
      try {
        let onDisk = unanswered.get(key);
        if (!onDisk) {
          append({ kind: "sending", run, serviceAccountSlug, tokenSlug, at: now() });
          onDisk = sync();
          unanswered.set(key, onDisk);
        }
        await onDisk;
      } catch (error) {
        unanswered.delete(key);
        throw error;
      }
    },
    /** Whether nothing was sent for the token since its line, or that of another, could not be written. */
    refused: (ref: TokenRef): boolean => fault !== undefined && !unanswered.has(keyOf(ref)),
    /** Does not throw: `close` does, and every later `sending`. */
    result({ kind, ...line }: ResultLine): void {
      unanswered.delete(keyOf(line));
      try {
        append({ kind, run, ...line });
      } catch {
        // `fault` keeps it.
      }
    },
    /** Resolves when all lines are on disk. @throws {JournalError} if any is missing. */
    async close(): Promise<void> {
      try {
        await sync();
        if (fault) throw fault;
      } finally {
        fault ??= new JournalError(`The journal ${file} is closed.`);
        closeSync(descriptor);
      }
    },
  };
}

function open(file: string, header: RunLine): number {
  let descriptor: number | undefined;
  try {
    // O_NONBLOCK: without a reader, opening a pipe would wait for one.
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK;
    descriptor = openSync(file, flags, 0o600);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new Error("it is not a regular file");
    for (const output of [1, 2]) {
      const { dev, ino } = fstatSync(output);
      if (dev === stat.dev && ino === stat.ino) throw new Error("the output of this command goes there");
    }
    // The line before may be torn.
    write(descriptor, `\n${json(header)}`);
    fdatasyncSync(descriptor);
    syncName(file);
    return descriptor;
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    const advice = "Pass --journal FILE with another name, or --no-journal. Nothing was sent.";
    throw new UsageError(`Cannot write the journal ${file}: ${(error as Error).message}. ${advice}`);
  }
}

/** After a power failure, a new file is there only if its folder is on disk, too. */
function syncName(file: string): void {
  let folder: number | undefined;
  try {
    folder = openSync(dirname(file), constants.O_RDONLY);
    fsyncSync(folder);
  } catch {
    // Not every system can do this for a folder, nor may every user read it.
  } finally {
    if (folder !== undefined) closeSync(folder);
  }
}

/**
 * The line of a result, for the journal and for `--json`.
 *
 * Call `revokeAll` without `ignoreAbsent`: only then does an `absent` without error mean that an attempt may have revoked
 * the token.
 */
export function resultLine({ ref, outcome, attempts, at, status, errorId, traceId, error }: TokenResult): ResultLine {
  const { serviceAccountSlug, tokenSlug } = ref;
  const maybeRevoked = outcome === "absent" ? !error : ref.maybeRevoked === true;
  const code = error instanceof KaitenProblemError ? error.code : undefined;
  const message = error instanceof KaitenError ? error.summary : error?.message;
  const evidence = { attempts, status, code, errorId, traceId, at, message };
  return { kind: "result", serviceAccountSlug, tokenSlug, outcome, maybeRevoked, ...evidence };
}
