// What the command needs of the world: streams, the environment, a clock and signals. Tests bring their own.
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { EXIT } from "./exit-code.js";

export type Input = NodeJS.ReadableStream & { isTTY?: boolean; setRawMode?(isRaw: boolean): unknown };
export type Sink = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

export interface Io {
  env: Readonly<Record<string, string | undefined>>;
  stdin: Input;
  stdout: Sink;
  stderr: Sink;
  /** Ms since 1970. */
  now(): number;
  /** Rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<unknown>;
  /** Calls back at every SIGINT, SIGTERM and SIGHUP. They behave alike. */
  onSignal(listener: () => void): void;
  /** Ends the program at once, as interrupted. What is buffered may never be written, so these lines are written first. */
  quit(lines: readonly string[]): void;
}

export const processIo = (): Io => ({
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: () => Date.now(),
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
});
