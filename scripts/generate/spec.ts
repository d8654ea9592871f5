// Reads an OpenAPI document with Redocly's core (what openapi-typescript reads with), refuses one that cannot become a
// client with its place in the file, and lists its operations.
import { relative } from "node:path";
import {
  bundle,
  type Config,
  createConfig,
  getLineColLocation,
  lint,
  type NormalizedProblem,
} from "@redocly/openapi-core";
import type { Oas3Rule } from "@redocly/openapi-core/lib/visitors.js";
import type { OpenAPI3, OperationObject, ParameterObject, PathItemObject, ReferenceObject } from "openapi-typescript";
import { functionName } from "./names.js";

/** A message for the person who wrote the spec; nothing was written. */
export class SpecError extends Error {}

export interface Operation {
  /** Name of the generated function. */
  name: string;
  id: string;
  method: Method;
  path: string;
  /** The operation, its own references unresolved. */
  spec: OperationObject;
  /** Parameters of the path item and of the operation; the latter win. */
  parameters: ParameterObject[];
}

export const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"] as const;
export type Method = (typeof METHODS)[number];

/** Every operation needs an id, and every id a function name of its own. */
const functionNames: Oas3Rule = () => {
  const seen = new Map<string, string>();
  return {
    Paths(paths, { report, resolve, location }) {
      for (const [path, entry] of Object.entries(paths)) {
        if (!path.startsWith("/")) continue;
        const item = resolve<PathItemObject>(entry as PathItemObject);
        for (const method of METHODS) {
          const operation = item.node?.[method] as OperationObject | undefined;
          if (!operation || !item.location) continue;
          const where = `${method.toUpperCase()} ${path}`;
          const place = (item.node === entry ? location.child([path]) : item.location).child([method]);
          const id = operation.operationId;
          if (typeof id !== "string") {
            report({ message: `${where} has no operationId: it names the generated function.`, location: place.key() });
            continue;
          }
          const name = functionName(id);
          const at = place.child(["operationId"]);
          if (!name) {
            report({
              message: `operationId "${id}" of ${where} has no letter or digit to name a function by.`,
              location: at,
            });
          } else if (seen.has(name)) {
            report({
              message: `operationId "${id}" of ${where} collides with that of ${seen.get(name)}: both become ${name}().`,
              location: at,
            });
          } else {
            seen.set(name, where);
          }
        }
      }
    },
  };
};

function describe(problem: NormalizedProblem): string {
  const [first] = problem.location;
  if (!first) return problem.message;
  const { source, start } = getLineColLocation(first);
  return `${relative(".", source.absoluteRef)}:${start.line}:${start.col} ${problem.message}`;
}

/** Follows a local reference: after bundling there is no other kind. */
export function resolveRef<T extends object>(document: OpenAPI3, node: T | ReferenceObject): T {
  if (!("$ref" in node) || typeof node.$ref !== "string") return node as T;
  const keys = node.$ref.replace(/^#\//, "").split("/");
  const unescaped = keys.map((key) => decodeURIComponent(key).replaceAll("~1", "/").replaceAll("~0", "~"));
  const target = unescaped.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], document);
  return resolveRef(document, target as T | ReferenceObject);
}

function listOperations(document: OpenAPI3): Operation[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, entry]) => {
    const item = resolveRef<PathItemObject>(document, entry);
    return METHODS.flatMap((method) => {
      if (!item[method]) return [];
      const spec = resolveRef<OperationObject>(document, item[method]);
      const id = spec.operationId ?? "";
      const all = [...(item.parameters ?? []), ...(spec.parameters ?? [])];
      const parameters = all.map((parameter) => resolveRef<ParameterObject>(document, parameter));
      const byPlace = new Map(parameters.map((parameter) => [`${parameter.in} ${parameter.name}`, parameter]));
      return [{ name: functionName(id), id, method, path, spec, parameters: [...byPlace.values()] }];
    });
  });
}

/**
 * @throws {SpecError} naming each fault and its place: no such file, not YAML, not OpenAPI 3, a reference that leads
 * nowhere, an operation without an operationId, two that would become one function.
 */
export async function loadSpec(
  file: string,
): Promise<{ document: OpenAPI3; operations: Operation[]; redocly: Config }> {
  const redocly = await createConfig({
    plugins: [{ id: "generate", rules: { oas3: { "function-names": functionNames } } }],
    rules: { struct: "error", "no-unresolved-refs": "error", "generate/function-names": "error" },
  });
  try {
    const faults = (await lint({ ref: file, config: redocly })).filter((problem) => problem.severity === "error");
    if (faults.length > 0) throw new SpecError(faults.map(describe).join("\n"));
    const document = (await bundle({ ref: file, config: redocly })).bundle.parsed as OpenAPI3;
    if (!String(document.openapi).startsWith("3.")) throw new SpecError(`${file} is not an OpenAPI 3 document.`);
    return { document, operations: listOperations(document), redocly };
  } catch (error) {
    if (error instanceof SpecError || !(error instanceof Error)) throw error;
    throw new SpecError(`${relative(".", file)} cannot be read: ${error.message.replaceAll(`${process.cwd()}/`, "")}`);
  }
}
