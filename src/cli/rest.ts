// The list of what is not known to be dead (`--rest`), in the form that `--from` reads.
import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import type { TokenRef } from "../index.js";
import { UsageError } from "./usage-error.js";

/** Names every line's members, in one order, whatever object it came from. */
const restLine = ({ serviceAccountSlug, tokenSlug }: TokenRef): string =>
  `${JSON.stringify({ serviceAccountSlug, tokenSlug })}\n`;

/** A file takes the place of the one before when it is complete; what is no file, such as a pipe, is written to as it is. */
function beside(file: string): string {
  if (file === "") throw new Error("it has no name");
  const existing = statSync(file, { throwIfNoEntry: false });
  return !existing || existing.isFile() ? `${file}.${process.pid}.new` : file;
}

/** Tries it before anything is revoked. */
export function assertRestWritable(file: string): void {
  try {
    const target = beside(file);
    closeSync(openSync(target, "a"));
    if (target !== file) rmSync(target);
  } catch (error) {
    throw new UsageError(`Cannot write --rest ${file}: ${(error as Error).message}. Nothing was sent.`);
  }
}

/** Synchronous, so that a signal cannot come in between. */
export function writeRest(file: string, refs: Iterable<TokenRef>): void {
  const target = beside(file);
  const descriptor = openSync(target, "w");
  try {
    writeLines(descriptor, refs);
  } catch (error) {
    if (target !== file) rmSync(target, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  if (target !== file) renameSync(target, file);
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
