// Changes to openapi.yaml, and what must notice each.

/**
 * What can notice a change, in the order in which it is asked:
 *
 * - `lint`: `npm run check:spec`.
 * - `generator`: `npm run generate` refuses the spec; there is nothing more to ask then.
 * - `drift`: `npm run check:drift`, as long as generated/ is not written anew.
 * - `types`: TypeScript, once generated/ is written anew.
 * - `mock`: Prism does not start, and no test runs.
 * - `contract`: test/contract/, against a Prism of the changed spec.
 */
export type Noticing = "lint" | "generator" | "drift" | "types" | "mock" | "contract";

export interface Change {
  name: string;
  /** Texts of the spec, each found exactly once, and what takes their place. */
  edits: readonly (readonly [from: string, to: string])[];
  /** All that notice it, and nothing else does. */
  notices: readonly Noticing[];
  /** A contract test that is there by this change alone. */
  appears?: string;
  /** A contract test that is added to the others: what a caller can do after the change. */
  probe?: string;
}

const PATH = "/service-accounts/{serviceAccountSlug}/tokens/{tokenSlug}:";
const REVOKED = `"204":
          description: The token is revoked. There is no body.
`;
const FORBIDDEN = `"403":
          description: The credential lacks`;
const FAILED = `"500":
          description: The API failed.`;
const TOKEN_PARAMETER = `- name: tokenSlug
          in: path
          required: true`;
const RESPONSES = "      responses:\n";

/** Another problem status, before the 204. */
const status = (code: string, example: string): readonly [string, string] => [
  REVOKED,
  `"${code}":
          description: Added.
          content:
            application/problem+json:
              schema: { $ref: "#/components/schemas/Problem" }
${example}        ${REVOKED}`,
];

const parameter = (text: string): readonly [string, string] => [RESPONSES, `        - ${text}\n${RESPONSES}`];

