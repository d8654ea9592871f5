// What the command needs of the world: streams, the environment, a clock and signals. Tests bring their own.
import { createReadStream, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { EXIT, UsageError } from "./exit.js";

export interface Io {
  env: Readonly<Record<string, string | undefined>>;
  stdin: NodeJS.ReadableStream & { isTTY?: boolean; setRawMode?(isRaw: boolean): unknown };
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  /** Ms since 1970. */
  now(): number;
  /** Rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<unknown>;
  /** Calls back at every SIGINT, SIGTERM and SIGHUP: they behave alike. */
  onSignal(listener: () => void): void;
  /** Ends the program at once. What is buffered may never be written, so these lines are written first. */
  quit(lines: readonly string[]): void;
}

export const processIo: Io = {
  env: process.env,
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  onSignal(listener) {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, listener);
  },
  quit(lines) {
    try {
      writeSync(2, lines.map((line) => `${line}\n`).join(""));
    } catch {
      // Standard error is full or gone.
    }
    process.exit(EXIT.interrupted);
  },
};

/** The first signal stops the run in order; the second ends the program. `end` does as the first, and tells nothing. */
export function stopOnSignals(io: Io) {
  const controller = new AbortController();
  const { signal } = controller;
  const stop = {
    signal,
    end: () => controller.abort(),
    onStop: () => {},
    onQuit: (): string[] => ["Nothing was revoked."],
  };
  io.onSignal(() => {
    if (signal.aborted) return io.quit(stop.onQuit());
    controller.abort();
    stop.onStop();
  });
  return stop;
}

/** Reads a file, a pipe, or standard input (`-`). Whoever writes it may need a minute: nothing here blocks. */
export async function read(path: string, io: Io): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of path === "-" ? io.stdin : createReadStream(path)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** @throws {UsageError} without the path: people paste secrets there by mistake. */
export async function readText(path: string, io: Io, option: string): Promise<string> {
  const bytes = await read(path, io).catch(({ code }: NodeJS.ErrnoException) => {
    throw new UsageError(`Cannot read the file of ${option} (${code}).`);
  });
  return bytes.toString();
}
