// Runs the command, and holds every run to what must never happen: most runs in this process, with streams and a clock of their
// own; as a child process, or in a pseudo-terminal, where a real one matters.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { spawn as spawnTerminal } from "@lydell/node-pty";
import { expect, onTestFinished, vi } from "vitest";
import { main } from "../../src/cli/command.js";
import type { Io } from "../../src/cli/io.js";

export const CREDENTIAL = "ksh_0123456789abcdefghijklmnopqrstuv";
/** What `verify` is asked about. */
export const LEAKED = "ksh_zyxwvutsrqponmlkjihgfedcba987654";

/** The one file that may contain a secret. */
export const TOKEN_FILE = "credential";

const MAIN = resolve("dist/cli/main.js");

/** A JWT that nobody signed. */
export function makeJwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return [part({ alg: "none" }), part(claims), "c2lnbmF0dXJl"].join(".");
}

export interface Folder {
  path: string;
  /** @returns the path. */
  write(name: string, content: string | Uint8Array): string;
  read(name: string): string;
  /** The names of its files. */
  files(): string[];
}

/** Linux alone has it. What is full of itself: never by its own name, which a fault in the command could take away from the machine. */
export const FULL_DISK = { name: "full-disk", exists: existsSync("/dev/full") };

/** A folder of the test's own, with the command in its `bin`; gone after the test. */
export function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "kaiten-service-accounts-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  mkdirSync(join(path, "bin"));
  const script = `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`;
  writeFileSync(join(path, "bin", "kaiten-service-accounts"), script, { mode: 0o755 });
  if (FULL_DISK.exists) symlinkSync("/dev/full", join(path, FULL_DISK.name));
  return {
    path,
    write(name, content) {
      writeFileSync(join(path, name), content);
      return join(path, name);
    },
    read: (name) => readFileSync(join(path, name), "utf8"),
    files: () =>
      readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name),
  };
}

/** Of every run, whatever it is about. */
function expectHarmless(text: string, isVerbose: boolean): void {
  for (const secret of [CREDENTIAL, LEAKED]) {
    for (const part of [secret.slice(0, 12), secret.slice(-16)]) expect(text).not.toContain(part);
  }
  // No package of this name is published: whoever takes it would be run.
  expect(text).not.toContain("npx");
  if (!isVerbose) expect(text).not.toMatch(/^\s+at .+:\d+:\d+\)?\r?$/m);
}

type Env = Record<string, string | undefined>;

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A stream that keeps what is written to it. */
function makeSink(members: object = {}) {
  const sink = { text: "" };
  const stream = new Writable({
    write(chunk, _, done) {
      sink.text += chunk;
      done();
    },
  });
  return Object.assign(sink, { stream: Object.assign(stream, members) });
}

/** A clock that a wait moves on, without waiting. */
export function makeClock(now = Date.now()): Pick<Io, "now" | "sleep"> & { time: number } {
  const clock = {
    time: now,
    now: () => clock.time,
    async sleep(ms: number, signal: AbortSignal) {
      // A turn of the event loop, so that whoever waits for something gets a turn, too.
      await sleep(0, undefined, { signal });
      clock.time += ms;
    },
  };
  return clock;
}

export interface RunOptions extends Partial<Io> {
  /** Beside the credential; undefined takes a variable away. */
  env?: Env;
  /** What standard input gives, and then ends; by default nothing. */
  input?: string | AsyncIterable<string>;
}

/** Runs it in this process, where nobody can be asked. */
export async function run(args: readonly string[], { env, input = "", ...io }: RunOptions = {}): Promise<Ended> {
  const stdin = new PassThrough();
  void (async () => {
    if (typeof input === "string") stdin.write(input);
    else for await (const part of input) stdin.write(part);
    stdin.end();
  })();
  const [stdout, stderr] = [makeSink(), makeSink()];
  const world = { stdin, stdout: stdout.stream, stderr: stderr.stream, ...REAL, ...io };
  const code = await main(args, { ...world, env: { KAITEN_AUTH_TOKEN: CREDENTIAL, ...env } });
  expectHarmless(stdout.text + stderr.text, args.includes("--verbose"));
  return { code, stdout: stdout.text, stderr: stderr.text };
}

const REAL = {
  now: Date.now,
  sleep: (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }),
  onSignal() {},
  quit: (lines: readonly string[]) => expect.unreachable(lines.join()),
};

export interface Person {
  /** All that the terminal shows, in one line: a terminal breaks lines where it likes. */
  readonly text: string;
  readonly raw: string;
  /** Waits for a text, and then types. */
  answer(question: string, keys: string): Promise<void>;
  type(keys: string): void;
  ended: Promise<number>;
}

