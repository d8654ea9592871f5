// What openapi-fetch must be told of parameters whose style is not its own default (OpenAPI 3.1 §4.8.12.2).
import type { OpenAPI3, ParameterObject, ReferenceObject, SchemaObject } from "openapi-typescript";
import type { Helper } from "./helpers.js";
import { mediaKind } from "./media.js";
import { resolveRef } from "./operations.js";
import { literal } from "./text.js";

/** An option that a generated function passes to openapi-fetch. */
export interface CallOption {
  name: string;
  code: string;
  /** What the code calls. */
  helper?: Helper;
  /** Whether it has taken the caller's own option in, and stands in its place. */
  wins?: boolean;
}

type Schema = SchemaObject | ReferenceObject | boolean | undefined;

/** Whether all values of this schema are of one of these types, as far as the schema tells. */
function isOnly(document: OpenAPI3, schema: Schema, types: string[], depth = 0): boolean {
  if (typeof schema !== "object" || depth > 8) return false;
  const resolved = resolveRef<SchemaObject>(document, schema);
  const parts = [...(resolved.allOf ?? []), ...(resolved.anyOf ?? []), ...(resolved.oneOf ?? [])];
  if (parts.length > 0) return parts.every((part) => isOnly(document, part, types, depth + 1));
  if ("enum" in resolved || "const" in resolved) return true;
  return [resolved.type ?? "object"].flat().every((type) => {
    if (type === "array" && types.includes("array") && "items" in resolved) {
      const items = Array.isArray(resolved.items) ? resolved.items : [resolved.items];
      return items.every((item) => isOnly(document, item, SCALARS, depth + 1));
    }
    return type !== "array" && types.includes(type);
  });
}

const SCALARS = ["string", "number", "integer", "boolean", "null"];
const SCALARS_OR_LISTS = [...SCALARS, "array"];

const isJson = ({ content }: ParameterObject): boolean =>
  Object.keys(content ?? {}).some((type) => mediaKind(type) === "json");

/** A style as `serializeQuery` takes it; nothing where it is the default. */
export function queryStyle(style: { style?: unknown; explode?: unknown; allowReserved?: unknown; json?: boolean }) {
  const isForm = (style.style ?? "form") === "form";
  const own = {
    style: isForm ? undefined : style.style,
    explode: style.explode === isForm ? undefined : style.explode,
    allowReserved: style.allowReserved || undefined,
    json: style.json || undefined,
  };
  return Object.values(own).some((value) => value !== undefined) ? own : undefined;
}

function queryOption(document: OpenAPI3, parameters: ParameterObject[]): CallOption[] {
  const styles = parameters.flatMap((parameter) => {
    const own = queryStyle({ ...parameter, json: isJson(parameter) });
    return own ? [[parameter.name, own] as const] : [];
  });
  const isPlain = ({ name, schema }: ParameterObject) =>
    /^[\w.$@:[\]-]+$/.test(name) && isOnly(document, schema, SCALARS_OR_LISTS);
  if (styles.length === 0 && parameters.every(isPlain)) return [];
  const code = `serializeQuery(${literal(Object.fromEntries(styles), "    ")})`;
  return [{ name: "querySerializer", code, helper: "serializeQuery" }];
}

function headerOption(document: OpenAPI3, parameters: ParameterObject[]): CallOption[] {
  const styles = parameters
    .filter((parameter) => isJson(parameter) || !isOnly(document, parameter.schema, SCALARS_OR_LISTS))
    .map((parameter) => [parameter.name, isJson(parameter) ? "json" : parameter.explode ? "pairs" : "list"]);
  if (styles.length === 0) return [];
  const header = `serializeHeaders(${literal(Object.fromEntries(styles), "    ")}, init?.params?.header)`;
  return [{ name: "params", code: `{ ...init?.params, header: ${header} }`, helper: "serializeHeaders", wins: true }];
}

function pathOption(parameters: ParameterObject[]): CallOption[] {
  const templates = parameters
    .map(({ name, style, explode }) => {
      const mark = { label: ".", matrix: ";" }[style ?? ""] ?? "";
      return [`{${name}}`, `{${mark}${name}${explode ? "*" : ""}}`] as const;
    })
    .filter(([plain, template]) => plain !== template)
    .map(([plain, template]) => `.replaceAll(${literal(plain)}, () => ${literal(template)})`);
  if (templates.length === 0) return [];
  const code = `(url, values) => defaultPathSerializer(url${templates.join("")}, values)`;
  return [{ name: "pathSerializer", code, helper: "defaultPathSerializer" }];
}

export function parameterOptions(document: OpenAPI3, parameters: ParameterObject[]): CallOption[] {
  const at = (place: ParameterObject["in"]) => parameters.filter((parameter) => parameter.in === place);
  return [...queryOption(document, at("query")), ...pathOption(at("path")), ...headerOption(document, at("header"))];
}
