// Reads the file of a spec, and tells places in it.
import { resolve } from "node:path";
import {
  type BaseResolver,
  type Document,
  getLineColLocation,
  isRef,
  type LocationObject,
} from "@redocly/openapi-core";
import { InputError, shown } from "./input-error.js";

/** `file:line:col`, as editors and terminals link it. */
export function placeOf(location: LocationObject): string {
  const { source, start } = getLineColLocation(location);
  return `${shown(source.absoluteRef)}:${start.line}:${start.col}`;
}

export function fault(location: LocationObject, message: string): InputError {
  return new InputError(`${placeOf(location)} ${message}`);
}

/** js-yaml ends its messages with `in "file" (line:col)`; others name no place. */
function readFault(file: string, { message }: Error): InputError {
  const [, reason, line, col] = /^(.*?)(?: in ".*")? \((\d+):(\d+)\)$/.exec(message) ?? [];
  if (reason) return new InputError(`${shown(file)}:${line}:${col} ${reason}`);
  return new InputError(`${shown(file)} cannot be read: ${message.replaceAll(resolve(file), shown(file))}`);
}

/** What is not OpenAPI 3, and where it says so. */
function versionFault(parsed: unknown): [pointer: string, message: string] | undefined {
  const expected = 'an OpenAPI 3.0 or 3.1 document was expected, such as begins with "openapi: 3.1.0"';
  if (parsed === undefined || parsed === null) return ["#/", `The file is empty: ${expected}.`];
  if (typeof parsed !== "object" || Array.isArray(parsed)) return ["#/", `This is no object: ${expected}.`];
  if ("swagger" in parsed) return ["#/swagger", `This is Swagger ${parsed.swagger}: convert it to OpenAPI 3.`];
  if (!("openapi" in parsed)) return ["#/", `There is no member "openapi": ${expected}.`];
  const { openapi } = parsed;
  if (typeof openapi !== "string")
    return ["#/openapi", `Version ${openapi} is no string: write it in quotes, in full.`];
  return openapi.startsWith("3.") ? undefined : ["#/openapi", `This is version ${openapi}: ${expected}.`];
}

/** @throws {InputError} if there is no such file, it is not YAML or JSON, or not OpenAPI 3. */
export async function readSource(file: string, resolver: BaseResolver): Promise<Document> {
  const document = await resolver.resolveDocument(null, file, true).catch((error: Error) => error);
  if (document instanceof Error) throw readFault(file, document);
  const { parsed, source } = document;
  const wrong = versionFault(parsed);
  if (wrong) throw fault({ source, pointer: wrong[0], reportOnKey: true }, wrong[1]);
  return document;
}

/** The first reference of a document that leads only back to itself. */
export function findCircle({ parsed, source }: Document): LocationObject | undefined {
  const lookUp = (pointer: string) =>
    pointer
      .split("/")
      .slice(1)
      .reduce<unknown>((node, key) => {
        return Object(node)[decodeURIComponent(key).replaceAll("~1", "/").replaceAll("~0", "~")];
      }, parsed);

  function leadsBack(start: unknown): boolean {
    const seen = new Set<unknown>();
    let node = start;
    while (isRef(node) && node.$ref.startsWith("#/") && !seen.has(node)) {
      seen.add(node);
      node = lookUp(node.$ref);
    }
    return seen.has(node);
  }

  function search(node: unknown, pointer: string): LocationObject | undefined {
    if (typeof node !== "object" || node === null) return undefined;
    if (leadsBack(node)) return { source, pointer };
    for (const [key, member] of Object.entries(node)) {
      const found = search(member, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`);
      if (found) return found;
    }
    return undefined;
  }
  return search(parsed, "#");
}
