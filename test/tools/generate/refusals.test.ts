// What the generator refuses: what openapi-fetch does not send or read correctly by default.
import { relative } from "node:path";
import { expect, test } from "vitest";
import { generate } from "../../../scripts/generate.js";
import { folderWith, optionsFor, specOf } from "./kit.js";

/** The lines with which the generator refuses a spec. */
async function refusal(spec: string): Promise<string[]> {
  const folder = folderWith({ "openapi.yaml": spec });
  const message = await generate(optionsFor(folder)).catch((error: Error) => error.message);
  return message
    .replaceAll(`${folder}/`, "")
    .replaceAll(`${relative("", folder)}/`, "")
    .split("\n");
}

const [PATH, QUERY] = ['path parameter "id"', 'query parameter "q"'];
test.each([
  ["summary: No id", 'operationId "" (it gives no new function name)'],
  ["operationId: delete", 'operationId "delete" (it gives no new function name)'],
  ["operationId: static", 'operationId "static" (it gives no new function name)'],
  ["operationId: '--'", 'operationId "--" (it gives no new function name)'],
  ["operationId: 1st", 'operationId "1st" (it gives no new function name)'],
  ["operationId: servers", 'operationId "servers" (it gives no new function name)'],
  ["operationId: other", 'operationId "other" (it gives no new function name)'],
  ["operationId: Other_", 'operationId "Other_" (it gives no new function name)'],
  ["operationId: a, parameters: [{ name: q, in: header, schema: {} }]", 'header parameter "q"'],
  ["operationId: a, parameters: [{ name: q, in: cookie, schema: {} }]", 'cookie parameter "q"'],
  ["operationId: a, parameters: [{ name: q, in: query, style: pipeDelimited, schema: {} }]", QUERY],
  ["operationId: a, parameters: [{ name: q, in: query, explode: false, schema: {} }]", QUERY],
  ["operationId: a, parameters: [{ name: q, in: query, allowReserved: true, schema: {} }]", QUERY],
  ["operationId: a, parameters: [{ name: q, in: query, content: { application/json: {} } }]", QUERY],
  ["operationId: a, parameters: [{ name: q, in: query, schema: { type: [object, 'null'] } }]", QUERY],
  ["operationId: a, parameters: [{ name: q, in: query, schema: { $ref: '#/components/schemas/O' } }]", QUERY],
  ["operationId: a, parameters: [{ name: q&, in: query, schema: {} }]", 'query parameter "q&"'],
  ["operationId: a, parameters: [{ name: id, in: path, style: matrix, schema: {} }]", PATH],
  ["operationId: a, parameters: [{ name: id, in: path, explode: true, schema: {} }]", PATH],
  [
    "operationId: a, requestBody: { content: { application/x-www-form-urlencoded: {} } }",
    "application/x-www-form-urlencoded",
  ],
  ["operationId: a, requestBody: { content: { multipart/form-data: {} } }", "multipart/form-data"],
  ["operationId: a, requestBody: { content: { application/merge-patch+json: {} } }", "application/merge-patch+json"],
  ["operationId: a, responses: { 200: { description: No, content: { text/plain: {} } } }", "text/plain"],
  ["operationId: a, responses: { 200: { description: No, content: { application/xjson: {} } } }", "application/xjson"],
  [
    "operationId: a, responses: { 404: { description: No, content: { application/problem+xml: {} } } }",
    "application/problem+xml",
  ],
])("refuses the operation { %s }", async (operation, what) => {
  const path = operation.includes("in: path") ? "/{id}" : "/a";
  const paths = `  /other: { get: { operationId: other } }\n  ${path}:\n    put: { ${operation} }`;
  const spec = specOf(paths, "components: { schemas: { O: { type: object } } }");
  expect(await refusal(spec)).toEqual([`openapi.yaml:6:5 PUT ${path}: not supported: ${what}.`]);
});

const NO_ID = "The operation does not define the path parameter `{id}` expected by path `/{id}`.";
const NO_OPENAPI_3 = "openapi.yaml:1:1 This is not an OpenAPI 3.0 or 3.1 document.";
test.each([
  ["broken YAML", "paths: {\n", "openapi.yaml:2:1 unexpected end of the stream within a flow collection"],
  ["the same key twice", "paths: {}\npaths: {}\n", "openapi.yaml:2:1 duplicated mapping key"],
  ["Swagger 2", 'swagger: "2.0"\ninfo: { title: Test, version: "1" }\npaths: {}\n', NO_OPENAPI_3],
  ["another version", "openapi: 4.0.0\n", "openapi.yaml: Unsupported OpenAPI version: 4.0.0"],
  ["prose", "hello\n", "openapi.yaml: Document must be JSON object, got string"],
  ["a broken $ref", specOf('  /a: { $ref: "#/components/x/A" }'), "openapi.yaml:4:7 Can't resolve $ref"],
  [
    "a broken $ref in a schema",
    specOf("  /a: {}", 'components: { schemas: { A: { $ref: "#/b" } } }'),
    "openapi.yaml:5:29 Can't resolve $ref",
  ],
  [
    "a path with an unknown parameter",
    specOf("  /{id}: { get: { operationId: a, parameters: [] } }"),
    `openapi.yaml:4:35 ${NO_ID}`,
  ],
  [
    "a parameter that is not in the path",
    specOf("  /a:\n    parameters: [{ name: id, in: path, schema: {} }]"),
    "openapi.yaml:5:26 Path parameter `id` is not used in the path `/a`.",
  ],
])("refuses a spec with %s", async (_, spec, message) => {
  expect(await refusal(spec)).toEqual([message]);
});

test("refuses a misspelt key, and says where", async () => {
  const spec = specOf("  /a:\n    get:\n      operationId: a\n      respones: { 204: { description: Gone } }");
  expect(await refusal(spec)).toEqual(["openapi.yaml:7:7 Property `respones` is not expected here."]);
});

test("names every fault, each in a line", async () => {
  const lines = await refusal(
    specOf("  /a: { get: { operationId: new, parameters: [{ name: id, in: cookie, schema: {} }] } }"),
  );
  expect(lines).toEqual([expect.stringContaining('operationId "new"'), expect.stringContaining('parameter "id"')]);
});
