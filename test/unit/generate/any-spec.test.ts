// Specs of every shape: what the generator makes of them compiles under the strictest checks, and works.
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { call, load } from "./test-calls.js";
import { compile } from "./test-compiler.js";
import { contents, generated, spec } from "./test-kit.js";

const TIMEOUT = { timeout: 30_000 };
const operation = (operationId: string) => ({ operationId, responses: { "204": { description: "Done" } } });
const read = (folder: string) => contents(join(folder, "generated"))["client.ts"] ?? "";

test.concurrent("every method becomes a function that sends it", TIMEOUT, async () => {
  const methods = ["get", "put", "post", "delete", "options", "head", "patch"];
  const item = Object.fromEntries([...methods, "trace"].map((method) => [method, operation(`${method}It`)]));
  const folder = await generated(spec({ "/a": item }));
  const client = await load(folder);
  const arrived = await Promise.all(methods.map(async (method) => (await call(client, `${method}It`)).arrived.method));
  expect(arrived).toEqual(methods.map((method) => method.toUpperCase()));
  expect(read(folder)).toContain("`TRACE /a`, which `fetch` refuses to send");
  expect(compile(folder)).toEqual([]);
});

test.concurrent("a spec without operations still gives a client", TIMEOUT, async () => {
  const folder = await generated(spec({}));
  expect(compile(folder)).toEqual([]);
  expect(await load(folder)).toMatchObject({ problemStatuses: {}, servers: [{ url: "/" }] });
});

test.concurrent("the statuses that are problems are listed as the spec writes them", TIMEOUT, async () => {
  const problem = { description: "No", content: { "application/problem+json": {} } };
  const responses = {
    "204": { description: "Done" },
    "400": { description: "No", content: { "Application/Problem+JSON; charset=utf-8": {} } },
    "404": { $ref: "#/components/responses/Problem" },
    "409": { description: "No", content: { "application/json": {} } },
    "4XX": problem,
    default: problem,
    "x-internal": "an extension",
    "x-problem": problem,
  };
  const document = spec(
    { "x-paths": ["an extension"], "/a": { get: { operationId: "a", responses }, put: { operationId: "b" } } },
    { components: { responses: { Problem: problem } } },
  );
  const folder = await generated(document);
  expect((await load(folder)).problemStatuses).toEqual({ a: [400, 404, "4XX", "default"], b: [] });
  expect(compile(folder)).toEqual([]);
});

test.concurrent("a webhook's name is no path", TIMEOUT, async () => {
  const webhooks = { "on {event}": { post: operation("told") } };
  const folder = await generated(spec({ "/a": { get: operation("a") } }, { webhooks }));
  expect(Object.keys(await load(folder))).not.toContain("told");
});

describe("servers", () => {
  const SERVERS = [
    { url: "https://one.example.com", description: 'The "first"\nof\u2028two' },
    {
      url: "https://{region}.example.com:{port}/v1",
      variables: { region: { default: "eu", enum: ["eu", "us"] }, port: { default: "8443", description: "Where" } },
    },
  ];

  test.concurrent("are listed as they are, and their variables can be filled in", TIMEOUT, async () => {
    const folder = await generated(spec({ "/a": { get: operation("a") } }, { servers: SERVERS }));
    expect(read(folder)).not.toContain("\u2028");
    const { servers, serverUrl } = await load(folder);
    expect(servers).toEqual(SERVERS);
    expect(servers.map((server) => serverUrl(server))).toEqual([
      "https://one.example.com",
      "https://eu.example.com:8443/v1",
    ]);
    expect(serverUrl(servers[1] ?? {}, { region: "us" })).toBe("https://us.example.com:8443/v1");
    const use =
      'import { servers, serverUrl } from "./generated/client.js";\nexport const urls = servers.map((s) => serverUrl(s));\n';
    expect(compile(folder, { "use.ts": use })).toEqual([]);
  });

  test.concurrent("of an operation or a path of its own are named where it is documented", TIMEOUT, async () => {
    const servers = (url: string) => [{ url }];
    const folder = await generated(
      spec({
        "/a": { servers: servers("https://path.test"), get: operation("a") },
        "/b": {
          servers: servers("https://path.test"),
          get: { ...operation("b"), servers: servers("https://own.test") },
        },
      }),
    );
    expect(read(folder).match(/Served at `[^`]*`/g)).toEqual([
      "Served at `https://path.test`",
      "Served at `https://own.test`",
    ]);
  });

  test.concurrent("of an operation's own are named with what their variables are by default", TIMEOUT, async () => {
    const own = { ...operation("a"), servers: [SERVERS[1], SERVERS[0]] };
    expect(read(await generated(spec({ "/a": { get: own } })))).toContain(
      ` * Served at \`${SERVERS[1]?.url}\` (by default, \`region\` is \`eu\`, \`port\` is \`8443\`),
 * \`https://one.example.com\`: pass that as \`baseUrl\`.
`,
    );
  });
});

