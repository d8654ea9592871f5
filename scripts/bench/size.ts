// How much a browser loads: each client's smallest way to revoke a token, bundled, minified and compressed.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "rolldown";
import { type Section, table } from "./figures.js";
import { OURS } from "./peers.js";

const HERE = new URL(".", import.meta.url).pathname;

const ENTRIES: Record<string, string> = {
  [OURS]: `export { createKaitenClient } from "../../../../../dist/index.js";`,
  "openapi-fetch": `export { default } from "openapi-fetch";`,
  "hey-api": `export { createClient, deleteServiceAccountToken } from "../hey-api/index.mjs";`,
  ky: `export { default } from "ky";`,
  axios: `export { default } from "axios";`,
  ofetch: `export { ofetch } from "ofetch";`,
  "p-map (part of ours)": `export { pMapIterable } from "p-map";`,
};

export type Sizes = Map<string, { minified: number; gzip: number }>;

export async function measureSizes(): Promise<Sizes> {
  const folder = mkdtempSync(join(HERE, "node_modules", ".cache", "size-"));
  const sizes: Sizes = new Map();
  try {
    for (const [name, code] of Object.entries(ENTRIES)) {
      const input = join(folder, "entry.mjs");
      writeFileSync(input, code);
      const { output } = await build({
        input,
        platform: "browser",
        write: false,
        output: { minify: true },
        logLevel: "silent",
      });
      const bundle = output[0].code;
      sizes.set(name, { minified: bundle.length, gzip: gzipSync(bundle, { level: 9 }).length });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return sizes;
}

export function describeSizes(sizes: Sizes): Section {
  const kB = (bytes: number) => (bytes / 1000).toFixed(1);
  const rows = [...sizes].map(([name, { minified, gzip }]) => [name, kB(minified), kB(gzip)]);
  return { title: "Size in a browser", text: table(["client", "minified, kB", "gzip, kB"], rows) };
}
