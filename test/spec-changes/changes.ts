// Changes of openapi.yaml, and who must notice each.
import { add, type Edit, type Path, remove, rename, replace } from "./edits.js";

/**
 * Who can notice a change, in the order in which they are asked:
 *
 * - `lint`: `npm run check:spec`.
 * - `generator`: `npm run generate` refuses the spec. Then nobody else is asked.
 * - `drift`: `npm run check:drift`, before generated/ is written again.
 * - `types`: TypeScript, after generated/ is written again.
 * - `contract`: test/contract/, against a Prism of the changed spec.
 */
export type Noticing = "lint" | "generator" | "drift" | "types" | "contract";

export interface Change {
  name: string;
  edits: readonly Edit[];
  /** A change of the text, made after the edits. */
  editText?: (yaml: string) => string;
  /** All who notice it. Nobody else does. */
  notices: readonly Noticing[];
  /** A contract test that is added to the others, and passes: what a caller can do after the change. */
  probe?: { title: string; code: string };
}

const PATH = "/service-accounts/{serviceAccountSlug}/tokens/{tokenSlug}";
const OPERATION: Path = ["paths", PATH, "delete"];
const PARAMETERS: Path = [...OPERATION, "parameters"];
const TOKEN_SLUG: Path = [...PARAMETERS, "1"];
const RESPONSES: Path = [...OPERATION, "responses"];
const PROBLEM: Path = ["components", "schemas", "Problem"];
const ERROR_DETAIL: Path = ["components", "schemas", "ErrorDetail"];

const TYPE = "application/problem+json";
const problem = (schema: object, media: object = {}) => ({
  description: "Added.",
  content: { [TYPE]: { schema, ...media } },
});
const A_PROBLEM = { $ref: "#/components/schemas/Problem" };
const TOKEN_NOT_FOUND: Path = [...RESPONSES, "404", "content", TYPE, "examples", "token-not-found"];

const string = { type: "string" };
const parameter = (name: string, place: string, more: object = {}) =>
  add([...PARAMETERS, "2"], { name, in: place, description: "Why.", schema: string, ...more });

const operation = (operationId: string) =>
  add(["paths", "/service-accounts/{serviceAccountSlug}/tokens"], {
    get: {
      operationId,
      tags: ["service-accounts"],
      summary: "List a service account's tokens",
      description: "All that are active.",
      security: [{ bearerAuth: ["read:tokens"] }],
      parameters: [
        { name: "serviceAccountSlug", in: "path", required: true, description: "Slug of the account.", schema: string },
        { name: "limit", in: "query", description: "How many.", schema: { type: "integer" } },
      ],
      responses: {
        200: {
          description: "The tokens.",
          content: {
            "application/json": {
              schema: {
                type: "array",
                items: {
                  type: "object",
                  required: ["slug"],
                  properties: {
                    slug: { type: "string", description: "Its name." },
                    active: { type: "boolean", description: "Whether it authenticates." },
                  },
                },
              },
              examples: { one: { summary: "One", value: [{ slug: "deploy-key", active: true }] } },
            },
          },
        },
        401: problem(A_PROBLEM),
      },
    },
  });

const LISTING = `
import { expect, expectTypeOf, test } from "vitest";
import { createClient, listServiceAccountTokens } from "../../generated/client.js";
import { prism, TOKEN } from "./mock.js";

const client = createClient({ baseUrl: prism.url, headers: { authorization: \`Bearer \${TOKEN}\` } });
const path = { serviceAccountSlug: "ci-bot" };

test("an added operation can be called", async () => {
  const { data, error, response } = await listServiceAccountTokens(client, { params: { path, query: { limit: 2 } } });
  expect(response.status).toBe(200);
  expect(data).toEqual([{ slug: "deploy-key", active: true }]);
  expectTypeOf(data).toEqualTypeOf<{ slug: string; active?: boolean }[] | undefined>();
  expectTypeOf(error?.detail).toEqualTypeOf<string | undefined>();
  // @ts-expect-error a limit is a number
  () => listServiceAccountTokens(client, { params: { path, query: { limit: "2" } } });
  // @ts-expect-error which account is not optional
  () => listServiceAccountTokens(client, { params: { path: {} } });
});
`;

