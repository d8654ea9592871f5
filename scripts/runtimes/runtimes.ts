// The runtimes, how to have each play the scenario, and what it must see.
import { execFile, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";
import type { Seen, Servers } from "./scenario.js";

export interface Runtime {
  name: string;
  expected: Seen;
  /** Plays the scenario in the consumer's folder, or throws {@link Unavailable}. */
  play(folder: string, servers: Servers): Promise<{ version: string; seen: Seen }>;
}

/** Why this machine cannot have a runtime. */
export class Unavailable extends Error {}

/** What the package promises. Every runtime keeps it, except for what its own entry below says. */
const PROMISED: Seen = {
  revoke: "revoked, 1 attempt",
  problem: "KaitenProblemError, absent",
  timeout: "KaitenTimeoutError, unknown, in time",
  "unsafe slug": "TypeError",
  "lost answer": "KaitenConnectionError, unknown",
  "connection refused": "KaitenConnectionError, not-revoked",
};

/** Where a runtime does not tell whether a connection failed before the request was written. */
const UNTOLD: Seen = { ...PROMISED, "connection refused": "KaitenConnectionError, unknown" };

/** Where a runtime repeats a request when a kept connection breaks: what is seen is the answer to the second request. */
const REPEATED: Seen = { ...UNTOLD, "lost answer": "KaitenResponseError, unknown" };

const { platform, arch } = process;
const CACHE = resolve("node_modules", ".cache", "runtimes");

/** npm packages that carry a whole runtime, and run no script when they are installed. */
export const PACKAGES = {
  node: `node-${arch === "arm64" && platform === "darwin" ? "bin-" : ""}${platform}-${arch}`,
  bun: `@oven/bun-${platform}-${arch === "arm64" ? "aarch64" : arch}`,
  deno: `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`,
  workerd: `@cloudflare/workerd-${platform}-${arch === "x64" ? "64" : arch}`,
};

export const RUNTIMES: readonly Runtime[] = [
  ...["20.20.2", "22.23.3", "24.21.0", "26.10.0"].map((version) =>
    packaged("Node", PACKAGES.node, version, "bin/node main.js"),
  ),
  packaged("Bun", PACKAGES.bun, "1.4.5", "bin/bun --no-install main.js"),
  packaged("Deno", PACKAGES.deno, "2.9.6", "deno run --no-prompt --allow-net=127.0.0.1 main.js", UNTOLD),
  packaged("workerd", PACKAGES.workerd, "1.20261023.1", "bin/workerd test worker.capnp", UNTOLD),
  { name: "Chromium", expected: REPEATED, play: playInChromium },
];

function packaged(name: string, dependency: string, version: string, command: string, expected = PROMISED): Runtime {
  const [binary = "", ...parameters] = command.split(" ");
  return {
    name,
    expected,
    async play(folder, servers) {
      const file = join(install(dependency, version), binary);
      await run(file, ["--version"]).catch(({ message }) => {
        throw new Unavailable(`it does not start on this machine: ${message}`);
      });
      writeFileSync(join(folder, "servers.js"), `export const servers = ${JSON.stringify(servers)};\n`);
      return { version, seen: JSON.parse(await run(file, parameters, folder)) };
    },
  };
}

/** Installs a runtime on demand, beside our own dependencies. @returns the package's folder. @throws {Unavailable} */
export function install(dependency: string, version: string): string {
  const folder = join(CACHE, `${dependency.replace("/", "-")}-${version}`);
  // npm writes this file last: an install that was interrupted starts again.
  if (!existsSync(join(folder, "node_modules", ".package-lock.json"))) {
    const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", folder];
    const npm = spawnSync("npm", ["install", ...options, `${dependency}@${version}`], { encoding: "utf8" });
    if (npm.status !== 0) throw new Unavailable(npm.stderr.trim());
  }
  return join(folder, "node_modules", dependency);
}

async function run(file: string, parameters: readonly string[], cwd?: string): Promise<string> {
  // By default Deno looks for updates and keeps a cache in the home folder.
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1", DENO_DIR: join(CACHE, "deno"), NO_COLOR: "1" };
  const { stdout } = await promisify(execFile)(file, parameters, { cwd, env, timeout: 60_000 });
  return stdout;
}

/** @throws {Unavailable} */
export function launchChromium(): Promise<Browser> {
  const found = spawnSync("sh", ["-c", "command -v chromium chromium-browser"], { encoding: "utf8" });
  const [executablePath] = found.stdout.split("\n");
  if (!executablePath) throw new Unavailable("there is no chromium on the PATH");
  return chromium.launch({ executablePath, args: ["--disable-quic"] });
}

/** In a page whose origin differs from the servers': what it sends them is subject to CORS. */
async function playInChromium(folder: string, servers: Servers) {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(servers.silent.replace("127.0.0.1", "localhost"));
    const bundle = readFileSync(join(folder, "bundle.js"), "base64");
    const play = `import("data:text/javascript;base64,${bundle}").then(({ play }) => play(${JSON.stringify(servers)}))`;
    return { version: browser.version(), seen: await page.evaluate<Seen>(play) };
  } finally {
    await browser.close();
  }
}
