// The command `npm run generate`: writes generated/ from openapi.yaml, or with --check compares the two.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import openapiTS, { astToString, type OpenAPI3 } from "openapi-typescript";
import { config, type Operation, readSpec } from "./generate/spec.js";

const USAGE = `Usage: npm run generate [-- --check] [--spec FILE] [--out DIR]
With --check it writes nothing. It exits with 1 and names each file in DIR that has drifted from the spec.`;
const HEAD =
  "// Written by `npm run generate` from the OpenAPI spec. Never edit: change the spec and run it again.\n\n";

function renderFunction({ key, name, method, path, operation, parameters }: Operation): string {
  const list = parameters.map((p) => p.description && `- \`${p.name}\`: ${p.description}`);
  const doc = [operation.summary, operation.description, ...list, `\`${method} ${path}\``].filter(Boolean).join("\n\n");
  return `
/**
${doc.replaceAll("*/", "*\\/").replace(/^/gm, " * ").replace(/ +$/gm, "")}
 */
export function ${name}(client: Client, ...init: Init<${key}>): Result<${key}> {
  return client.${method}(${JSON.stringify(path)}, ...init);
}
`;
}

const renderClient = ({ servers }: OpenAPI3, operations: Operation[]): string =>
  `import createFetchClient, { type Client as FetchClient, type ClientOptions, type FetchOptions, type FetchResponse } from "openapi-fetch";
import type { operations as Operations, paths as Paths } from "./schema.js";

/** openapi-fetch, typed by the spec. */
export type Client = FetchClient<Paths>;

/** The servers that the spec names. Pass the URL of one, or your own, as \`baseUrl\`. */
export const servers = ${JSON.stringify(servers ?? [{ url: "/" }], null, 2)} as const;

/** The statuses that each operation documents as problems (\`application/problem+json\`, RFC 9457). */
export const problemStatuses = {
${operations.map(({ name, problems }) => `  ${name}: [${problems.map((status) => Number(status) || `"${status}"`).join(", ")}],\n`).join("")}} as const;

type Init<Id extends keyof Operations> = object extends FetchOptions<Operations[Id]> ? [init?: FetchOptions<Operations[Id]>] : [init: FetchOptions<Operations[Id]>];
type Result<Id extends keyof Operations> = Promise<FetchResponse<Operations[Id], object, \`\${string}/\${string}\`>>;

export const createClient = (options: ClientOptions): Client => createFetchClient<Paths>(options);
${operations.map(renderFunction).join("")}`;

/** The first line that differs, if any. git may check files out with CRLF. */
function findDrift(file: string, text: string): string[] {
  const old = existsSync(file) ? readFileSync(file, "utf8").replaceAll("\r\n", "\n").split("\n") : [];
  const fresh = text.split("\n");
  const line = [...fresh, undefined].findIndex((content, index) => content !== old[index]);
  return line < 0 ? [] : [`${file}:${line + 1} has drifted: "${old[line] ?? ""}" should be "${fresh[line] ?? ""}".`];
}

/** @returns what to tell the user. @throws {Error} with a line for each fault; then nothing is written. */
export async function generate(args: string[]): Promise<string> {
  const { check, spec, out, help } = parseArgs({
    args,
    options: {
      check: { type: "boolean" },
      spec: { type: "string", default: "openapi.yaml" },
      out: { type: "string", default: "generated" },
      help: { type: "boolean" },
    },
  }).values;
  if (help) return USAGE;
  const { document, operations } = await readSpec(spec);
  const schema = astToString(await openapiTS(document, { redocly: await config, defaultNonNullable: false }));
  const files = Object.entries({ "schema.ts": HEAD + schema, "client.ts": HEAD + renderClient(document, operations) });
  const drift = check ? files.flatMap(([name, text]) => findDrift(join(out, name), text)) : [];
  if (drift.length > 0) throw new Error(`${drift.join("\n")}\nRun \`npm run generate\` and commit what it writes.`);
  if (check) return `${out} is what ${spec} gives.`;
  mkdirSync(out, { recursive: true });
  for (const [name, text] of files) writeFileSync(join(out, `${name}.new`), text);
  for (const [name] of files) renameSync(join(out, `${name}.new`), join(out, name));
  return `Wrote schema.ts and client.ts of ${spec} to ${out}.`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  generate(process.argv.slice(2)).then(console.log, ({ message }) => {
    console.error(message);
    process.exitCode = 1;
  });
}