export const CHANGES: readonly Change[] = [
  { name: "only a comment", edits: [], editText: (yaml) => `# A comment.\n${yaml}`, notices: [] },

  // Statuses.
  {
    name: "a problem status is removed",
    edits: [rename([...RESPONSES, "403"], "451")],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a problem status that is tried again is removed",
    edits: [rename([...RESPONSES, "500"], "501")],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a problem status is added with an example",
    edits: [
      add(
        [...RESPONSES, "423"],
        problem(A_PROBLEM, { examples: { locked: { summary: "Locked", value: { title: "Locked", status: 423 } } } }),
      ),
    ],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a status that is no problem is added",
    edits: [add([...RESPONSES, "503"], { description: "Try again." })],
    notices: ["drift", "contract"],
  },
  {
    name: "another success is added, which Prism prefers",
    edits: [add([...RESPONSES, "202"], { description: "Accepted." })],
    notices: ["drift", "contract"],
  },
  {
    name: "the success is another status",
    edits: [rename([...RESPONSES, "204"], "200")],
    notices: ["drift", "contract"],
  },
  {
    name: "the success has a body",
    edits: [
      add([...RESPONSES, "204", "content"], {
        "application/json": { schema: { type: "object", properties: { id: string } } },
      }),
    ],
    notices: ["drift", "contract"],
  },
  {
    name: "the other statuses are documented as one",
    edits: [rename([...RESPONSES, "500"], "default")],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a status has a schema of its own",
    edits: [
      replace([...RESPONSES, "401", "content", TYPE, "schema"], {
        type: "object",
        additionalProperties: true,
        properties: { title: string, realm: string },
      }),
    ],
    notices: ["drift", "types"],
  },

  // Parameters.
  {
    name: "a parameter is renamed",
    edits: [replace([...TOKEN_SLUG, "name"], "tokenId"), rename(["paths", PATH], PATH.replace("tokenSlug", "tokenId"))],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a parameter is renamed, but not in the path",
    edits: [replace([...TOKEN_SLUG, "name"], "tokenId")],
    notices: ["lint", "generator"],
  },
  {
    name: "a parameter is moved to the query",
    edits: [replace([...TOKEN_SLUG, "in"], "query"), rename(["paths", PATH], PATH.replace("/{tokenSlug}", ""))],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a parameter of the path is made optional",
    edits: [replace([...TOKEN_SLUG, "required"], false)],
    notices: ["lint"],
  },
  {
    name: "a parameter is a number",
    edits: [replace([...TOKEN_SLUG, "schema"], { type: "integer" }), replace([...TOKEN_SLUG, "example"], 7)],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a parameter of the path has another style",
    edits: [add([...TOKEN_SLUG, "style"], "matrix")],
    notices: ["generator"],
  },
  {
    name: "a slug may have only some characters",
    edits: [replace([...TOKEN_SLUG, "schema"], { type: "string", pattern: "^[a-z-]+$" })],
    notices: ["contract"],
  },
  {
    name: "a query parameter is added, and required",
    edits: [parameter("reason", "query", { required: true })],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a header is added, and required",
    edits: [parameter("X-Reason", "header", { required: true })],
    notices: ["generator"],
  },
  {
    name: "a query parameter is added, and optional",
    edits: [parameter("reason", "query")],
    notices: ["drift"],
  },
  {
    name: "a body is required",
    edits: [
      add([...OPERATION, "requestBody"], {
        required: true,
        content: { "application/json": { schema: { type: "object" } } },
      }),
    ],
    notices: ["drift", "types", "contract"],
  },

  // The operation.
  {
    name: "the path is another",
    edits: [rename(["paths", PATH], PATH.replace("service-accounts", "accounts"))],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "the path has a prefix",
    edits: [rename(["paths", PATH], `/v2${PATH}`)],
    notices: ["drift", "types", "contract"],
  },
  { name: "the method is another", edits: [rename(OPERATION, "post")], notices: ["drift", "types", "contract"] },
  {
    name: "the operationId is another",
    edits: [replace([...OPERATION, "operationId"], "revoke-token")],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "the operationId is removed",
    edits: [remove([...OPERATION, "operationId"])],
    notices: ["lint", "generator"],
  },
  {
    name: "an operation is added",
    edits: [operation("list-service-account-tokens")],
    notices: ["drift"],
    probe: { title: "an added operation can be called", code: LISTING },
  },
  {
    name: "an operation is added by an operationId that is there already",
    edits: [operation("delete-service-account-token")],
    notices: ["lint", "generator"],
  },
  {
    name: "a key is misspelt",
    edits: [rename([...OPERATION, "responses"], "respones")],
    notices: ["lint", "generator"],
  },
  {
    name: "the summary is another",
    edits: [replace([...OPERATION, "summary"], "Take a token out of use")],
    notices: ["drift"],
  },

  // Problems.
  {
    name: "one problem is plain JSON",
    edits: [rename([...RESPONSES, "403", "content", TYPE], "application/json")],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "the media type of a problem has a parameter",
    edits: [rename([...RESPONSES, "403", "content", TYPE], `${TYPE}; charset=utf-8`)],
    notices: ["drift"],
  },
  {
    name: "a member of problems is renamed",
    edits: [rename([...PROBLEM, "properties", "code"], "errorCode")],
    notices: ["drift", "types"],
  },
  {
    name: "a member of problems is removed",
    edits: [remove([...PROBLEM, "properties", "detail"])],
    notices: ["drift", "types"],
  },
  {
    name: "a member of problems is a number",
    edits: [replace([...PROBLEM, "properties", "errorId", "type"], "integer")],
    notices: ["lint", "drift", "types", "contract"],
  },
  {
    name: "a member of problems is required",
    edits: [add([...PROBLEM, "required"], ["title"])],
    notices: ["drift", "types"],
  },
  {
    name: "problems may have no other members",
    edits: [replace([...PROBLEM, "additionalProperties"], false)],
    notices: ["drift", "types"],
  },
  {
    name: "a problem's errors are never null",
    edits: [replace([...PROBLEM, "properties", "errors", "type"], "array")],
    notices: ["drift", "types"],
  },
  {
    name: "a member is added to problems",
    edits: [add([...PROBLEM, "properties", "hint"], { type: "string", description: "What to do." })],
    notices: ["drift", "types"],
  },
  {
    name: "a member of a problem's errors is removed",
    edits: [remove([...ERROR_DETAIL, "properties", "message"])],
    notices: ["drift", "types"],
  },
  {
    name: "a problem's errors may have no other members",
    edits: [replace([...ERROR_DETAIL, "additionalProperties"], false)],
    notices: ["drift", "types"],
  },

  // Examples.
  {
    name: "an example lies about a type",
    edits: [replace([...TOKEN_NOT_FOUND, "value", "code"], 404)],
    notices: ["lint", "contract"],
  },
  {
    name: "an example has another code",
    edits: [replace([...TOKEN_NOT_FOUND, "value", "code"], "Token.Gone")],
    notices: ["contract"],
  },
  { name: "an example is renamed", edits: [rename(TOKEN_NOT_FOUND, "no-such-token")], notices: ["contract"] },
  {
    name: "an example of a parameter is another",
    edits: [replace([...PARAMETERS, "0", "example"], "ci-bot")],
    notices: ["drift"],
  },

  // What is around it.
  {
    name: "no credential is demanded",
    edits: [replace([...OPERATION, "security"], [])],
    notices: ["lint", "contract"],
  },
  {
    name: "the credential is a header of its own",
    edits: [
      replace(["components", "securitySchemes", "bearerAuth"], { type: "apiKey", in: "header", name: "X-Api-Key" }),
    ],
    notices: ["contract"],
  },
  {
    name: "the server is another",
    edits: [replace(["servers", "0", "url"], "https://api.kaiten.example")],
    notices: ["drift"],
  },
  {
    name: "a reference leads nowhere",
    edits: [replace([...PROBLEM, "properties", "errors", "items", "$ref"], "#/components/schemas/Fault")],
    notices: ["lint", "generator"],
  },
  { name: "it is no YAML", edits: [], editText: (yaml) => `${yaml}\n[`, notices: ["lint", "generator"] },
];
