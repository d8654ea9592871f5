// How parameters of every place and style reach a server (OpenAPI 3.1 §4.8.12).
import { beforeAll, describe, expect, test } from "vitest";
import { call, type GeneratedClient, load } from "./test-calls.js";
import { generated, spec } from "./test-kit.js";

const list = { type: "array", items: { type: "string" } };
const map = { type: "object", additionalProperties: { type: "string" } };
const nothing = { "204": { description: "Done" } };

/** A parameter of this shape in an operation of its own. */
const one = (operationId: string, parameter: object) => ({
  get: { operationId, parameters: [parameter], responses: nothing },
});
const query = (operationId: string, parameter: object) => ({
  [`/${operationId}`]: one(operationId, { name: "q", in: "query", ...parameter }),
});
const header = (operationId: string, parameter: object) => ({
  [`/${operationId}`]: one(operationId, { name: "X-Value", in: "header", ...parameter }),
});
const path = (operationId: string, parameter: object) => ({
  [`/${operationId}/{p}/end`]: one(operationId, { name: "p", in: "path", required: true, ...parameter }),
});

const DOCUMENT = spec(
  {
    ...query("plain", { schema: { type: "string" } }),
    ...query("formList", { schema: list }),
    ...query("formListPacked", { schema: list, explode: false }),
    ...query("formMap", { schema: map }),
    ...query("formMapPacked", { schema: { $ref: "#/components/schemas/Map" }, explode: false }),
    ...query("spaces", { schema: list, style: "spaceDelimited" }),
    ...query("spacesMap", { schema: map, style: "spaceDelimited" }),
    ...query("pipes", { schema: list, style: "pipeDelimited", explode: false }),
    ...query("pipesApart", { schema: list, style: "pipeDelimited", explode: true }),
    ...query("deep", { schema: { type: "object" }, style: "deepObject", explode: true }),
    ...query("reserved", { schema: { type: "string" }, allowReserved: true }),
    ...query("reservedList", { schema: list, allowReserved: true, explode: false }),
    ...query("json", { content: { "application/json": { schema: {} } } }),
    ...query("anything", { schema: {} }),
    ...query("listOfMaps", { schema: { type: "array", items: map } }),
    ...query("oddName", { name: "a&b=c d", schema: { type: "string" } }),
    ...query("brackets", { name: "ids[]", schema: list }),
    ...query("proto", { name: "__proto__", schema: list, explode: false }),
    "/mixed": {
      parameters: [
        { name: "a", in: "query", schema: list },
        { name: "b", in: "query", schema: { type: "integer" } },
      ],
      get: {
        operationId: "mixed",
        parameters: [
          { name: "a", in: "query", schema: list, style: "pipeDelimited" },
          { name: "c", in: "query", schema: map, style: "deepObject" },
          { name: "d", in: "query", schema: { type: "boolean" } },
        ],
        responses: nothing,
      },
    },
    ...header("headerText", { schema: { type: "string" } }),
    ...header("headerList", { schema: list }),
    ...header("headerMap", { schema: map }),
    ...header("headerPairs", { schema: map, explode: true }),
    ...header("headerJson", { content: { "application/json": { schema: {} } } }),
    ...path("simple", { schema: { type: "string" } }),
    ...path("simpleList", { schema: list }),
    ...path("simpleMap", { schema: map }),
    ...path("simplePairs", { schema: map, explode: true }),
    ...path("label", { schema: { type: "string" }, style: "label" }),
    ...path("labelList", { schema: list, style: "label" }),
    ...path("labelPairs", { schema: map, style: "label", explode: true }),
    ...path("matrix", { schema: { type: "string" }, style: "matrix" }),
    ...path("matrixList", { schema: list, style: "matrix" }),
    ...path("matrixListApart", { schema: list, style: "matrix", explode: true }),
    ...path("matrixPairs", { schema: map, style: "matrix", explode: true }),
    "/twice/{id}/and/{id}": one("twice", {
      name: "id",
      in: "path",
      required: true,
      style: "label",
      schema: { type: "string" },
    }),
    "/odd/{user-id.$&}": one("oddPath", {
      name: "user-id.$&",
      in: "path",
      required: true,
      style: "label",
      schema: { type: "string" },
    }),
    '/it\'s/"quoted"/`ticked`': { get: { operationId: "quoted", responses: nothing } },
  },
  { components: { schemas: { Map: map } } },
);

let client: GeneratedClient;
beforeAll(async () => {
  client = await load(await generated(DOCUMENT));
}, 20_000);

/** The path and query that arrive after a call with these parameters. */
const sent = async (name: string, params: object, base?: string) =>
  (await call(client, name, { params }, base === undefined ? {} : { base })).arrived.url;

