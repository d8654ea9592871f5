// Writes generated/ from openapi.yaml, or with --check says which file is no longer what the spec gives.
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";
import { renderClient } from "./generate/client.js";
import { loadSpec, SpecError } from "./generate/spec.js";

const USAGE = `Usage: npm run generate [-- options]

  --check        write nothing; exit 1 and name each file that has drifted from the spec
  --spec FILE    the OpenAPI 3 document to read   (default: openapi.yaml)
  --out DIR      the folder to write              (default: generated)
  --help         show this`;

async function render(specFile: string): Promise<Record<string, string>> {
  const { document, operations, redocly } = await loadSpec(specFile);
  const banner =
    "// Written by `npm run generate` from the OpenAPI spec. Never edit: change the spec and run it again.\n\n";
  const ast = await openapiTS(structuredClone(document), {
    redocly,
    silent: true,
    transform: (schema) =>
      schema.format === "binary" ? ts.factory.createTypeReferenceNode(ts.factory.createIdentifier("Blob")) : undefined,
  });
  return {
    "schema.ts": banner + astToString(ast),
    "client.ts": banner + renderClient(document, operations),
  };
}

/** The first line in which two texts differ, for a message. */
function firstDifference(committed: string, fresh: string): string {
  const [old, now] = [committed.split("\n"), fresh.split("\n")];
  const line = now.findIndex((text, index) => text !== old[index]);
  const at = line < 0 ? now.length : line;
  return `line ${at + 1} is ${JSON.stringify(old[at] ?? "")}, the spec gives ${JSON.stringify(now[at] ?? "")}`;
}

function check(files: Record<string, string>, folder: string): string[] {
  const present = readdirSync(folder, { withFileTypes: true }).map((entry) => entry.name);
  const extra = present.filter((name) => !(name in files) && name !== "README.md");
  return [
    ...extra.map((name) => `${join(folder, name)} is not made from the spec: remove it`),
    ...Object.entries(files).flatMap(([name, fresh]) => {
      const file = join(folder, name);
      if (!present.includes(name)) return [`${file} is missing`];
      const committed = readFileSync(file, "utf8");
      return committed === fresh ? [] : [`${file} has drifted: ${firstDifference(committed, fresh)}`];
    }),
  ];
}

/** All or none: every file is whole on the disk before the first takes its place. */
function write(files: Record<string, string>, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const staged = Object.entries(files).map(([name, text]) => {
    const temporary = join(folder, `.${name}.new`);
    writeFileSync(temporary, text);
    return [temporary, join(folder, name)] as const;
  });
  for (const [temporary, file] of staged) renameSync(temporary, file);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      check: { type: "boolean", default: false },
      spec: { type: "string", default: "openapi.yaml" },
      out: { type: "string", default: "generated" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const files = await render(values.spec);
  const names = Object.keys(files).map((name) => join(values.out, name));
  if (!values.check) {
    write(files, values.out);
    return console.log(`Wrote ${names.join(" and ")} from ${relative(".", values.spec)}.`);
  }
  const drift = check(files, values.out);
  if (drift.length > 0) throw new SpecError(`${drift.join("\n")}\nRun \`npm run generate\` and commit what it writes.`);
  console.log(`${names.join(" and ")} are what ${relative(".", values.spec)} gives.`);
}

main().catch((error: unknown) => {
  // Everything a person can cause has a message; only a fault of our own shows its stack.
  const told = error instanceof SpecError || (error instanceof Error && "code" in error);
  console.error(told ? error.message : error);
  process.exitCode = 1;
});
