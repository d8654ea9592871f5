// The functions that a generated client carries where its operations need them: real code in helpers/, checked and
// tested as such, and copied as text.
import { readFileSync } from "node:fs";

/** In the order in which they are written, with what of openapi-fetch each needs. */
const HELPERS = {
  typed: { file: "result", imports: [] },
  serverUrl: { file: "server-url", imports: [] },
  serializeQuery: { file: "serialize-query", imports: [] },
  serializeForm: { file: "serialize-form", imports: [] },
  serializeHeaders: { file: "serialize-headers", imports: [] },
  toFormData: { file: "to-form-data", imports: [] },
  rawBody: { file: "raw-body", imports: [] },
  withContentType: { file: "with-content-type", imports: ["type HeadersOptions"] },
  defaultPathSerializer: { file: undefined, imports: ["defaultPathSerializer"] },
} satisfies Record<string, { file: string | undefined; imports: string[] }>;

export type Helper = keyof typeof HELPERS;

function source(file: string): string {
  const text = readFileSync(new URL(`./helpers/${file}.ts`, import.meta.url), "utf8");
  return text
    .replace(/^import .*\n/gm, "")
    .replace(/^export (?!function serverUrl\b)/gm, "")
    .trim();
}

/** The source of the helpers named, and what they import from openapi-fetch. */
export function renderHelpers(names: Iterable<Helper>): { sources: string[]; imports: string[] } {
  const wanted = new Set(names);
  if (wanted.has("serializeForm")) wanted.add("serializeQuery");
  const used = Object.entries(HELPERS).filter(([name]) => wanted.has(name as Helper));
  return {
    sources: used.flatMap(([, { file }]) => (file ? [source(file)] : [])),
    imports: used.flatMap(([, { imports }]) => imports),
  };
}
