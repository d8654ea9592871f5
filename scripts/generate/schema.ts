// Renders generated/schema.ts: openapi-typescript's types, put right where the wire carries something else.
import { createConfig } from "@redocly/openapi-core";
import openapiTS, { astToString, type OpenAPI3, type SchemaObject } from "openapi-typescript";
import ts from "typescript";
import { InputError } from "./input-error.js";
import { mediaKind } from "./media.js";
import { prepare, restore } from "./prepare.js";

const blob = ts.factory.createTypeReferenceNode("Blob");

/** OpenAPI 3.0 §4.7.14.2 says bytes with `format`, 3.1 §4.8.14.2 with JSON Schema's `contentMediaType`. */
function isBytes(schema: SchemaObject | undefined): boolean {
  if (schema?.type !== "string") return false;
  if (schema.format === "binary") return true;
  const [media, encoding] = ["contentMediaType", "contentEncoding"].map((name) => Reflect.get(schema, name));
  return typeof media === "string" && mediaKind(media) === "binary" && !encoding;
}

export async function renderSchema(document: OpenAPI3): Promise<string> {
  const ast = await openapiTS(prepare(document), {
    redocly: await createConfig({}),
    silent: true,
    // A default says what an absent member means, not that it is present.
    defaultNonNullable: false,
    transform: (schema) => (isBytes(schema) ? blob : undefined),
  }).catch((cause: Error) => {
    throw new InputError(`openapi-typescript finds no types for this spec: ${cause.message}`, { cause });
  });
  return restore(astToString(ast));
}
