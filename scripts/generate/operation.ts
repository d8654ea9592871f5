// Renders the function of one operation.
import type { OpenAPI3, ParameterObject, RequestBodyObject, ServerObject } from "openapi-typescript";
import { requestBodyOptions, responseBodyOptions } from "./body.js";
import { type Operation, resolveRef } from "./operations.js";
import { type CallOption, parameterOptions } from "./parameters.js";
import { comment, enclose, literal } from "./text.js";

/** What openapi-fetch is told beside the caller's own `init`. */
export function callOptions(document: OpenAPI3, operation: Operation): CallOption[] {
  return [
    ...parameterOptions(document, operation.parameters),
    ...requestBodyOptions(document, operation),
    ...responseBodyOptions(document, operation),
  ];
}

/** Whether openapi-fetch lets a caller leave `init` out. */
function initIsOptional(document: OpenAPI3, { spec, parameters }: Operation): boolean {
  const body = spec.requestBody && resolveRef<RequestBodyObject>(document, spec.requestBody);
  return !body?.required && !parameters.some((parameter) => parameter.required || parameter.in === "path");
}

function parameterList(parameters: ParameterObject[]): string {
  const cookies = parameters.filter((parameter) => parameter.in === "cookie").map(({ name }) => `\`${name}\``);
  return [
    ...parameters.flatMap(({ name, in: place, description }) =>
      description ? [`- \`${name}\` (${place}): ${description.trim().replace(/\s*\n\s*/g, " ")}`] : [],
    ),
    ...(cookies.length > 0 ? [`- not sent, as \`fetch\` leaves cookies to the browser: ${cookies.join(", ")}`] : []),
  ].join("\n");
}

function serverWords({ url, variables }: ServerObject): string {
  const defaults = Object.entries(variables ?? {}).map(([name, variable]) => `\`${name}\` is \`${variable.default}\``);
  return `\`${url}\`${defaults.length > 0 ? ` (by default, ${defaults.join(", ")})` : ""}`;
}

function initExpression(options: CallOption[]): string {
  if (options.length === 0) return "init";
  const rows = (wins: boolean) =>
    options.filter((option) => Boolean(option.wins) === wins).map(({ name, code }) => `${name}: ${code}`);
  return enclose("{", [...rows(false), "...init", ...rows(true)], "}", "  ");
}

export function renderOperation(document: OpenAPI3, operation: Operation): string {
  const { name, id, method, path, spec, servers, parameters } = operation;
  const doc = comment(
    [
      spec.summary,
      spec.description,
      parameterList(parameters),
      servers.length > 0 ? `Served at ${servers.map(serverWords).join(", ")}: pass that as \`baseUrl\`.` : "",
      `\`${method.toUpperCase()} ${path}\`${method === "trace" ? ", which `fetch` refuses to send" : ""}`,
    ],
    spec.deprecated ? "@deprecated" : undefined,
  );
  // openapi-typescript keys an operation so: "#" would begin a pointer.
  const type = `operations[${literal(id.replaceAll("#", "/"))}]`;
  const init = `init${initIsOptional(document, operation) ? "?" : ""}: FetchOptions<${type}>`;
  const call = `client.${method.toUpperCase()}(${literal(path)}, ${initExpression(callOptions(document, operation))})`;
  return `${doc}
${enclose(`export function ${name}(`, ["client: Client", init], `): Result<${type}> {`)}
  return typed(${call});
}`;
}
