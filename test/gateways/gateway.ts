// Starts a real gateway (nginx, HAProxy or squid) on loopback, with a file of this folder, and leaves nothing behind.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe } from "vitest";

export type Program = keyof typeof PROGRAMS;
type Values = Record<string, string | number>;

export interface Gateway extends AsyncDisposable {
  /** Of the place `@port@`, or of another one whose name begins so. */
  port(place?: string): number;
  signal(name: NodeJS.Signals): void;
  /** Resolves when it has ended. */
  ended: Promise<unknown>;
}

/** How each is run in the foreground, and what ends it at once. nginx is given a frame around its file. */
const PROGRAMS = {
  nginx: { args: ["-p", ".", "-c", "nginx.conf", "-e", "stderr"], end: "SIGTERM" },
  haproxy: { args: ["-W", "-db", "-f", "site.conf"], end: "SIGTERM" },
  squid: { args: ["-N", "-f", "site.conf"], end: "SIGKILL" },
} as const;

const PATH = [process.env.PATH, "/usr/sbin", "/usr/local/sbin"].join(delimiter);

const isInstalled = (program: Program) => PATH.split(delimiter).some((folder) => existsSync(join(folder, program)));

/** Skips its tests where the program is missing; where REQUIRE_GATEWAYS is set, they fail. */
export const describeWith = (program: Program) =>
  describe.skipIf(!isInstalled(program) && !process.env.REQUIRE_GATEWAYS);

/**
 * @param file its middle is the program. Each `@name@` in it is given in `values`, or begins with `port` and is a free one.
 * @param beside further files, by name, in the folder where it runs.
 */
export async function startGateway(
  file: string,
  values: Values = {},
  beside: Record<string, string> = {},
): Promise<Gateway> {
  const program = file.split(".")[1] as Program;
  if (!isInstalled(program)) throw new Error(`${program} is not installed`);
  const template = readFileSync(join(import.meta.dirname, file), "utf8");
  const folder = mkdtempSync(join(tmpdir(), "kaiten-gateway-"));
  // A gateway that root starts gives up root's rights, but writes here.
  chmodSync(folder, 0o777);
  const filled = { ...values };
  for (const [, name = ""] of template.matchAll(/@(\w+)@/g)) {
    if (name.startsWith("port")) filled[name] ??= await freePort();
    if (filled[name] === undefined) throw new Error(`${file} needs a value for ${name}`);
  }
  const files = {
    ...beside,
    "site.conf": template.replace(/@(\w+)@/g, (_, name) => String(filled[name])),
    "nginx.conf": readFileSync(join(import.meta.dirname, "nginx.conf"), "utf8"),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);

  const { args, end } = PROGRAMS[program];
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, PATH },
    stdio: ["ignore", "ignore", "pipe"],
  });
  // Ends it when this process is gone, whatever ended that: its standard input ends then, without a line.
  const guard = spawn("sh", ["-c", `read -r line || kill -s ${end.slice(3)} ${child.pid}; rm -rf "${folder}"`], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const ended = once(child, "close");
  const gateway: Gateway = {
    port: (place = "port") => Number(filled[place]),
    signal: (name) => void child.kill(name),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill(end);
      await ended;
      guard.stdin.end("ended\n");
      await once(guard, "close");
    },
  };
  try {
    for (const [name, port] of Object.entries(filled)) {
      if (name.startsWith("port") && !(await isOpen(Number(port), ended))) throw new Error(`${program} ended: ${log}`);
    }
    return gateway;
  } catch (error) {
    await gateway[Symbol.asyncDispose]();
    throw error;
  }
}

/** A port where nothing listens, below those that the system gives out: no other server and no connection takes it. */
export async function freePort(): Promise<number> {
  const port = 10_000 + Math.floor(Math.random() * 20_000);
  const probe = createServer().listen(port, "127.0.0.1");
  const isFree = await once(probe, "listening").then(
    () => true,
    () => false,
  );
  if (!isFree) return freePort();
  await once(probe.close(), "close");
  return port;
}

/** @returns false if the gateway ended before. */
async function isOpen(port: number, ended: Promise<unknown>): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const state = await Promise.race([
    once(socket, "connect").then(
      () => "open",
      () => "closed",
    ),
    ended.then(() => "ended"),
  ]);
  socket.destroy();
  if (state !== "closed") return state === "open";
  await new Promise((resolve) => setTimeout(resolve, 10));
  return isOpen(port, ended);
}
