// Makes of a document one that openapi-typescript can take and that says what is on the wire.
import type { OpenAPI3, RequestBodyObject, ResponseObject } from "openapi-typescript";
import { mediaKind } from "./media.js";
import { listOperations, type Operation, ownEntries, resolveRef, successResponses } from "./operations.js";

/** A body that is neither JSON nor a form is bytes or text, whatever schema describes what is in it. */
function typeWholeBodies(document: OpenAPI3, { spec }: Operation): void {
  const readAsBytes = new Set<unknown>([spec.requestBody, ...successResponses(spec)]);
  for (const body of [spec.requestBody, ...ownEntries(spec.responses).map(([, response]) => response)]) {
    const { content = {} } = body ? resolveRef<RequestBodyObject | ResponseObject>(document, body) : {};
    for (const type of Object.keys(content)) {
      const kind = mediaKind(type);
      if (kind !== "text" && kind !== "binary") continue;
      // openapi-fetch reads the body of an error as text.
      const format = kind === "binary" && readAsBytes.has(body) ? { format: "binary" } : {};
      content[type] = { schema: { type: "string", ...format } };
    }
  }
}

/**
 * openapi-typescript finds no type for a parameter or a schema that a reference finds where it is used, not among the
 * components: such a reference is led to a component of the same content.
 */
function componentFor(ref: string, moved: Map<string, [kind: string, name: string]>): string {
  const kind = /\/schema(\/|$)/.test(ref) ? "schemas" : /\/parameters\/\d+$/.test(ref) ? "parameters" : undefined;
  if (!kind || /^#\/components\/\w+\/[^/]+$/.test(ref)) return ref;
  const [, name] = moved.get(ref) ?? [kind, `${ref.replace(/\W+/g, "_")}_${moved.size}`];
  moved.set(ref, [kind, name]);
  return `#/components/${kind}/${name}`;
}

// It also decodes names as if they were parts of a URL, and fails at "50%".
const PERCENT = "<percent>";

export const restore = (text: string): string => text.replaceAll(PERCENT, "%");

/** Its references, bodies, names and responses as openapi-typescript can take them; `restore` belongs to what it then gives. */
export function prepare(original: OpenAPI3): OpenAPI3 {
  const moved = new Map<string, [kind: string, name: string]>();
  const text = JSON.stringify(original, (key, value) => {
    return key === "$ref" && typeof value === "string" ? componentFor(decodeURIComponent(value), moved) : value;
  });
  const document: OpenAPI3 = JSON.parse(text.replaceAll("%", PERCENT));
  const components: Record<string, object> = { ...document.components };
  for (const [ref, [kind, name]] of moved) {
    const content = resolveRef(document, { $ref: ref.replaceAll("%", PERCENT) });
    components[kind] = { ...components[kind], [name]: content };
  }
  document.components = components;
  for (const operation of listOperations(document)) {
    typeWholeBodies(document, operation);
    // It takes an extension for a response.
    const { spec } = operation;
    if (spec.responses) spec.responses = Object.fromEntries(ownEntries(spec.responses));
  }
  return document;
}
