// Runs the built command as a child process, as a shell would, and holds every run to what must never happen.
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
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { spawn as spawnTerminal } from "@lydell/node-pty";
import { expect, onTestFinished, vi } from "vitest";

export const CREDENTIAL = "ksh_0123456789abcdefghijklmnopqrstuv";
/** What `verify` is asked about. */
export const LEAKED = "ksh_zyxwvutsrqponmlkjihgfedcba987654";

/** The one file that may contain a secret. */
export const TOKEN_FILE = "credential";

const MAIN = resolve("dist/cli/main.js");

/** Puts test/cli/clock.mjs into the command. */
export const CLOCK = { NODE_OPTIONS: `--import=${pathToFileURL(resolve("test/cli/clock.mjs"))}` };

export interface Folder {
  path: string;
  /** @returns the name. */
  write(name: string, content: string | Uint8Array): string;
  read(name: string): string;
  /** The names of its files. */
  files(): string[];
  /** The names of all that is in it. */
  names(): string[];
}

/** Linux alone has it. What is full of itself: never by its own name, which a fault in the command could take away from the machine. */
export const FULL_DISK = { name: "full-disk", exists: existsSync("/dev/full") };

/** A folder of the test's own, with the command in its `bin`; gone after the test. */
export function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "kaiten-tokens-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  mkdirSync(join(path, "bin"));
  writeFileSync(join(path, "bin", "kaiten-tokens"), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`, {
    mode: 0o755,
  });
  if (FULL_DISK.exists) symlinkSync("/dev/full", join(path, FULL_DISK.name));
  return {
    path,
    write(name, content) {
      writeFileSync(join(path, name), content);
      return name;
    },
    read: (name) => readFileSync(join(path, name), "utf8"),
    names: () => readdirSync(path),
    files: () =>
      readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name),
  };
}

/** Of every run, whatever it is about. */
function expectHarmless(text: string, { files, read }: Folder, isVerbose: boolean): void {
  const written = files()
    .filter((name) => name !== TOKEN_FILE)
    .map(read);
  for (const secret of [CREDENTIAL, LEAKED]) {
    for (const part of [secret.slice(0, 12), secret.slice(-16)]) {
      for (const place of [text, ...written]) expect(place).not.toContain(part);
    }
  }
  if (!isVerbose) expect(text).not.toMatch(/^\s+at .+:\d+:\d+\)?\r?$/m);
}

export interface Options {
  /** Beside the credential; undefined takes a variable away. */
  env?: Record<string, string | undefined>;
  /** What standard input gives, and then ends; by default nothing. */
  input?: string | Uint8Array;
  /** Where it runs. */
  folder?: Folder;
  /** A script for bash, which gets the arguments as "$@": for what only a shell can arrange. */
  shell?: string;
}

/** What is to be started, by default the command itself, with nothing of the environment of the tests. */
function prepare(args: readonly string[], { env, folder = makeFolder(), shell }: Options) {
  const all = { PATH: `${join(folder.path, "bin")}:${process.env.PATH}`, KAITEN_AUTH_TOKEN: CREDENTIAL, ...env };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    file: shell ? "bash" : process.execPath,
    parameters: shell ? ["--norc", "-c", shell, "bash", ...args] : [MAIN, ...args],
    settings: { cwd: folder.path, env: Object.fromEntries(given) },
    check: (text: string) => expectHarmless(text, folder, args.includes("--verbose")),
  };
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  readonly stdout: string;
  readonly stderr: string;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<Ended>;
}

/** Starts it; whatever becomes of the test, it is gone afterwards. */
export function start(args: readonly string[], options: Options = {}): Running {
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

export const run = (args: readonly string[], options?: Options): Promise<Ended> => start(args, options).ended;

export interface Terminal {
  /** All that was written to the terminal, escape sequences included. */
  readonly raw: string;
  /** The same as text. */
  readonly text: string;
  type(keys: string): void;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<number>;
}

/** Starts it in a pseudo-terminal. */
export function startInTerminal(
  args: readonly string[],
  { columns = 120, ...options }: Omit<Options, "input"> & { columns?: number } = {},
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
      return stripVTControlCharacters(raw);
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
export const until = (holds: () => boolean): Promise<unknown> => vi.waitUntil(holds, { timeout: 50_000, interval: 10 });
