// Which differences of two specs are told, and how.
import type { OpenAPI3 } from "openapi-typescript";
import { beforeAll, expect, test } from "vitest";
import { compareSpecs } from "../../../scripts/live/compare.js";
import { readSpec } from "../../../scripts/live/spec.js";

const PATH = "/service-accounts/{serviceAccountSlug}/tokens/{tokenSlug}";
const MEDIA = "application/problem+json";
const ITEM = ["paths", PATH];
const DELETE = [...ITEM, "delete"];
const ANSWERS = [...DELETE, "responses"];
const STATUSES = ["400", "401", "403", "404", "422", "500"];
const PROBLEM = [...ANSWERS, "*", "content", MEDIA, "schema"];
const MEMBERS = [...PROBLEM, "properties"];

let ours: OpenAPI3;
beforeAll(async () => {
  ours = await readSpec("openapi.yaml");
});

type Node = Record<string, unknown>;
/** Where, `*` for each problem, and what is there then: undefined removes it. */
type Edit = [place: string[], value: unknown];

function compareWith(...edits: Edit[]): string[] {
  const theirs = structuredClone(ours);
  for (const [place, value] of edits) {
    for (const status of place.includes("*") ? STATUSES : [""]) {
      const name = place.at(-1) as string;
      const keys = place.slice(0, -1).map((key) => (key === "*" ? status : key));
      const node = keys.reduce((at, key) => at[key] as Node, theirs as unknown as Node);
      if (value === undefined) delete node[name];
      else node[name] = value;
    }
  }
  return compareSpecs(ours, theirs, "theirs");
}

const at = (place: string) => `responses.*.content.${MEDIA}.schema.${place}`;
const EVERY = `Status ${STATUSES.join(", ")}.`;

test.each<[what: string, place: string[], value: unknown, line: string]>([
  ["another path", ITEM, undefined, `DELETE ${PATH}: openapi.yaml has it, theirs has nothing.`],
  ["no paths", ["paths"], undefined, `DELETE ${PATH}: openapi.yaml has it, theirs has nothing.`],
  ["another method", DELETE, undefined, `DELETE ${PATH}: openapi.yaml has it, theirs has nothing.`],
  [
    "another server",
    ["servers"],
    [{ url: "/v2" }],
    "servers: openapi.yaml has https://demo.kaiten.sh, theirs has /v2.",
  ],
  ["no server", ["servers"], undefined, "servers: openapi.yaml has https://demo.kaiten.sh, theirs has nothing."],
  [
    "another scope",
    [...DELETE, "security"],
    [{ bearerAuth: ["delete:tokens"] }],
    "security: openapi.yaml has { bearerAuth: [ 'write:tokens' ] }, theirs has { bearerAuth: [ 'delete:tokens' ] }.",
  ],
  [
    "a new parameter of the operation",
    [...DELETE, "parameters", "2"],
    { in: "query", name: "reason", required: true },
    "parameters.query reason: openapi.yaml has nothing, theirs has it.",
  ],
  [
    "a new parameter of the path",
    [...ITEM, "parameters"],
    [{ in: "header", name: "X-Reason" }],
    "parameters.header X-Reason: openapi.yaml has nothing, theirs has it.",
  ],
  [
    "a parameter of another type",
    [...DELETE, "parameters", "1", "schema"],
    { type: "integer" },
    "parameters.path tokenSlug.schema.type: openapi.yaml has string, theirs has integer.",
  ],
  [
    "a parameter with a limit",
    [...DELETE, "parameters", "1", "schema"],
    { type: "string", maxLength: 100 },
    "parameters.path tokenSlug.schema.maxLength: openapi.yaml has nothing, theirs has 100.",
  ],
  ["a request body", [...DELETE, "requestBody"], {}, "requestBody: openapi.yaml has nothing, theirs has it."],
  ["a new status", [...ANSWERS, "409"], {}, "responses.*: openapi.yaml has nothing, theirs has it. Status 409."],
  [
    "no status 422",
    [...ANSWERS, "422"],
    undefined,
    "responses.*: openapi.yaml has it, theirs has nothing. Status 422.",
  ],
  [
    "a body where there was none",
    [...ANSWERS, "204", "content"],
    { "text/plain": {} },
    "responses.*.content: openapi.yaml has nothing, theirs has it. Status 204.",
  ],
  [
    "a new media type",
    [...ANSWERS, "404", "content", "text/plain"],
    {},
    "responses.*.content.text/plain: openapi.yaml has nothing, theirs has it. Status 404.",
  ],
  [
    "another media type",
    [...ANSWERS, "404", "content", MEDIA],
    undefined,
    `responses.*.content.${MEDIA}: openapi.yaml has it, theirs has nothing. Status 404.`,
  ],
  [
    "a schema in another document",
    [...ANSWERS, "404", "content", MEDIA],
    { schema: { $ref: "problem.yaml" } },
    `responses.*.content.${MEDIA}.schema: openapi.yaml has it, theirs has { '$ref': 'problem.yaml' }. Status 404.`,
  ],
  [
    "a missing member",
    [...MEMBERS, "title"],
    undefined,
    `${at("properties.title")}: openapi.yaml has it, theirs has nothing. ${EVERY}`,
  ],
  [
    "a new member",
    [...MEMBERS, "description"],
    { type: "string" },
    `${at("properties.description")}: openapi.yaml has nothing, theirs has it. ${EVERY}`,
  ],
  [
    "a member of another type",
    [...MEMBERS, "status", "type"],
    "string",
    `${at("properties.status.type")}: openapi.yaml has integer, theirs has string. ${EVERY}`,
  ],
  [
    "a member that is never null",
    [...MEMBERS, "errors", "type"],
    "array",
    `${at("properties.errors.type")}: openapi.yaml has array, null, theirs has array. ${EVERY}`,
  ],
  [
    "a missing member in the list of errors",
    [...MEMBERS, "errors", "items", "properties", "value"],
    undefined,
    `${at("properties.errors.items.properties.value")}: openapi.yaml has it, theirs has nothing. ${EVERY}`,
  ],
  [
    "a required member",
    [...PROBLEM, "required"],
    ["type", "title"],
    `${at("required")}: openapi.yaml has nothing, theirs has title, type. ${EVERY}`,
  ],
])("%s is a difference", (_, place, value, line) => {
  expect(compareWith([place, value])).toEqual([line]);
});

