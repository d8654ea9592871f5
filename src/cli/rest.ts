// The list of what is not known to be dead (`--rest`), in the form that `--from` reads.
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import type { TokenRef } from "../index.js";
import { UsageError } from "./usage-error.js";

/** Names every line's members, in one order, whatever object it came from. */
const restLine = ({ serviceAccountSlug, tokenSlug }: TokenRef): string =>
  `${JSON.stringify({ serviceAccountSlug, tokenSlug })}\n`;

export interface Rest {
  /** Synchronous, so that a signal cannot come in between. */
  write(refs: Iterable<TokenRef>): void;
}

/**
 * Tries where the list is to go, before anything is revoked.
 *
 * @param tokenFile where the credential is read from.
 * @throws {UsageError} saying why it cannot go there.
 */
export function openRest(name: string, tokenFile: string | undefined): Rest {
  try {
    if (name === "") throw new Error("it has no name");
    const existing = statSync(name, { throwIfNoEntry: false });
    if (!existing) {
      if (lstatSync(name, { throwIfNoEntry: false })) throw new Error("it is a link that leads nowhere");
      return inPlaceOf(name);
    }
    if (!existing.isFile()) {
      // Held open, it would never end.
      if (isSame(name, 0) && existing.isFIFO()) throw new Error("standard input comes from there");
      return into(name);
    }
    for (const [other, use] of [
      [1, "standard output goes there"],
      [2, "standard error goes there"],
      [tokenFile, "it holds the credential"],
    ] as const) {
      if (other !== undefined && isSame(name, other)) throw new Error(use);
    }
    // What a link leads to is written, and the link remains.
    return inPlaceOf(realpathSync(name), existing.mode & 0o777);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ENXIO" ? "it is a socket, or a pipe that nobody reads" : message;
    throw new UsageError(`Cannot write --rest ${name}: ${why}. Nothing was sent.`);
  }
}

/** Whether two names, or a name and a descriptor, are of the same file or device. */
export function isSame(name: string, other: string | number): boolean {
  const [one, two] = [name, other].map((file) =>
    typeof file === "number" ? fstatSync(file) : statSync(file, { throwIfNoEntry: false }),
  );
  return one !== undefined && one.dev === two?.dev && one.ino === two.ino;
}

/** A file takes the place of the one before when it is complete. */
function inPlaceOf(file: string, mode?: number): Rest {
  const beside = `${file}.${process.pid}.new`;
  closeSync(openSync(beside, "a"));
  rmSync(beside);
  return {
    write(refs) {
      const descriptor = openSync(beside, "w");
      try {
        if (mode !== undefined) fchmodSync(descriptor, mode);
        writeLines(descriptor, refs);
      } catch (error) {
        rmSync(beside, { force: true });
        throw error;
      } finally {
        closeSync(descriptor);
      }
      renameSync(beside, file);
    },
  };
}

/**
 * What is no file, such as a pipe, is written to as it is. It is held open until the process ends: whoever reads from a
 * pipe leaves when nobody has it open. Not to block: to open a pipe that nobody reads would wait for a reader.
 */
function into(name: string): Rest {
  const descriptor = openSync(name, constants.O_WRONLY | constants.O_NONBLOCK);
  return { write: (refs) => writeLines(descriptor, refs) };
}

/** Writes by the hundred: a write for each line would take long, one for all much memory. */
export function writeLines(descriptor: number, refs: Iterable<TokenRef>): void {
  let chunk = "";
  for (const ref of refs) {
    chunk += restLine(ref);
    if (chunk.length > 32 * 1024) {
      writeAll(descriptor, chunk);
      chunk = "";
    }
  }
  writeAll(descriptor, chunk);
}

/** How often, 10 ms apart, a pipe that is full is tried again: a slow reader gets all, a dead one is not waited for. */
const PATIENCE = 500;

/** Past the stream: what that has not written yet when the process exits is lost. */
export function writeAll(descriptor: number, text: string): void {
  let bytes = Buffer.from(text);
  for (let failures = 0; bytes.length; ) {
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes));
      failures = 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || ++failures > PATIENCE) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
