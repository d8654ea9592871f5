// The client that the vendor's SDK is made of: generated from our openapi.yaml by hey-api, and bundled to be imported.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

/** Generated anew by each run, and never committed. */
export const CACHE = new URL("./node_modules/.cache/", import.meta.url).pathname;

/** What runs hey-api's generator, from a spec into a folder. */
export function heyApiCommand(spec: string, out: string): string[] {
  return [
    join("scripts", "bench", "node_modules", "@hey-api", "openapi-ts", "bin", "run.js"),
    "-i",
    spec,
    "-o",
    out,
    "--silent",
  ];
}

export async function prepareHeyApi(): Promise<void> {
  const source = join(CACHE, "hey-api-source");
  mkdirSync(CACHE, { recursive: true });
  execFileSync(process.execPath, heyApiCommand("openapi.yaml", source), { stdio: "ignore" });
  const entry = "\0entry";
  const code = `export * from ${JSON.stringify(join(source, "sdk.gen.ts"))};\nexport { createClient } from ${JSON.stringify(join(source, "client/index.ts"))};`;
  const bundle = await rolldown({
    input: entry,
    platform: "neutral",
    plugins: [
      { name: "entry", resolveId: (id) => (id === entry ? id : null), load: (id) => (id === entry ? code : null) },
    ],
  });
  await bundle.write({ file: join(CACHE, "hey-api", "index.mjs") });
}