test("Each difference has a line, and one that several statuses share has one line", () => {
  expect(
    compareWith(
      [["servers"], []],
      [[...MEMBERS, "code"], undefined],
      [[...ANSWERS, "422"], undefined],
      [[...ANSWERS, "500"], undefined],
    ),
  ).toEqual([
    "servers: openapi.yaml has https://demo.kaiten.sh, theirs has nothing.",
    `${at("properties.code")}: openapi.yaml has it, theirs has nothing. Status 400, 401, 403, 404.`,
    "responses.*: openapi.yaml has it, theirs has nothing. Status 422, 500.",
  ]);
});

const SAME: Record<string, Edit[]> = {
  "The same document": [],
  "The vendor's server": [[["servers"], [{ url: "/api" }]]],
  "The vendor's closed problem": [
    [[...PROBLEM, "additionalProperties"], false],
    [[...MEMBERS, "errors", "items", "additionalProperties"], false],
  ],
  "Members that are allowed without saying so": [[[...PROBLEM, "additionalProperties"], undefined]],
  "Other words, formats and examples": [
    [[...DELETE, "description"], "Another."],
    [[...ANSWERS, "404", "description"], "Another."],
    [[...ANSWERS, "404", "content", MEDIA, "examples"], {}],
    [[...DELETE, "parameters", "1", "schema", "format"], undefined],
    [[...MEMBERS, "type", "format"], "uri"],
    [[...MEMBERS, "title", "title"], "A title"],
    [[...DELETE, "x-internal"], true],
  ],
  "Another order": [
    [
      [...MEMBERS, "errors", "type"],
      ["null", "array"],
    ],
  ],
  "A further operation": [[["paths", "/instances"], { get: {} }]],
  "The scope, for the whole document": [
    [[...DELETE, "security"], undefined],
    [["security"], [{ bearerAuth: ["write:tokens"] }]],
  ],
};
test.each(Object.entries(SAME))("%s is no difference", (_, edits) => {
  expect(compareWith(...edits)).toEqual([]);
});

test("A schema that contains itself is compared as far as openapi.yaml goes", () => {
  const problem: Node = { type: "object", properties: {} };
  problem.properties = { errors: { type: ["array", "null"], items: problem } };
  const lines = compareWith([[...ANSWERS, "404", "content"], { [MEDIA]: { schema: problem } }]);
  expect(lines).toContain(
    `${at("properties.errors.items.properties.errors")}: openapi.yaml has nothing, theirs has it. Status 404.`,
  );
});
