// Renders generated/client.ts: the servers, the problem statuses, and a typed function per operation over openapi-fetch.
import type { OpenAPI3, ParameterObject, RequestBodyObject, ResponseObject, ServerObject } from "openapi-typescript";
import { parameterOptions, SERIALIZE_QUERY } from "./parameters.js";
import { type Operation, resolveRef } from "./spec.js";

const literal = (value: unknown): string => JSON.stringify(value);

/** TSDoc from the spec's own words. */
function comment(lines: (string | undefined)[]): string {
  const text = lines.filter((line) => line).join("\n\n");
  // A description must be able to end neither the comment nor, at the start of a line, itself in a tag.
  const safe = text.replaceAll("*/", "*\\/").replace(/^(\s*)@/gm, "$1\\@");
  return ["/**", ...safe.split("\n").map((line) => ` * ${line}`.trimEnd()), " */"].join("\n");
}

function serverList(servers: ServerObject[] | undefined): string {
  // OpenAPI 3.1 §4.8.1: without servers there is one, at "/".
  const list: Partial<ServerObject>[] = servers?.length ? servers : [{ url: "/" }];
  const rows = list.map(({ url, description, variables }) => `  ${literal({ url, description, variables })},`);
  return [
    comment(["The servers that the spec names. A client has no default: pass one of them, or your own, as `baseUrl`."]),
    `export const servers = [\n${rows.join("\n")}\n] as const;`,
  ].join("\n");
}

/** Exact statuses as numbers, `4XX` and `default` as they are written. */
function problemStatuses(document: OpenAPI3, { spec }: Operation): (number | string)[] {
  return Object.entries(spec.responses ?? {})
    .filter(([, response]) => {
      const { content } = resolveRef<ResponseObject>(document, response);
      return Object.keys(content ?? {}).some((type) => /^application\/problem\+json\s*(;|$)/i.test(type));
    })
    .map(([status]) => (/^\d+$/.test(status) ? Number(status) : status));
}

/** What openapi-fetch must be told of a body that is not `application/json`. */
function bodyOptions(document: OpenAPI3, { spec }: Operation): string[] {
  if (!spec.requestBody) return [];
  const types = Object.keys(resolveRef<RequestBodyObject>(document, spec.requestBody).content ?? {});
  const type = types.find((name) => /^application\/([^;]+\+)?json\b/i.test(name)) ?? types[0];
  if (!type || /^application\/json$/i.test(type)) return [];
  if (/^multipart\//i.test(type)) return ["bodySerializer: toFormData"];
  const header = `headers: mergeHeaders({ "Content-Type": ${literal(type)} }, init?.headers)`;
  const encoded = /json\b/i.test(type) || /^application\/x-www-form-urlencoded/i.test(type);
  return encoded ? [header] : [header, "bodySerializer: rawBody"];
}

/** Whether openapi-fetch lets a caller leave `init` out. */
function initIsOptional(document: OpenAPI3, { spec, parameters }: Operation): boolean {
  const body = spec.requestBody && resolveRef<RequestBodyObject>(document, spec.requestBody);
  return !body?.required && !parameters.some((parameter) => parameter.required || parameter.in === "path");
}

function summarize(parameters: ParameterObject[]): string | undefined {
  const documented = parameters.filter(({ description }) => description);
  const rows = documented.map(({ name, in: place, description }) => `- \`${name}\` (${place}): ${description?.trim()}`);
  const cookies = parameters.filter((parameter) => parameter.in === "cookie").map(({ name }) => `\`${name}\``);
  if (cookies.length) rows.push(`- not sent, \`fetch\` does not let a client set cookies: ${cookies.join(", ")}`);
  return rows.join("\n");
}

function operationFunction(document: OpenAPI3, operation: Operation): string {
  const { name, id, method, path, spec, parameters } = operation;
  const type = `operations[${literal(id)}]`;
  const options = [...parameterOptions(document, parameters), ...bodyOptions(document, operation)];
  // A caller's own option wins, but for headers: those are merged above.
  const own = options.filter((option) => option.startsWith("headers:"));
  const defaults = options.filter((option) => !own.includes(option));
  const init = options.length ? `{ ${[...defaults, "...init", ...own].join(", ")} }` : "init";
  const servers = spec.servers?.map(({ url }) => `\`${url}\``).join(", ");
  return [
    comment([
      spec.summary,
      spec.description,
      summarize(parameters),
      servers && `Served at ${servers}: pass it as \`baseUrl\`.`,
      `\`${method.toUpperCase()} ${path}\``,
      spec.deprecated ? "DEPRECATED" : undefined,
    ]).replace(" * DEPRECATED", " * @deprecated"),
    `export function ${name}(`,
    "  client: Client,",
    `  init${initIsOptional(document, operation) ? "?" : ""}: FetchOptions<${type}>,`,
    `): Result<${type}> {`,
    `  return client.${method.toUpperCase()}(${literal(path)}, ${init});`,
    "}",
  ].join("\n");
}

const TO_FORM_DATA = `function toFormData(body: unknown): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(body ?? {})) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item === undefined) continue;
      form.append(name, item instanceof Blob ? item : typeof item === "object" ? JSON.stringify(item) : String(item));
    }
  }
  return form;
}`;

const RAW_BODY = "const rawBody = <Body>(body: Body): Body => body;";

export function renderClient(document: OpenAPI3, operations: Operation[]): string {
  const functions = operations.map((operation) => operationFunction(document, operation)).join("\n\n");
  const statuses = operations.map(
    (operation) => `  ${operation.name}: [${problemStatuses(document, operation).map(literal).join(", ")}],`,
  );
  const uses = (name: string) => functions.includes(`${name}(`) || functions.includes(`: ${name}`);
  const helpers = [
    uses("serializeQuery") && SERIALIZE_QUERY,
    uses("toFormData") && TO_FORM_DATA,
    uses("rawBody") && RAW_BODY,
  ].filter(Boolean);
  const imports = [
    "type ClientOptions",
    ...(uses("serializeQuery") ? ["createQuerySerializer"] : []),
    ...(uses("defaultPathSerializer") ? ["defaultPathSerializer"] : []),
    "type FetchOptions",
    "type FetchResponse",
    ...(uses("mergeHeaders") ? ["mergeHeaders"] : []),
    "type Client as OpenApiClient",
  ];
  return `${[
    `import createFetchClient, { ${imports.join(", ")} } from "openapi-fetch";\nimport type { operations, paths } from "./schema.js";`,
    "/** What the functions below call through: openapi-fetch, typed by this spec. */\nexport type Client = OpenApiClient<paths>;",
    "/** `data` after a 2xx, else `error`; `response` with both. */\ntype Result<Operation extends Record<string | number, unknown>> = Promise<\n  FetchResponse<Operation, FetchOptions<Operation>, `${string}/${string}`>\n>;",
    serverList(document.servers),
    `${comment(["The statuses that each operation documents as problems (`application/problem+json`, RFC 9457)."])}\nexport const problemStatuses = {\n${statuses.join("\n")}\n} as const;`,
    ...helpers,
    `${comment(["A client for the functions below: one engine, many operations."])}\nexport function createClient(options: ClientOptions): Client {\n  return createFetchClient<paths>(options);\n}`,
    functions,
  ]
    .filter(Boolean)
    .join("\n\n")}\n`;
}
