// How long it takes to generate a client, from our spec and from one of a thousand operations.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { largeSpec } from "../../test/unit/generate/large-spec.js";
import { commandOf } from "../command.js";
import { median, type Section, table } from "./figures.js";
import { CACHE, heyApiCommand } from "./hey-api.js";

/** As whole processes, as one runs them. The types are a part of what ours writes. */
const GENERATORS: Record<string, (spec: string, out: string) => string[]> = {
  ours: (spec, out) => [commandOf("jiti", "jiti"), "scripts/generate.ts", "--spec", spec, "--out", out],
  "openapi-typescript, types alone": (spec, out) => [
    commandOf("openapi-typescript", "openapi-typescript"),
    spec,
    "--output",
    join(out, "schema.ts"),
    // Else it lints by our own configuration, which the large spec is not written for.
    "--redocly",
    join(CACHE, "no-rules.yaml"),
  ],
  "hey-api": heyApiCommand,
};

/** Seconds by generator, for our spec and for the large one. */
export type Generation = Map<string, [ours: number, large: number]>;

export function measureGenerators(quick: boolean): Generation {
  const folder = mkdtempSync(join(CACHE, "generate-"));
  const large = join(folder, "large.json");
  writeFileSync(large, JSON.stringify(largeSpec()));
  writeFileSync(join(CACHE, "no-rules.yaml"), "{}");
  const seconds = (parameters: string[]) => {
    const began = performance.now();
    execFileSync(process.execPath, parameters, { stdio: "ignore" });
    return (performance.now() - began) / 1000;
  };
  try {
    return new Map(
      Object.entries(GENERATORS).map(([name, parameters]) => {
        const measure = (spec: string) =>
          median(Array.from({ length: quick ? 1 : 3 }, () => seconds(parameters(spec, join(folder, "out")))));
        return [name, [measure("openapi.yaml"), measure(large)]];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function describeGenerators(generation: Generation): Section {
  const rows = [...generation].map(([name, seconds]) => [name, ...seconds.map((value) => value.toFixed(1))]);
  return { title: "Generating a client", text: table(["generator", "our spec, s", "a thousand operations, s"], rows) };
}
