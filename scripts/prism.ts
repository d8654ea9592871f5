// Runs the real Prism, as a mock or as a validating proxy, in a child process that cannot outlive us.
import { fork } from "node:child_process";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { commandOf } from "./command.js";

export interface Prism {
  /** Its base URL, on loopback. */
  url: string;
  /** What Prism has printed so far, a line each. */
  log: readonly string[];
  /** Resolves when Prism has ended, whether it was stopped or died. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

export interface PrismOptions {
  /** Default 0: any that is free. */
  port?: number;
  /** How long Prism may take until it listens, in ms. Default 60 000. */
  timeout?: number;
  /** Told of every line that Prism prints once it listens. */
  onLine?: (line: string) => void;
}

/**
 * Loaded into Prism before itself. The channel to us closes however we go, be it by SIGKILL: then it goes too. Ctrl-C
 * reaches it as well as us, and is ours to handle.
 */
const LEASH = 'data:text/javascript,process.on("disconnect", () => process.exit()).on("SIGINT", () => {})';

/**
 * Answers by the spec alone.
 *
 * @throws {Error} saying in one line why Prism does not listen; then it has ended.
 */
export function startPrism(spec: string, options: PrismOptions = {}): Promise<Prism> {
  return start(["mock", spec], `mock ${spec}`, options);
}

/**
 * Passes requests on, and holds what comes back against the spec: each answer's violations are in its `sl-violations`
 * header, and the grave ones replace the answer. It follows redirects, and answers itself in place of a 501.
 *
 * @throws {Error} as {@link startPrism}.
 */
export function startPrismProxy(spec: string, upstream: string, options: PrismOptions = {}): Promise<Prism> {
  return start(["proxy", spec, upstream, "--errors"], `hold ${upstream} against ${spec}`, options);
}

async function start(
  task: readonly string[],
  purpose: string,
  { port = 0, timeout = 60_000, onLine }: PrismOptions,
): Promise<Prism> {
  const prism = commandOf("@stoplight/prism-cli", "prism");
  // Where NODE_ENV is production, Prism would fork by default, and would not end when its fork fails.
  const parameters = [...task, "--host", "127.0.0.1", "--port", String(port), "--no-multiprocess"];
  const child = fork(prism, parameters, { execArgv: ["--import", LEASH], silent: true });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
  };

  const log: string[] = [];
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, timeout);
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let listening = false;
      for (const input of [child.stdout, child.stderr].filter((stream) => stream !== null)) {
        createInterface({ input }).on("line", (coloured) => {
          const line = stripVTControlCharacters(coloured);
          log.push(line);
          if (listening) onLine?.(line);
          const [, address] = /Prism is listening on (\S+)/.exec(line) ?? [];
          if (address) resolve(address);
          listening ||= address !== undefined;
        });
      }
      ended.then(() => {
        const why = late ? `it was not up within ${timeout} ms` : reasonIn(log, port);
        reject(new Error(`Prism cannot ${purpose}: ${why}`));
      });
    });
    return { url, log, ended, stop };
  } finally {
    clearTimeout(timer);
  }
}

/** Prism says why it ends in a line of its log, or else as the last words after its usage. */
function reasonIn(log: readonly string[], port: number): string {
  if (log.some((line) => line.includes("EADDRINUSE"))) {
    return `port ${port} is in use. Stop what listens there, or choose another port.`;
  }
  const fatal = log.map((line) => /\bfatal\s+(.+)/.exec(line)?.[1]?.trim()).find(Boolean);
  return fatal ?? log.findLast((line) => line.trim()) ?? "it ended without a word";
}
