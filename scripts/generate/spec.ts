// Reads an OpenAPI document with Redocly's core (what openapi-typescript reads with), and refuses one that cannot become
// a client, with its place in the file.
import {
  BaseResolver,
  bundleDocument,
  type Config,
  createConfig,
  type Document,
  lintDocument,
  type NormalizedProblem,
} from "@redocly/openapi-core";
import type { OpenAPI3 } from "openapi-typescript";
import { functionNames } from "./function-names.js";
import { InputError, shown } from "./input-error.js";
import { pathParameters } from "./path-parameters.js";
import { fault, findCircle, placeOf, readSource } from "./source.js";

// JSON Schema 2020-12 §4.3.2 has them, Redocly's core 1 knows them only within other schemas.
const BOOLEAN_SCHEMA = /^Expected type `Schema` \(object\) but got `boolean`$/;

function describe({ message, location: [first] }: NormalizedProblem): string {
  // Where a file is at fault, Redocly's core names it by its absolute path.
  const text = /^(Can't resolve|Failed to parse)/.test(message)
    ? message.replace(/(["'])(\/[^"']*)\1/g, (_, mark, path) => mark + shown(path) + mark)
    : message;
  return first ? `${placeOf(first)} ${text}` : text;
}

async function lint(document: Document, externalRefResolver: BaseResolver, config: Config): Promise<void> {
  const problems = await lintDocument({ document, externalRefResolver, config: config.styleguide }).catch((error) => {
    // Redocly's core throws at the first reference that it cannot end, without a place.
    const circle = findCircle(document);
    if (circle) throw fault(circle, "This reference leads only back to itself.");
    throw new InputError(`${shown(document.source.absoluteRef)} cannot be read: ${error.message}`, { cause: error });
  });
  const faults = problems.filter(({ severity, message }) => severity === "error" && !BOOLEAN_SCHEMA.test(message));
  if (faults.length > 0) throw new InputError(faults.map(describe).join("\n"));
}

/**
 * The whole document, other files taken in.
 *
 * @throws {InputError} naming each fault and its place: not YAML, not OpenAPI 3, a reference that leads nowhere, a
 * parameter of a path that is not defined or defined twice, an operation without an operationId, two that would become
 * one function.
 */
export async function loadSpec(file: string): Promise<OpenAPI3> {
  const config = await createConfig({
    plugins: [
      { id: "generate", rules: { oas3: { "function-names": functionNames, "path-parameters": pathParameters } } },
    ],
    rules: {
      struct: "error",
      "no-unresolved-refs": "error",
      "operation-parameters-unique": "error",
      "generate/path-parameters": "error",
      "generate/function-names": "error",
    },
  });
  const externalRefResolver = new BaseResolver(config.resolve);
  const document = await readSource(file, externalRefResolver);
  await lint(document, externalRefResolver, config);
  const { bundle } = await bundleDocument({ document, externalRefResolver, config: config.styleguide });
  return bundle.parsed;
}
