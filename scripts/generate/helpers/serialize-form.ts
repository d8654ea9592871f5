import { serializeQuery } from "./serialize-query.js";

/** A form is a query, but for objects that were given no style: those are JSON (OpenAPI 3.1 §4.8.15). */
export function serializeForm(styles: Parameters<typeof serializeQuery>[0]) {
  const plain = (name: string, value: unknown) =>
    name in styles || typeof value !== "object" || value === null || Array.isArray(value)
      ? value
      : JSON.stringify(value);
  return (body: unknown): string =>
    serializeQuery(styles)(
      Object.fromEntries(Object.entries(body ?? {}).map(([name, value]) => [name, plain(name, value)])),
    );
}
