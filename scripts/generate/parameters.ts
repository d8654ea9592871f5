// What openapi-fetch must be told of parameters whose style is not its own default (OpenAPI 3.1 §4.8.12.2).
import type { OpenAPI3, ParameterObject, ReferenceObject, SchemaObject } from "openapi-typescript";
import { resolveRef } from "./spec.js";

/** openapi-fetch has one style for all query parameters of a call; OpenAPI gives each parameter its own. */
export const SERIALIZE_QUERY = `type QueryStyle = { style?: string; explode?: boolean; allowReserved?: boolean; json?: boolean };

function serializeQuery(styles: Record<string, QueryStyle>) {
  return (query: object): string =>
    Object.entries(query)
      .map(([name, value]) => {
        const { style = "form", explode = style === "form", allowReserved = false, json } = styles[name] ?? {};
        const shape = { style: style as "form", explode };
        return createQuerySerializer({ array: shape, object: shape, allowReserved })({
          [name]: json ? JSON.stringify(value) : value,
        });
      })
      .filter(Boolean)
      .join("&");
}`;

/** Whether a value of this schema may be an object: openapi-fetch writes those as deepObject, OpenAPI as form. */
function mayBeObject(document: OpenAPI3, schema: SchemaObject | ReferenceObject | undefined, depth = 0): boolean {
  if (!schema || depth > 8) return true;
  const resolved = resolveRef<SchemaObject>(document, schema);
  const parts = [...(resolved.allOf ?? []), ...(resolved.anyOf ?? []), ...(resolved.oneOf ?? [])];
  if (parts.length) return parts.some((part) => mayBeObject(document, part, depth + 1));
  if ("enum" in resolved || "const" in resolved) return false;
  return [resolved.type ?? "object"].flat().includes("object");
}

export function parameterOptions(document: OpenAPI3, parameters: ParameterObject[]): string[] {
  const query = parameters.filter((parameter) => parameter.in === "query");
  const styled = query.filter(
    (parameter) =>
      parameter.style ||
      parameter.explode === false ||
      parameter.allowReserved ||
      mayBeObject(document, parameter.schema),
  );
  const styles = styled.map(({ name, style, explode, allowReserved, content }) => {
    const json = Object.keys(content ?? {}).some((type) => /json\b/i.test(type)) || undefined;
    return `${JSON.stringify(name)}: ${JSON.stringify({ style, explode, allowReserved, json })}`;
  });
  const path = parameters
    .filter((parameter) => parameter.in === "path")
    .map(({ name, style, explode }) => {
      const mark = { label: ".", matrix: ";" }[style ?? ""] ?? "";
      return [`{${name}}`, `{${mark}${name}${explode ? "*" : ""}}`] as const;
    })
    .filter(([plain, template]) => plain !== template)
    .map(([plain, template]) => `.replace(${JSON.stringify(plain)}, ${JSON.stringify(template)})`);
  return [
    ...(styles.length ? [`querySerializer: serializeQuery({ ${styles.join(", ")} })`] : []),
    ...(path.length ? [`pathSerializer: (url, params) => defaultPathSerializer(url${path.join("")}, params)`] : []),
  ];
}
