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

const TYPE = "application/problem+json";
const TOKEN_NOT_FOUND: Path = [...RESPONSES, "404", "content", TYPE, "examples", "token-not-found"];

const string = { type: "string" };
const LIST_TOKENS = {
  operationId: "list-service-account-tokens",
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
    401: { description: "Added.", content: { [TYPE]: { schema: { $ref: "#/components/schemas/Problem" } } } },
  },
};

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

/** Changes that differ in kind: a row for each set of those who notice, and for each part of the spec. */
export const CHANGES: readonly Change[] = [
  { name: "only a comment", edits: [], editText: (yaml) => `# A comment.\n${yaml}`, notices: [] },

  // Statuses.
  {
    name: "a problem status is removed",
    edits: [rename([...RESPONSES, "403"], "451")],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a status that is no problem is added",
    edits: [add([...RESPONSES, "503"], { description: "Try again." })],
    notices: ["drift", "contract"],
  },
  {
    name: "the success is another status",
    edits: [rename([...RESPONSES, "204"], "200")],
    notices: ["drift", "contract"],
  },

  // Parameters.
  {
    name: "a parameter is renamed",
    edits: [replace([...TOKEN_SLUG, "name"], "tokenId"), rename(["paths", PATH], PATH.replace("tokenSlug", "tokenId"))],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a parameter of the path is made optional",
    edits: [replace([...TOKEN_SLUG, "required"], false)],
    notices: ["lint"],
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
    name: "a query parameter is added, and optional",
    edits: [add([...PARAMETERS, "2"], { name: "reason", in: "query", description: "Why.", schema: string })],
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
    name: "an operation is added",
    edits: [add(["paths", "/service-accounts/{serviceAccountSlug}/tokens"], { get: LIST_TOKENS })],
    notices: ["drift"],
    probe: { title: "an added operation can be called", code: LISTING },
  },

  // Problems.
  {
    name: "one problem is plain JSON",
    edits: [rename([...RESPONSES, "403", "content", TYPE], "application/json")],
    notices: ["drift", "types", "contract"],
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

  // Examples.
  {
    name: "an example lies about a type",
    edits: [replace([...TOKEN_NOT_FOUND, "value", "code"], 404)],
    notices: ["lint", "contract"],
  },

  // What is around it.
  {
    name: "no credential is demanded",
    edits: [replace([...OPERATION, "security"], [])],
    notices: ["contract"],
  },
];
