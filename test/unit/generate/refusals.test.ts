// What cannot become a client is refused, with its place, and leaves what was generated before as it is.
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { contents, generate, put, temporaryFolder } from "./test-kit.js";

const HEAD = 'openapi: 3.1.0\ninfo: { title: T, version: "1" }\n';
const EXPECTED = 'an OpenAPI 3.0 or 3.1 document was expected, such as begins with "openapi: 3.1.0".';
const get = (id: string) => `{ operationId: ${id}, responses: { "204": { description: Done } } }`;
const NO_ID = 'get: { responses: { "204": { description: Done } } }';

/** What the command says of these files; `generated/` stays as it is, or this fails. */
async function refusal(files: Record<string, string>, ...options: string[]): Promise<string> {
  const folder = temporaryFolder();
  put(folder, { ...files, "generated/client.ts": "kept", "generated/schema.ts": "kept too" });
  const before = contents(folder);
  const { code, stdout, stderr } = await generate(folder, ...options);
  expect({ code, stdout, files: contents(folder) }).toEqual({ code: 1, stdout: "", files: before });
  // Neither a stack nor a path of this machine is for the person who wrote the spec.
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stderr).not.toContain(folder);
  return stderr.trimEnd();
}

describe.concurrent("a file is refused that", { timeout: 30_000 }, () => {
  test.each<[string, string, string]>([
    ["is empty", "", `openapi.yaml:1:1 The file is empty: ${EXPECTED}`],
    ["is a comment", "# soon\n", `openapi.yaml:1:1 The file is empty: ${EXPECTED}`],
    ["is a list", "- a\n", `openapi.yaml:1:1 This is no object: ${EXPECTED}`],
    ["is prose", "hello\n", `openapi.yaml:1:1 This is no object: ${EXPECTED}`],
    ["is something else", "name: x\n", `openapi.yaml:1:1 There is no member "openapi": ${EXPECTED}`],
    ["is Swagger 2", 'info: {}\nswagger: "2.0"\n', "openapi.yaml:2:1 This is Swagger 2.0: convert it to OpenAPI 3."],
    ["is of an unknown version", "openapi: 4.0.0\n", `openapi.yaml:1:1 This is version 4.0.0: ${EXPECTED}`],
    [
      "has a number for a version",
      "openapi: 3.1\n",
      "openapi.yaml:1:1 Version 3.1 is no string: write it in quotes, in full.",
    ],
    ["is broken YAML", `${HEAD}paths:\n\t/a: 1\n`, "openapi.yaml:4:1 tab characters must not be used in indentation"],
    [
      "ends too early",
      `${HEAD}paths: {\n  /a: [\n`,
      "openapi.yaml:5:1 unexpected end of the stream within a flow collection",
    ],
    ["has a key twice", `${HEAD}paths: {}\npaths: {}\n`, "openapi.yaml:4:1 duplicated mapping key"],
    [
      "lacks what OpenAPI demands",
      "openapi: 3.0.3\npaths: {}\n",
      "openapi.yaml:1:1 The field `info` must be present on this level.",
    ],
    [
      "has null for an operation",
      `${HEAD}paths:\n  /a:\n    get:\n`,
      "openapi.yaml:5:5 Expected type `Operation` (object) but got `null`",
    ],
  ])("%s", async (_, text, message) => {
    expect(await refusal({ "openapi.yaml": text })).toBe(message);
  });

  test("is not there", async () => {
    expect(await refusal({}, "--spec", "api/none.yaml")).toBe(
      "api/none.yaml cannot be read: ENOENT: no such file or directory 'api/none.yaml'",
    );
  });

  test("is a folder", async () => {
    expect(await refusal({}, "--spec", "generated")).toBe(
      "generated cannot be read: Expected a file but received a folder at generated.",
    );
  });

  test("lies elsewhere, with its path from here", async () => {
    const elsewhere = temporaryFolder();
    put(elsewhere, { "other.json": '{"openapi": "4"}' });
    expect(await refusal({}, "--spec", join(elsewhere, "other.json"))).toMatch(
      /^\.\.\/generate-\w+\/other\.json:1:2 This is version 4:/,
    );
  });
});

