// The operations of a bundled spec, with everything that they share with others in its place.
import type {
  OpenAPI3,
  OperationObject,
  ParameterObject,
  PathItemObject,
  ReferenceObject,
  ServerObject,
} from "openapi-typescript";
import { functionName } from "./names.js";

export const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"] as const;
export type Method = (typeof METHODS)[number];

export interface Operation {
  /** Name of the generated function. */
  name: string;
  id: string;
  method: Method;
  path: string;
  /** The operation, its own references unresolved. */
  spec: OperationObject;
  /** Where the operation is served, if not at the servers of the whole spec. */
  servers: ServerObject[];
  /** Parameters of the path item and of the operation; the latter win. */
  parameters: ParameterObject[];
}

/** Follows a local reference: after bundling there is no other kind. */
export function resolveRef<T extends object>(document: OpenAPI3, node: T | ReferenceObject): T {
  if (!("$ref" in node) || typeof node.$ref !== "string") return node as T;
  const keys = node.$ref.replace(/^#\//, "").split("/");
  const unescaped = keys.map((key) => decodeURIComponent(key).replaceAll("~1", "/").replaceAll("~0", "~"));
  const target = unescaped.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], document);
  return resolveRef(document, target as T | ReferenceObject);
}

/** `paths` and `responses` may hold extensions of any shape beside their own entries. */
export function ownEntries<T>(map: Record<string, T> | undefined): [string, T][] {
  return Object.entries(map ?? {}).filter(([key]) => !key.startsWith("x-"));
}

/** The responses that are a success: where a spec documents none, `default` stands for that too. */
export function successResponses({ responses }: OperationObject) {
  const entries = ownEntries(responses);
  const successes = entries.filter(([status]) => status.startsWith("2"));
  const chosen = successes.length > 0 ? successes : entries.filter(([status]) => status === "default");
  return chosen.map(([, response]) => response);
}

export function listOperations(document: OpenAPI3): Operation[] {
  return ownEntries(document.paths).flatMap(([path, entry]) => {
    const item = resolveRef<PathItemObject>(document, entry);
    return METHODS.flatMap((method) => {
      if (!item[method]) return [];
      const spec = resolveRef<OperationObject>(document, item[method]);
      const id = spec.operationId ?? "";
      const servers = spec.servers ?? item.servers ?? [];
      const all = [...(item.parameters ?? []), ...(spec.parameters ?? [])];
      const resolved = all.map((parameter) => resolveRef<ParameterObject>(document, parameter));
      const byPlace = new Map(resolved.map((parameter) => [`${parameter.in} ${parameter.name}`, parameter]));
      return [{ name: functionName(id), id, method, path, spec, servers, parameters: [...byPlace.values()] }];
    });
  });
}
