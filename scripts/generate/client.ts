// Renders generated/client.ts: the servers, the problem statuses, and a typed function per operation over openapi-fetch.
import type { OpenAPI3 } from "openapi-typescript";
import { problemStatuses } from "./body.js";
import { type Helper, renderHelpers } from "./helpers.js";
import { callOptions, renderOperation } from "./operation.js";
import type { Operation } from "./operations.js";
import { enclose, literal } from "./text.js";

/** A list or an object of the module, a line for each of what it holds. */
const block = (open: string, rows: string[], close: string): string =>
  rows.length > 0 ? `${open}\n${rows.map((row) => `  ${row},\n`).join("")}${close}` : open + close;

function serverList({ servers }: OpenAPI3): string {
  // OpenAPI 3.1 §4.8.1: without servers there is one, at "/".
  const list = servers?.length ? servers : [{ url: "/", description: undefined, variables: undefined }];
  const rows = list.map(({ url, description, variables }) => literal({ url, description, variables }, "  "));
  return block("[", rows, "]");
}

function helpersFor(document: OpenAPI3, operations: Operation[]): Set<Helper> {
  const used = operations.flatMap((operation) =>
    callOptions(document, operation).flatMap(({ helper }) => helper ?? []),
  );
  const templated = document.servers?.some(({ url }) => url.includes("{"));
  return new Set([
    ...(operations.length > 0 ? ["typed" as const] : []),
    ...(templated ? ["serverUrl" as const] : []),
    ...used,
  ]);
}

export function renderClient(document: OpenAPI3, operations: Operation[]): string {
  const helpers = renderHelpers(helpersFor(document, operations));
  const any = operations.length > 0;
  const fromFetch = [
    "type Client as OpenApiClient",
    "type ClientOptions",
    ...(any ? ["type FetchOptions"] : []),
    ...helpers.imports,
  ];
  const statuses = operations.map(
    (operation) => `${operation.name}: ${literal(problemStatuses(document, operation), "  ")}`,
  );
  const parts = [
    `${enclose("import createFetchClient, {", fromFetch, '} from "openapi-fetch";')}
import type { ${any ? "operations, " : ""}paths } from "./schema.js";`,

    `/** What the functions below call through: openapi-fetch, typed by this spec. */
export type Client = OpenApiClient<paths>;`,

    `/** The servers that the spec names. A client has no default: pass one of them, or your own, as \`baseUrl\`. */
export const servers = ${serverList(document)} as const;`,

    `/** The statuses that each operation documents as problems (\`application/problem+json\`, RFC 9457). */
export const problemStatuses = ${block("{", statuses, "}")} as const;`,

    ...helpers.sources,

    `/** A client for the functions below: one engine, many operations. */
export function createClient(options: ClientOptions): Client {
  return createFetchClient<paths>(options);
}`,

    ...operations.map((operation) => renderOperation(document, operation)),
  ];
  return `${parts.join("\n\n")}\n`;
}
