// Compares how two OpenAPI documents describe the operation. References within them have been resolved.
import { inspect } from "node:util";
import type { OpenAPI3, OperationObject, ParameterObject, PathItemObject } from "openapi-typescript";

type Json = Record<string, unknown>;
const PATH = "/service-accounts/{serviceAccountSlug}/tokens/{tokenSlug}";

/** They change nothing on the wire. */
const ANNOTATIONS = /^(description|summary|title|format|default|deprecated|examples?|externalDocs|x-.*)$/;

/** By place, what the vendor's document has there: known, and deliberate. */
const KNOWN: Json = {
  // openapi.yaml names the whole URL of one deployment, the vendor the usual path.
  servers: "/api",
  // Open in openapi.yaml, since RFC 9457 lets a server add members.
  "responses.*.content.application/problem+json.schema.additionalProperties": "false",
  "responses.*.content.application/problem+json.schema.properties.errors.items.additionalProperties": "false",
};

/** @returns a line for each difference; one that several statuses share is one. `name` is what `theirs` is called there. */
export function compareSpecs(ours: OpenAPI3, theirs: OpenAPI3, name: string): string[] {
  const statuses = new Map<string, string[]>();
  for (const [place, mine, other] of findDifferences([], operationOf(ours), operationOf(theirs))) {
    const status = place[0] === "responses" ? place.splice(1, 1, "*") : [];
    const at = place.join(".") || `DELETE ${PATH}`;
    if (KNOWN[at] === other) continue;
    const line = `${at}: openapi.yaml has ${mine}, ${name} has ${other}.`;
    statuses.set(line, [...(statuses.get(line) ?? []), ...status]);
  }
  return Array.from(statuses, ([line, list]) => (list.length > 0 ? `${line} Status ${list.join(", ")}.` : line));
}

/** What is compared. */
function operationOf({ servers = [], paths, ...document }: OpenAPI3): Json | undefined {
  const item: PathItemObject = paths?.[PATH] ?? {};
  const operation = item.delete as OperationObject | undefined;
  if (!operation) return undefined;
  const { security = document.security, requestBody, responses } = operation;
  const inputs = [...(item.parameters ?? []), ...(operation.parameters ?? [])] as ParameterObject[];
  const parameters = Object.fromEntries(inputs.map((input) => [`${input.in} ${input.name}`, input]));
  return { servers: servers.map(({ url }) => url), security, parameters, requestBody, responses };
}

/** A reference to another document is a value. */
const isObject = (value: unknown): value is Json => value?.constructor === Object && !Object.hasOwn(value, "$ref");

/** It ends also where `theirs` contains itself, since `ours` does not. */
function* findDifferences(place: string[], ours: unknown, theirs: unknown): Generator<[string[], string, string]> {
  if (!isObject(ours) || !isObject(theirs)) {
    if (textOf(ours) !== textOf(theirs)) yield [place, textOf(ours), textOf(theirs)];
    return;
  }
  for (const name of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    // Below `properties`, a name is a member's.
    if (ANNOTATIONS.test(name) && place.at(-1) !== "properties") continue;
    const byDefault = name === "additionalProperties" ? true : undefined;
    yield* findDifferences([...place, name], ours[name] ?? byDefault, theirs[name] ?? byDefault);
  }
}

/** In no list that is compared does the order matter. */
function textOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (isObject(value)) return "it";
  const text = (item: unknown) => (typeof item === "string" ? item : inspect(item, { breakLength: Infinity }));
  return [value].flat().map(text).sort().join(", ") || "nothing";
}