describe.concurrent("a reference is refused that", { timeout: 30_000 }, () => {
  const refers = (ref: string, rest = "") => `${HEAD}paths:\n  /a: { $ref: "${ref}" }\n${rest}`;

  test("leads nowhere in this file", async () => {
    expect(await refusal({ "openapi.yaml": refers("#/components/pathItems/No") })).toBe(
      "openapi.yaml:4:7 Can't resolve $ref",
    );
  });

  test("leads to a file that is not there", async () => {
    expect(await refusal({ "openapi.yaml": refers("parts/a.yaml") })).toBe(
      "openapi.yaml:4:7 Can't resolve $ref: ENOENT: no such file or directory 'parts/a.yaml'",
    );
  });

  test("leads to a file that is broken", async () => {
    const files = { "openapi.yaml": refers("parts/a.yaml"), "parts/a.yaml": "get: [\n" };
    expect((await refusal(files)).split("\n")[0]).toBe(
      'parts/a.yaml:2:1 Failed to parse: unexpected end of the stream within a flow collection in "parts/a.yaml" (2:1)',
    );
  });

  test("leads only back to itself", async () => {
    const circle =
      'components:\n  pathItems:\n    A: { $ref: "#/components/pathItems/B" }\n    B: { $ref: "#/components/pathItems/A" }\n';
    expect(await refusal({ "openapi.yaml": refers("#/components/pathItems/A", circle) })).toBe(
      "openapi.yaml:4:7 This reference leads only back to itself.",
    );
  });
});

describe.concurrent("a path's parameter is refused that", { timeout: 30_000 }, () => {
  const taking = (name: string, parameters: string) =>
    `${HEAD}paths:\n  /a/{${name}}:\n    get:\n      parameters: ${parameters}\n      operationId: a\n      responses: { "204": { description: Done } }\n`;
  const id = "{ name: id, in: path, required: true, schema: { type: string } }";
  test.each([
    ["is not defined", "[]", "5:5 GET /a/{id} does not define the parameter {id} of its path."],
    [
      "is in no path",
      `[${id}, ${id.replace("id", "other")}]`,
      '5:5 GET /a/{id} defines a path parameter "other", but its path has no {other}.',
    ],
    [
      "is defined twice",
      `[${id}, ${id}]`,
      "6:86 Operations must have unique `name` + `in` parameters. Repeats of `in:path` + `name:id`.",
    ],
  ])("%s", async (_, parameters, message) => {
    expect(await refusal({ "openapi.yaml": taking("id", parameters) })).toBe(`openapi.yaml:${message}`);
  });

  test.each([".id", ";id", "id*"])("is named like a style: %s", async (name) => {
    const message = `5:5 GET /a/{${name}} names a path parameter "${name}", which openapi-fetch takes for a style.`;
    expect(await refusal({ "openapi.yaml": taking(name, `[${id.replace("id", `"${name}"`)}]`) })).toBe(
      `openapi.yaml:${message}`,
    );
  });
});

describe.concurrent("an operationId is refused that", { timeout: 30_000 }, () => {
  test.each<[string, string, string]>([
    ["is not there", `  /a:\n    ${NO_ID}\n`, "5:5 GET /a has no operationId: it names the generated function."],
    [
      "names nothing",
      `  /a:\n    get: ${get('"--"')}\n`,
      '5:25 operationId "--" of GET /a has no letter or digit to name a function by.',
    ],
    [
      "is empty",
      `  /a:\n    get: ${get('""')}\n`,
      '5:25 operationId "" of GET /a has no letter or digit to name a function by.',
    ],
    [
      "is taken",
      `  /a:\n    get: ${get("x")}\n  /b:\n    put: ${get("x")}\n`,
      '7:25 operationId "x" of PUT /b collides with that of GET /a: both become x().',
    ],
    [
      "becomes a name that is taken",
      `  /a:\n    get: ${get("get-a")}\n    put: ${get("get_a")}\n`,
      '6:25 operationId "get_a" of PUT /a collides with that of GET /a: both become getA().',
    ],
    [
      "is that of a webhook",
      `  /a:\n    get: ${get("x")}\nwebhooks:\n  done:\n    post: ${get("x")}\n`,
      '8:26 operationId "x" of POST done is that of GET /a too: it must be unique.',
    ],
  ])("%s", async (_, paths, message) => {
    expect(await refusal({ "openapi.yaml": `${HEAD}paths:\n${paths}` })).toBe(`openapi.yaml:${message}`);
  });

  test("is not there, in another file: all such are told at once", async () => {
    const files = {
      "openapi.yaml": `${HEAD}paths:\n  /a: { $ref: "parts/a.yaml" }\n  /b:\n    ${NO_ID}\n`,
      "parts/a.yaml": `# A part\n${NO_ID}\n`,
    };
    expect((await refusal(files)).split("\n")).toEqual([
      "parts/a.yaml:2:1 GET /a has no operationId: it names the generated function.",
      "openapi.yaml:6:5 GET /b has no operationId: it names the generated function.",
    ]);
  });
});
