// Runs the real Prism, as a mock or as a validating proxy, in a child process that cannot outlive us.
import { fork } from "node:child_process";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { commandOf } from "./command.js";

export interface Prism {
  /** Its base URL, on loopback. */
  url: string;
  /** Resolves when Prism has ended, by itself or by `stop`, to its last words. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

export interface PrismOptions {
  /** Default 0: any free port. */
  port?: number;
  /** How long Prism may take until it listens, in ms. Default 120 000. */
  timeout?: number;
  /** Receives each line that Prism prints once it listens, without colours. */
  onLine?: (line: string) => void;
}

/**
 * Loaded into Prism before its own code. The channel to us closes however we end, also by SIGKILL, and then Prism ends
 * too. Ctrl-C reaches Prism as well as us, and is ours to handle.
 */
const END_WITH_PARENT = 'process.on("disconnect", () => process.exit()).on("SIGINT", () => {});';

/** As a proxy Prism would follow redirects, and take the credential along to other ports and subdomains of the host. */
const FOLLOW_NO_REDIRECT = `
  import { createRequire } from "node:module";
  const nodeFetch = createRequire(process.argv[1])("node-fetch");
  const send = nodeFetch.default;
  nodeFetch.default = (url, init) => send(url, { ...init, redirect: "manual" });`;

/**
 * Answers from the spec alone.
 *
 * @throws {Error} saying in one line why Prism does not listen; then it has ended.
 */
export function startPrism(spec: string, options: PrismOptions = {}): Promise<Prism> {
  return start(["mock", spec], `mock ${spec}`, END_WITH_PARENT, options);
}

/**
 * Passes requests on and compares the answers with the spec: an answer's violations are in its `sl-violations` header. It
 * answers in place of the upstream where that answers 501, or with JSON that cannot be parsed, or not at all.
 *
 * @throws {Error} as {@link startPrism}.
 */
export function startPrismProxy(spec: string, upstream: string, options: PrismOptions = {}): Promise<Prism> {
  const preload = END_WITH_PARENT + FOLLOW_NO_REDIRECT;
  return start(["proxy", spec, upstream], `compare ${upstream} with ${spec}`, preload, options);
}

async function start(
  task: readonly string[],
  purpose: string,
  preload: string,
  { port = 0, timeout = 120_000, onLine }: PrismOptions,
): Promise<Prism> {
  // With NODE_ENV=production Prism would fork by default, and would not end when its fork fails.
  const parameters = [...task, "--host", "127.0.0.1", "--port", String(port), "--no-multiprocess"];
  const execArgv = ["--import", `data:text/javascript,${encodeURIComponent(preload)}`];
  const child = fork(commandOf("@stoplight/prism-cli", "prism"), parameters, { execArgv, silent: true });
  const log: string[] = [];
  const ended = new Promise<string>((resolve) => child.once("close", () => resolve(lastWords(log))));
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
  };

  let url: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  const fault = await new Promise<string | undefined>((resolve) => {
    for (const input of [child.stdout, child.stderr].filter((stream) => stream !== null)) {
      createInterface({ input }).on("line", (coloured) => {
        const line = stripVTControlCharacters(coloured);
        log.push(line);
        if (url !== undefined) return onLine?.(line);
        url = /Prism is listening on (\S+)/.exec(line)?.[1];
        if (url !== undefined) resolve(undefined);
      });
    }
    ended.then(resolve);
    timer = setTimeout(resolve, timeout, `it did not listen within ${timeout} ms`);
  });
  clearTimeout(timer);
  if (url !== undefined) return { url, ended, stop };
  await stop();
  throw new Error(`Prism cannot ${purpose}: ${fault}`);
}

/** What Prism logged as fatal, or what ended it, or else its last line. */
function lastWords(log: readonly string[]): string {
  const words = log.map((line) => /(?:\bfatal\s+|^\w*Error: )(\S.*)/.exec(line)?.[1]?.trim()).find(Boolean);
  return words ?? log.findLast((line) => line.trim()) ?? "it ended without a word";
}
