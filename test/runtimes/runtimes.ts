// The runtimes, how to have each play the scenario, and what it must see.
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { CACHE, install, launchChromium, PACKAGES, Unavailable } from "../../scripts/runtimes.js";
import type { Seen, Servers } from "./scenario.js";

export interface Runtime {
  name: string;
  expected: Seen;
  /** Plays the scenario in the consumer's folder, or throws {@link Unavailable}. */
  play(folder: string, servers: Servers): Promise<Seen>;
}

/** What the package promises. Every runtime keeps it, except for what its own entry below says. */
const PROMISED: Seen = {
  revoke: "revoked, 1 attempt",
  problem: "KaitenProblemError, absent",
  timeout: "KaitenTimeoutError, unknown, in time",
  "unsafe slug": "TypeError",
  "lost answer": "KaitenConnectionError, unknown",
  "refused stream": "KaitenConnectionError, unknown",
  "connection refused": "KaitenConnectionError, not-revoked",
};

/** Where a runtime does not tell whether a connection failed before the request was written. */
const UNTOLD: Seen = { ...PROMISED, "connection refused": "KaitenConnectionError, unknown" };

/** Where a runtime speaks HTTP/2 and sends a refused stream again: what is seen is the answer to the second request. */
const OVER_HTTP2: Seen = { ...PROMISED, "refused stream": "KaitenResponseError, unknown" };

/** Where it does so also when a kept connection breaks. */
const REPEATED: Seen = {
  ...UNTOLD,
  "refused stream": "KaitenResponseError, unknown",
  "lost answer": "KaitenResponseError, unknown",
};

export const RUNTIMES: readonly Runtime[] = [
  ...["20.20.2", "22.23.3", "24.21.0"].map((version) => packaged("Node", PACKAGES.node, version, "bin/node main.js")),
  packaged("Node", PACKAGES.node, "26.10.0", "bin/node main.js", OVER_HTTP2),
  packaged("Bun", PACKAGES.bun, "1.4.5", "bin/bun --no-install main.js"),
  packaged("Deno", PACKAGES.deno, "2.9.6", "deno run --no-prompt --allow-net=127.0.0.1 main.js", UNTOLD),
  packaged("workerd", PACKAGES.workerd, "1.20261023.1", "bin/workerd test worker.capnp", UNTOLD),
  { name: "Chromium", expected: REPEATED, play: playInChromium },
];

function packaged(name: string, dependency: string, version: string, command: string, expected = PROMISED): Runtime {
  const [binary = "", ...parameters] = command.split(" ");
  return {
    name: `${name} ${version}`,
    expected,
    async play(folder, servers) {
      const file = join(install(dependency, version), binary);
      await run(file, ["--version"]).catch(({ message }) => {
        throw new Unavailable(`it does not start on this machine: ${message}`);
      });
      writeFileSync(join(folder, "servers.js"), `export const servers = ${JSON.stringify(servers)};\n`);
      return JSON.parse(await run(file, parameters, folder));
    },
  };
}

async function run(file: string, parameters: readonly string[], cwd?: string): Promise<string> {
  // By default Deno looks for updates and keeps a cache in the home folder.
  const trusted = { NODE_EXTRA_CA_CERTS: "ca.pem", DENO_CERT: "ca.pem" };
  const env = { ...process.env, ...trusted, DENO_NO_UPDATE_CHECK: "1", DENO_DIR: join(CACHE, "deno"), NO_COLOR: "1" };
  const { stdout } = await promisify(execFile)(file, parameters, { cwd, env, timeout: 60_000 });
  return stdout;
}

/** In a page whose origin differs from the servers': what it sends them is subject to CORS. */
async function playInChromium(folder: string, servers: Servers): Promise<Seen> {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    await page.goto(servers.silent.replace("127.0.0.1", "localhost"));
    const bundle = readFileSync(join(folder, "bundle.js"), "base64");
    const play = `import("data:text/javascript;base64,${bundle}").then(({ play }) => play(${JSON.stringify(servers)}))`;
    return await page.evaluate<Seen>(play);
  } finally {
    await browser.close();
  }
}
