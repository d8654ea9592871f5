// Reads a spec and lists its operations. Refuses what openapi-fetch does not send or read correctly by default.
import { relative } from "node:path";
import { bundle, createConfig, getLineColLocation, isRef, type LocationObject, lint } from "@redocly/openapi-core";
import * as oas from "openapi-typescript";
import ts from "typescript";
import { isProblemType } from "../../src/errors/problem.js";

export type Operation = Awaited<ReturnType<typeof readSpec>>["operations"][number];
export const config = createConfig({
  rules: { struct: "error", "no-unresolved-refs": "error", "path-parameters-defined": "error" },
});
const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"] as const;
const STRICT_MODE = "arguments await eval implements interface let package private protected public static yield";

function placeOf(location: LocationObject): string {
  const { source, start } = getLineColLocation(location);
  return `${relative("", source.absoluteRef)}:${start.line}:${start.col}`;
}

/** openapi-fetch takes {.id}, {;id} and {id*} for other styles, and sends an object in the query as a deepObject. */
function isSupported({ in: place, name, style, explode, schema, ...parameter }: oas.ParameterObject): boolean {
  const isPlain = /^[\w$@-][\w.$@:[\]-]*$/.test(name) && !parameter.allowReserved && !parameter.content;
  const isDefault = /^(path (simple|undefined) (false|undefined)|query (form|undefined) (true|undefined) (?!.*object))/;
  return isPlain && isDefault.test(`${place} ${style} ${explode} ${schema?.type}`);
}

export async function readSpec(file: string) {
  const problems = await lint({ ref: file, config: await config }).catch(({ line, col, originalError, message }) => {
    throw new Error(line ? `${file}:${line}:${col} ${originalError.reason}` : `${file}: ${message}`);
  });
  const { source, parsed } = (await bundle({ ref: file, config: await config })).bundle;
  const faults = problems.map(({ location: [at], message }) => `${at ? placeOf(at) : file} ${message}`);
  if (!/^3\.[01]\./.test(parsed.openapi)) faults.push(`${file}:1:1 This is not an OpenAPI 3.0 or 3.1 document.`);
  const follow = <T>(node: unknown) => (isRef(node) ? oas.resolveRef(parsed, node.$ref, { silent: true }) : node) as T;
  const typesOf = (message: unknown) => Object.keys(follow<{ content?: object }>(message).content ?? {});
  const isUnsupported = (p: oas.ParameterObject) => !isSupported({ ...p, schema: follow(p.schema) });
  const taken = new Set([...STRICT_MODE.split(" "), "createClient", "createFetchClient", "problemStatuses", "servers"]);

  const operations = Object.keys(faults.length > 0 ? {} : (parsed.paths ?? {})).flatMap((path) => {
    const item = follow<oas.PathItemObject | null>(parsed.paths[path]) ?? {};
    return METHODS.filter((method) => item[method]).map((method) => {
      const operation = follow<oas.OperationObject>(item[method]);
      const { operationId: id = "", requestBody = {}, responses = {} } = operation;
      const camel = id.replace(/[^\p{L}\p{N}]+(.?)/gu, (_, next: string) => next.toUpperCase());
      const name = camel.charAt(0).toLowerCase() + camel.slice(1);
      const { diagnostics } = ts.transpileModule(`export function ${name}() {}`, { reportDiagnostics: true });
      const declared = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
      const parameters = declared.map((parameter) => follow<oas.ParameterObject>(parameter));
      const answers = Object.entries(responses).filter(([status]) => !status.startsWith("x-"));
      const problems = answers.filter(([, answer]) => typesOf(answer).some(isProblemType)).map(([status]) => status);
      const unsupported = [
        ...(diagnostics?.length || taken.has(name) ? [`operationId "${id}" (it gives no new function name)`] : []),
        ...parameters.filter(isUnsupported).map((p) => `${p.in} parameter "${p.name}"`),
        ...typesOf(requestBody).filter((type) => !/^application\/json\s*(;|$)/i.test(type)),
        ...answers.flatMap(([, answer]) => typesOf(answer)).filter((type) => !/[/+]json\s*(;|$)/i.test(type)),
      ];
      const pointer = `#/paths/${path.replaceAll("~", "~0").replaceAll("/", "~1")}/${method}`;
      const place = () => placeOf({ source, pointer, reportOnKey: true });
      faults.push(...unsupported.map((what) => `${place()} ${method.toUpperCase()} ${path}: not supported: ${what}.`));
      taken.add(name);
      // openapi-typescript follows no reference here, and takes an extension for a response.
      item[method] = { ...operation, responses: Object.fromEntries(answers) };
      return { key: JSON.stringify(id), name, method: method.toUpperCase(), path, operation, parameters, problems };
    });
  });
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return { document: parsed as oas.OpenAPI3, operations };
}