describe("a query parameter", () => {
  const everything = ":/?#[]@!$&'()*+,;=% é";

  test.each([
    ["text is escaped whole", "plain", everything, "?q=%3A%2F%3F%23%5B%5D%40!%24%26%27()*%2B%2C%3B%3D%25%20%C3%A9"],
    ["a list is repeated, as is the default", "formList", ["a", "b c"], "?q=a&q=b%20c"],
    ["a list that is not exploded is joined by commas", "formListPacked", ["a", "b,c"], "?q=a,b%2Cc"],
    ["an object is its members, as is the default", "formMap", { a: "1", b: "x&y" }, "?a=1&b=x%26y"],
    ["an object that is not exploded is one list", "formMapPacked", { a: "1", b: "2" }, "?q=a,1,b,2"],
    ["spaceDelimited", "spaces", ["a", "b"], "?q=a%20b"],
    ["spaceDelimited, an object", "spacesMap", { a: "1", b: "2" }, "?q=a%201%20b%202"],
    ["pipeDelimited", "pipes", ["a", "b"], "?q=a%7Cb"],
    ["pipeDelimited but exploded", "pipesApart", ["a", "b"], "?q=a&q=b"],
    ["deepObject", "deep", { a: "1", "b=c": "2" }, "?q[a]=1&q[b%3Dc]=2"],
    [
      "deepObject within deepObject, which OpenAPI leaves open",
      "deep",
      { a: { b: ["1", "2"] } },
      "?q[a][b]=1&q[a][b]=2",
    ],
    [
      "allowReserved keeps what cannot change the meaning",
      "reserved",
      everything,
      "?q=:/?%23[]@!$%26%27()*%2B,;=%25%20%C3%A9",
    ],
    ["allowReserved in a list", "reservedList", ["a/b", "c:d"], "?q=a/b,c:d"],
    ["content of JSON", "json", { a: [1, "x"] }, "?q=%7B%22a%22%3A%5B1%2C%22x%22%5D%7D"],
    ["content of JSON that is text keeps its quotes", "json", "x", "?q=%22x%22"],
    ["a schema that says nothing takes text", "anything", "x", "?q=x"],
    ["a schema that says nothing takes an object", "anything", { a: 1 }, "?a=1"],
    ["objects in a list are JSON", "listOfMaps", [{ a: "1" }], "?q=%7B%22a%22%3A%221%22%7D"],
    ["absent values are left out", "formMap", { a: undefined, b: null, c: "" }, "?c="],
    ["an empty list is left out", "formListPacked", [], ""],
  ])("%s", async (_, name, value, expected) => {
    expect(await sent(name, { query: { q: value } })).toBe(`/${name}${expected}`);
  });

  test("has its name escaped, but for brackets", async () => {
    expect(await sent("oddName", { query: { "a&b=c d": "x" } })).toBe("/oddName?a%26b%3Dc%20d=x");
    expect(await sent("brackets", { query: { "ids[]": ["1", "2"] } })).toBe("/brackets?ids[]=1&ids[]=2");
  });

  test("may be named like a trap of JavaScript", async () => {
    const parameters = JSON.parse('{"__proto__": ["a", "b"]}');
    expect(await sent("proto", { query: parameters })).toBe("/proto?__proto__=a,b");
  });

  test("keeps its own style beside others, and the operation's wins over the path item's", async () => {
    const parameters = { a: ["1", "2"], b: 3, c: { k: "v" }, d: false };
    expect(await sent("mixed", { query: parameters })).toBe("/mixed?a=1%7C2&b=3&c[k]=v&d=false");
  });

  test("is written as the caller says, if the caller has a serializer", async () => {
    const init = { params: { query: { q: ["a"] } }, querySerializer: () => "mine=1" };
    expect((await call(client, "spaces", init)).arrived.url).toBe("/spaces?mine=1");
  });
});

describe("a path parameter", () => {
  test.each([
    ["simple escapes everything", "simple", "a/b?c#d{e};,é", "a%2Fb%3Fc%23d%7Be%7D%3B%2C%C3%A9"],
    ["simple, a list", "simpleList", ["a", "b"], "a,b"],
    ["simple, an object", "simpleMap", { a: "1", b: "2" }, "a,1,b,2"],
    ["simple, an object exploded", "simplePairs", { a: "1", b: "2" }, "a=1,b=2"],
    ["label", "label", "x", ".x"],
    ["label, a list", "labelList", ["a", "b"], ".a,b"],
    ["label, an object exploded", "labelPairs", { a: "1", b: "2" }, ".a=1.b=2"],
    ["matrix", "matrix", "x", ";p=x"],
    ["matrix, a list", "matrixList", ["a", "b"], ";p=a,b"],
    ["matrix, a list exploded", "matrixListApart", ["a", "b"], ";p=a;p=b"],
    ["matrix, an object exploded", "matrixPairs", { a: "1", b: "2" }, ";a=1;b=2"],
  ])("%s", async (_, name, value, expected) => {
    expect(await sent(name, { path: { p: value } })).toBe(`/${name}/${expected}/end`);
  });

  test("fills every place that has its name", async () => {
    expect(await sent("twice", { path: { id: "x" } })).toBe("/twice/.x/and/.x");
  });

  test("may have a name of odd characters", async () => {
    expect(await sent("oddPath", { path: { "user-id.$&": "x" } })).toBe("/odd/.x");
  });

  test("comes after the path of the base URL", async () => {
    expect(await sent("simple", { path: { p: "x" } }, "/api/v1/")).toBe("/api/v1/simple/x/end");
  });
});

test("a path with quotes is called as it stands", async () => {
  expect(await sent("quoted", {})).toBe("/it's/%22quoted%22/%60ticked%60");
});

describe("a header parameter", () => {
  test.each([
    ["text", "headerText", "x", "x"],
    ["a list", "headerList", ["a", "b"], "a, b"],
    ["an object", "headerMap", { a: "1", b: "2" }, "a,1,b,2"],
    ["an object exploded", "headerPairs", { a: "1", b: "2" }, "a=1,b=2"],
    ["content of JSON", "headerJson", { a: [1] }, '{"a":[1]}'],
    ["nothing", "headerMap", undefined, undefined],
  ])("%s", async (_, name, value, expected) => {
    const { arrived } = await call(client, name, { params: { header: { "X-Value": value } } });
    expect(arrived.headers["x-value"]).toBe(expected);
  });

  test("may be left out with everything else", async () => {
    expect((await call(client, "headerMap")).arrived.headers).not.toHaveProperty("x-value");
  });
});