test.concurrent("parts may lie in other files, and be shared", TIMEOUT, async () => {
  const folder = await generated(
    spec(
      {
        "/a/{id}": { $ref: "parts/item.yaml" },
        "/b/{id}": { $ref: "#/components/pathItems/B" },
      },
      {
        components: {
          pathItems: {
            B: {
              parameters: [{ $ref: "parts/shared.yaml#/parameters/Id" }],
              get: { operationId: "b", responses: { "404": { $ref: "parts/shared.yaml#/responses/Problem" } } },
            },
          },
        },
      },
    ),
    {
      "parts/item.yaml": `
parameters: [{ $ref: "shared.yaml#/parameters/Id" }]
post:
  operationId: a
  parameters: [{ name: tags, in: query, style: pipeDelimited, schema: { $ref: "shared.yaml#/schemas/Tags" } }]
  requestBody: { $ref: "shared.yaml#/requestBodies/Text" }
  responses:
    "204": { description: Done }
    "404": { $ref: "shared.yaml#/responses/Problem" }
`,
      "parts/shared.yaml": `
parameters: { Id: { name: id, in: path, required: true, style: label, schema: { type: string } } }
schemas: { Tags: { type: array, items: { type: string } } }
requestBodies: { Text: { required: true, content: { text/plain: { schema: { type: string } } } } }
responses: { Problem: { description: No, content: { application/problem+json: {} } } }
`,
    },
  );
  const client = await load(folder);
  const init = { params: { path: { id: "x" }, query: { tags: ["1", "2"] } }, body: "text" };
  const { arrived } = await call(client, "a", init);
  expect([arrived.url, arrived.headers["content-type"], arrived.body]).toEqual([
    "/a/.x?tags=1%7C2",
    "text/plain",
    "text",
  ]);
  expect((await call(client, "b", { params: { path: { id: "y" } } })).arrived.url).toBe("/b/.y");
  expect(client.problemStatuses).toEqual({ a: [404], b: [404] });
  const use = `
import { a, b, createClient } from "./generated/client.js";
const client = createClient({});
await a(client, { params: { path: { id: "x" }, query: { tags: ["1"] } }, body: "text" });
await b(client, { params: { path: { id: "x" } } });
// @ts-expect-error the path item's parameter is missing
await b(client, {});
`;
  expect(compile(folder, { "use.ts": use })).toEqual([]);
});

test.concurrent(
  "references may lead to where something is used, and schemas may be true or false",
  TIMEOUT,
  async () => {
    const json = (schema: unknown) => ({ content: { "application/json": { schema } } });
    const tags = { name: "tags", in: "query", explode: false, schema: { type: "array", items: true } };
    const body = json({
      type: "object",
      required: ["x"],
      properties: { x: { type: "integer" }, more: true, none: false },
    });
    const at = (pointer: string) => ({ $ref: `#/paths/~1a~1b/post/${pointer}` });
    const folder = await generated(
      spec({
        "/a/b": {
          post: {
            operationId: "a",
            parameters: [tags],
            requestBody: body,
            responses: { "200": { description: "Any", ...json(true) } },
          },
        },
        "/c": {
          parameters: [at("parameters/0")],
          post: { operationId: "c", requestBody: at("requestBody"), responses: { "200": at("responses/200") } },
        },
        "/d": {
          parameters: [{ name: "q", in: "query", schema: true }],
          get: {
            operationId: "d",
            responses: { "200": { description: "OK", ...json(at("requestBody/content/application~1json/schema")) } },
          },
        },
      }),
    );
    const client = await load(folder);
    expect((await call(client, "c", { params: { query: { tags: ["1", "2"] } } })).arrived.url).toBe("/c?tags=1,2");
    expect((await call(client, "d", { params: { query: { q: { x: 1 } } } })).arrived.url).toBe("/d?x=1");
    const use = `
import { c, createClient, d } from "./generated/client.js";
const client = createClient({});
export const { data } = await c(client, { params: { query: { tags: ["1", 2] } }, body: { x: 1, more: "" } });
// @ts-expect-error x is a number
await c(client, { body: { x: "1" } });
const answer = await d(client, { params: { query: { q: 1 } } });
export const x: number | undefined = answer.data?.x;
`;
    expect(compile(folder, { "use.ts": use })).toEqual([]);
  },
);
