// The list of what is not known to be dead (`--rest`), in the form that `--from` reads.
import { accessSync, closeSync, constants, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { TokenRef } from "../index.js";
import { UsageError } from "./usage-error.js";

/** Names every line's members, in one order, whatever object it came from. */
const restLine = ({ serviceAccountSlug, tokenSlug }: TokenRef): string =>
  `${JSON.stringify({ serviceAccountSlug, tokenSlug })}\n`;

/** Whether it can be written is asked before anything is revoked. */
export function assertRestWritable(file: string): void {
  try {
    const existing = statSync(file, { throwIfNoEntry: false });
    if (existing?.isDirectory()) throw new Error("it is a folder");
    accessSync(existing ? file : dirname(file), constants.W_OK);
  } catch (error) {
    throw new UsageError(`Cannot write --rest ${file}: ${(error as Error).message}. Nothing was sent.`);
  }
}

/**
 * Writes at once and as a whole: a file takes the place of the one before only when it is complete. Synchronous, so that
 * a signal cannot come in between.
 */
export function writeRest(file: string, refs: Iterable<TokenRef>): void {
  const isDevice = statSync(file, { throwIfNoEntry: false })?.isFile() === false;
  const target = isDevice ? file : `${file}.${process.pid}.new`;
  const descriptor = openSync(target, "w");
  try {
    for (const chunk of restChunks(refs)) writeAll(descriptor, chunk);
  } catch (error) {
    if (!isDevice) rmSync(target, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  if (!isDevice) renameSync(target, file);
}

function writeAll(descriptor: number, text: string): void {
  let bytes = Buffer.from(text);
  while (bytes.length) bytes = bytes.subarray(writeSync(descriptor, bytes));
}

/** Lines by the hundred: a write for each would take long, all in one would take much memory. */
export function* restChunks(refs: Iterable<TokenRef>): Generator<string> {
  let chunk = "";
  for (const ref of refs) {
    chunk += restLine(ref);
    if (chunk.length > 32 * 1024) {
      yield chunk;
      chunk = "";
    }
  }
  if (chunk) yield chunk;
}