const operation = (id: string): readonly [string, string] => [
  "\ncomponents:\n",
  `
  /service-accounts/{serviceAccountSlug}/tokens:
    get:
      operationId: ${id}
      tags: [service-accounts]
      summary: List a service account's tokens
      description: All that are active.
      parameters:
        - name: serviceAccountSlug
          in: path
          required: true
          description: Slug of the service account.
          schema: { type: string }
        - name: limit
          in: query
          description: How many.
          schema: { type: integer }
      responses:
        "200":
          description: The tokens.
          content:
            application/json:
              schema:
                type: array
                items:
                  type: object
                  required: [slug]
                  properties:
                    slug: { type: string, description: Its name. }
                    active: { type: boolean, description: Whether it authenticates. }
              examples:
                one: { summary: One, value: [{ slug: deploy-key, active: true }] }
        "401":
          description: The credential is not valid.
          content:
            application/problem+json:
              schema: { $ref: "#/components/schemas/Problem" }

components:
`,
];

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
  { name: "only a comment", edits: [["# The contract:", "# This is the contract:"]], notices: [] },

  // Statuses.
  {
    name: "a problem status is removed",
    edits: [[FORBIDDEN, FORBIDDEN.replace("403", "451")]],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a problem status that is tried again is removed",
    edits: [[FAILED, FAILED.replace("500", "501")]],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a problem status is added with an example",
    edits: [
      status("423", "              examples: { locked: { summary: Locked, value: { title: Locked, status: 423 } } }\n"),
    ],
    notices: ["drift", "types"],
    appears: "a documented 423 reaches the caller as in its example 'locked'",
  },
  {
    name: "a status that is no problem is added",
    edits: [[REVOKED, `"503":\n          description: Come again.\n        ${REVOKED}`]],
    notices: ["drift"],
    appears: "a documented 503 reaches the caller as what it is",
  },
  {
    name: "another success is added, which Prism prefers",
    edits: [[REVOKED, `"202":\n          description: Taken note of.\n        ${REVOKED}`]],
    notices: ["drift", "contract"],
  },
  {
    name: "the success is another status",
    edits: [[REVOKED, REVOKED.replace("204", "200")]],
    notices: ["drift", "contract"],
  },
  {
    name: "the success has a body",
    edits: [
      [
        REVOKED,
        `${REVOKED}          content: { application/json: { schema: { type: object, properties: { id: { type: string } } } } }\n`,
      ],
    ],
    notices: ["drift"],
  },
  {
    name: "the other statuses are documented as one",
    edits: [[FAILED, FAILED.replace('"500"', "default")]],
    notices: ["drift", "types", "contract"],
  },

  // Parameters.
  {
    name: "a parameter is renamed",
    edits: [
      [PATH, PATH.replace("tokenSlug", "tokenId")],
      [TOKEN_PARAMETER, TOKEN_PARAMETER.replace("tokenSlug", "tokenId")],
    ],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a parameter is renamed, but not in the path",
    edits: [[TOKEN_PARAMETER, TOKEN_PARAMETER.replace("tokenSlug", "tokenId")]],
    notices: ["lint", "generator"],
  },
  {
    name: "a parameter is moved to the query",
    edits: [
      [PATH, "/service-accounts/{serviceAccountSlug}/tokens:"],
      [TOKEN_PARAMETER, TOKEN_PARAMETER.replace("in: path", "in: query")],
    ],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a parameter of the path is made optional",
    edits: [[TOKEN_PARAMETER, TOKEN_PARAMETER.replace("true", "false")]],
    notices: ["lint"],
  },
  {
    name: "a parameter is a number",
    edits: [
      [
        "(its name, never its secret).\n          schema: { type: string, format: text }",
        "(a number).\n          schema: { type: integer }",
      ],
      ["example: my-token-slug", "example: 7"],
    ],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a slug may have only some characters",
    edits: [
      [
        "(its name, never its secret).\n          schema: { type: string, format: text }",
        "(a word).\n          schema: { type: string, pattern: '^[a-z-]+$' }",
      ],
    ],
    notices: ["drift", "contract"],
  },
  {
    name: "a query parameter is added, and required",
    edits: [parameter("{ name: reason, in: query, required: true, description: Why., schema: { type: string } }")],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a header is added, and required",
    edits: [parameter("{ name: X-Reason, in: header, required: true, description: Why., schema: { type: string } }")],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a query parameter is added, and optional",
    edits: [parameter("{ name: reason, in: query, description: Why., schema: { type: string } }")],
    notices: ["drift"],
  },
  {
    name: "a body is required",
    edits: [
      [
        RESPONSES,
        `      requestBody: { required: true, content: { application/json: { schema: { type: object } } } }\n${RESPONSES}`,
      ],
    ],
    notices: ["drift", "types", "contract"],
  },

  // The operation.
  {
    name: "the path is another",
    edits: [[PATH, PATH.replace("service-accounts", "accounts")]],
    notices: ["drift", "contract"],
  },
  { name: "the path has a prefix", edits: [[PATH, `/v2${PATH}`]], notices: ["drift", "contract"] },
  { name: "the method is another", edits: [["    delete:\n", "    post:\n"]], notices: ["drift", "contract"] },
  {
    name: "the operationId is another",
    edits: [["operationId: delete-service-account-token", "operationId: revoke-token"]],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "the operationId is removed",
    edits: [["      operationId: delete-service-account-token\n", ""]],
    notices: ["lint", "generator"],
  },
  {
    name: "an operation is added",
    edits: [operation("list-service-account-tokens")],
    notices: ["drift"],
    appears: "an added operation can be called",
    probe: LISTING,
  },
  {
    name: "an operation is added by an operationId that is there already",
    edits: [operation("delete-service-account-token")],
    notices: ["lint", "generator"],
  },
  {
    name: "the summary is another",
    edits: [["summary: Revoke a service account's token", "summary: Take a token out of use"]],
    notices: ["drift"],
  },

  // Problems.
  {
    name: "one problem is plain JSON",
    edits: [
      [
        `${FORBIDDEN} the scope \`write:tokens\`; nothing was revoked.\n          content:\n            application/problem+json:`,
        `${FORBIDDEN} the scope \`write:tokens\`; nothing was revoked.\n          content:\n            application/json:`,
      ],
    ],
    notices: ["drift", "types", "contract"],
  },
  {
    name: "a member of problems is renamed",
    edits: [["        code:\n", "        errorCode:\n"]],
    notices: ["drift", "types"],
  },
  {
    name: "a member of problems is removed",
    edits: [
      [
        `        detail:
          description: What went wrong this time, for a person.
          type: string
`,
        "",
      ],
    ],
    notices: ["drift", "types"],
  },
  {
    name: "a member of problems is a number",
    edits: [
      [
        "errorId:\n          description: Id of the entry in the server's log. Give it to the vendor's support.\n          type: string",
        "errorId:\n          description: Id of the entry in the server's log. Give it to the vendor's support.\n          type: integer",
      ],
    ],
    notices: ["lint", "drift", "types", "contract"],
  },
  {
    name: "a member of problems is required",
    edits: [
      [
        "additionalProperties: true\n      properties:\n        type:",
        "additionalProperties: true\n      required: [title]\n      properties:\n        type:",
      ],
    ],
    notices: ["drift", "types"],
  },
  {
    name: "problems may have no other members",
    edits: [
      [
        "additionalProperties: true\n      properties:\n        type:",
        "additionalProperties: false\n      properties:\n        type:",
      ],
    ],
    notices: ["drift", "types"],
  },
  {
    name: "a problem's errors are never null",
    edits: [['type: [array, "null"]', "type: array"]],
    notices: ["lint", "drift", "types"],
  },
  {
    name: "a member is added to problems",
    edits: [["        code:\n", "        hint: { type: string, description: What to do. }\n        code:\n"]],
    notices: ["drift"],
  },

  // Examples.
  {
    name: "an example lies about a type",
    edits: [["code: Token.NotFound", "code: 404"]],
    notices: ["lint", "contract"],
  },
  {
    name: "an example has another code",
    edits: [["code: Token.NotFound", "code: Token.Gone"]],
    notices: ["contract"],
  },
  { name: "an example is renamed", edits: [["token-not-found:", "no-such-token:"]], notices: ["contract"] },
  {
    name: "an example of a parameter is another",
    edits: [["example: service-account-slug\n", "example: ci-bot\n"]],
    notices: ["drift"],
  },

  // What is around it.
  {
    name: "no credential is demanded",
    edits: [["security:\n  - bearer: []", "security: []"]],
    notices: ["lint", "contract"],
  },
  {
    name: "the credential is a header of its own",
    edits: [
      [
        "type: http\n      scheme: bearer\n      bearerFormat: JWT",
        "type: apiKey\n      in: header\n      name: X-Api-Key",
      ],
    ],
    notices: ["contract"],
  },
  {
    name: "the server is another",
    edits: [["https://demo.kaiten.sh", "https://api.kaiten.example"]],
    notices: ["drift"],
  },
  {
    name: "a reference leads nowhere",
    edits: [['items: { $ref: "#/components/schemas/ErrorDetail" }', 'items: { $ref: "#/components/schemas/Fault" }']],
    notices: ["lint", "generator"],
  },
  { name: "it is no YAML", edits: [["openapi: 3.1.0", "openapi: [3.1.0"]], notices: ["lint", "generator"] },
];
