// Writes generated/ from openapi.yaml, or with --check says which file is no longer what the spec gives.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { renderClient } from "./generate/client.js";
import { asInputError, InputError, shown } from "./generate/input-error.js";
import { listOperations } from "./generate/operations.js";
import { type Files, findDrift, writeFiles } from "./generate/output.js";
import { loadSpec } from "./generate/spec.js";

const USAGE = `Usage: npm run generate [-- options]

  --check        write nothing; exit 1 and name each file that has drifted from the spec
  --spec FILE    the OpenAPI 3 document to read   (default: openapi.yaml)
  --out DIR      the folder to write              (default: generated)
  --help         show this`;

const BANNER =
  "// Written by `npm run generate` from the OpenAPI spec. Never edit: change the spec and run it again.\n\n";

function readArguments() {
  const { values } = parseArgs({
    options: {
      check: { type: "boolean", default: false },
      spec: { type: "string", default: "openapi.yaml" },
      out: { type: "string", default: "generated" },
      help: { type: "boolean", default: false },
    },
  });
  if (!values.spec) throw new InputError("--spec needs the name of a file. See --help.");
  if (!values.out) throw new InputError("--out needs the name of a folder. See --help.");
  return values;
}

async function render(spec: string): Promise<Files> {
  const document = await loadSpec(spec);
  // Brings the TypeScript compiler along, which is half of a run: a spec that is refused need not wait for it.
  const { renderSchema } = await import("./generate/schema.js");
  return {
    "schema.ts": BANNER + (await renderSchema(document)),
    "client.ts": BANNER + renderClient(document, listOperations(document)),
  };
}

async function main(): Promise<void> {
  const { check, spec, out, help } = readArguments();
  if (help) return console.log(USAGE);
  const files = await render(spec);
  const names = Object.keys(files)
    .map((name) => shown(join(out, name)))
    .join(" and ");
  if (check) {
    const drift = findDrift(files, out);
    if (drift.length > 0)
      throw new InputError(`${drift.join("\n")}\nRun \`npm run generate\` and commit what it writes.`);
    return console.log(`${names} are what ${shown(spec)} gives.`);
  }
  writeFiles(files, out);
  console.log(`Wrote ${names} from ${shown(spec)}.`);
}

main().catch((cause: unknown) => {
  const error = asInputError(cause);
  // What a person can put right has a message; only a fault of our own shows its stack.
  console.error(error instanceof InputError ? error.message : error);
  process.exitCode = 1;
});
