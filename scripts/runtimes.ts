// Runtimes beside the one that runs this: from npm packages that carry a whole one, and the machine's Chromium.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** Why this machine cannot have a runtime. */
export class Unavailable extends Error {}

const { platform, arch } = process;
export const CACHE = resolve("node_modules", ".cache", "runtimes");

/** They run no script when they are installed. */
export const PACKAGES = {
  node: `node-${arch === "arm64" && platform === "darwin" ? "bin-" : ""}${platform}-${arch}`,
  bun: `@oven/bun-${platform}-${arch === "arm64" ? "aarch64" : arch}`,
  deno: `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`,
  workerd: `@cloudflare/workerd-${platform}-${arch === "x64" ? "64" : arch}`,
};

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

/** @throws {Unavailable} */
export function launchChromium(): Promise<Browser> {
  const found = spawnSync("sh", ["-c", "command -v chromium chromium-browser"], { encoding: "utf8" });
  const [executablePath] = found.stdout.split("\n");
  if (!executablePath) throw new Unavailable("there is no chromium on the PATH");
  return chromium.launch({ executablePath, args: ["--disable-quic"] });
}