/** Runs it in this process, with a person at a terminal that shows all output. */
export function runAtTerminal(
  args: readonly string[],
  { env, columns = 120, ...io }: Omit<RunOptions, "input"> & { columns?: number } = {},
): Person {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode() {} });
  const sink = makeSink({ isTTY: true, columns });
  const world = { stdin, stdout: sink.stream, stderr: sink.stream, ...REAL, ...io };
  const ended = main(args, { ...world, env: { KAITEN_AUTH_TOKEN: CREDENTIAL, ...env } }).then((code) => {
    stdin.destroy();
    expectHarmless(sink.text, args.includes("--verbose"));
    return code;
  });
  let seen = 0;
  const textOf = (raw: string) => stripVTControlCharacters(raw).replace(/\s+/g, " ");
  return {
    get text() {
      return textOf(sink.text);
    },
    get raw() {
      return sink.text;
    },
    async answer(question, keys) {
      await until(() => textOf(sink.text).indexOf(question, seen) >= 0);
      seen = textOf(sink.text).indexOf(question, seen) + question.length;
      // What is typed before the question was drawn does not count; it is drawn, and the next turn reads.
      await sleep(0);
      stdin.write(keys);
    },
    type: (keys) => void stdin.write(keys),
    ended,
  };
}

export interface ChildOptions {
  env?: Env;
  input?: string | Uint8Array;
  /** Where it runs. */
  folder?: Folder;
  /** A script for bash, which gets the arguments as "$@": for what only a shell can arrange. */
  shell?: string;
}

/** What is to be started, by default the command itself, with nothing of the environment of the tests. */
function prepare(args: readonly string[], { env, folder = makeFolder(), shell }: ChildOptions) {
  const all = { PATH: `${join(folder.path, "bin")}:${process.env.PATH}`, KAITEN_AUTH_TOKEN: CREDENTIAL, ...env };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    file: shell ? "bash" : process.execPath,
    parameters: shell ? ["--norc", "-c", shell, "bash", ...args] : [MAIN, ...args],
    settings: { cwd: folder.path, env: Object.fromEntries(given) },
    check: (text: string) => expectHarmless(text, args.includes("--verbose")),
  };
}

export interface Running {
  readonly stdout: string;
  readonly stderr: string;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<Ended>;
}

/** Starts it as a child process; whatever becomes of the test, it is gone afterwards. */
export function start(args: readonly string[], options: ChildOptions = {}): Running {
  const { file, parameters, settings, check } = prepare(args, options);
  const child = spawn(file, parameters, { ...settings, detached: true });
  onTestFinished(() => {
    try {
      // With all that it started.
      if (child.pid) process.kill(-child.pid, "SIGKILL");
    } catch {
      // They have ended.
    }
  });
  const told = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      told[name] += text;
    });
  }
  // It may end before it has read all.
  child.stdin.on("error", () => {}).end(options.input ?? "");
  const ended = once(child, "close").then(([code]) => {
    check(told.stdout + told.stderr);
    return { code, ...told };
  });
  return {
    get stdout() {
      return told.stdout;
    },
    get stderr() {
      return told.stderr;
    },
    kill: (signal) => void child.kill(signal),
    ended,
  };
}

export const runChild = (args: readonly string[], options?: ChildOptions): Promise<Ended> => start(args, options).ended;

export interface Terminal {
  /** All that was written to the terminal, escape sequences included. */
  readonly raw: string;
  /** The same as text, in one line. */
  readonly text: string;
  type(keys: string): void;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<number>;
}

/** Starts it in a pseudo-terminal. */
export function startInTerminal(
  args: readonly string[],
  { columns = 120, ...options }: Omit<ChildOptions, "input"> & { columns?: number } = {},
): Terminal {
  const { file, parameters, settings, check } = prepare(args, options);
  const terminal = spawnTerminal(file, parameters, { ...settings, name: "xterm-256color", cols: columns, rows: 30 });
  let raw = "";
  let isOver = false;
  terminal.onData((data) => {
    raw += data;
  });
  onTestFinished(() => {
    if (!isOver) terminal.kill("SIGKILL");
  });
  const exited = new Promise<number>((resolve) => {
    terminal.onExit(({ exitCode }) => {
      isOver = true;
      resolve(exitCode);
    });
  });
  return {
    get raw() {
      return raw;
    },
    get text() {
      return stripVTControlCharacters(raw).replace(/\s+/g, " ");
    },
    type: (keys) => terminal.write(keys),
    kill: (signal) => terminal.kill(signal),
    ended: exited.then((code) => {
      check(raw);
      return code;
    }),
  };
}

/** Polls until it holds. */
export const until = (holds: () => boolean): Promise<unknown> => vi.waitUntil(holds, { timeout: 50_000, interval: 5 });
