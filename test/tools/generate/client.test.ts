// The generated functions: what they send, what they give back, and how they are typed.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createJiti } from "jiti";
import { expect, onTestFinished, test } from "vitest";
import { compile, generated, specOf } from "./kit.js";
import { largeSpec } from "./large-spec.js";

const SPEC = specOf(
  `
  x-paths: an extension
  /pets/{id}:
    parameters: [{ $ref: "#/components/parameters/Id" }]
    get:
      operationId: get-pet
      summary: Read a pet
      description: "Ends */ no comment."
      parameters:
        - { name: tags, in: query, schema: { type: array, items: { type: string } } }
        - { name: limit, in: query, style: form, explode: true, schema: { type: integer } }
      responses:
        x-internal: an extension
        200: { description: One, content: { application/json: { schema: { $ref: "#/components/schemas/Pet" } } } }
        404: { $ref: "#/components/responses/Problem" }
        4XX: { description: No, content: { Application/Problem+JSON;charset=utf-8: { schema: { type: string } } } }
    delete: { $ref: "#/components/x-operations/Delete" }
  /pets: { $ref: "pets.yaml" }`,
  `
components:
  x-operations: { Delete: { operationId: delete-pet, responses: { 204: { description: Gone } } } }
  parameters: { Id: { name: id, in: path, required: true, description: Id of the pet., schema: { type: string } } }
  responses: { Problem: { description: No, content: { application/problem+json: { schema: { type: integer } } } } }
  schemas: { Pet: { type: object, required: [name], properties: { name: {}, age: { default: 1, type: integer } } } }
`,
);
const PETS = `
get: { operationId: pets/list, responses: { 200: { description: All } } }
post:
  operationId: pets/create
  requestBody: { required: true, content: { application/json: { schema: { $ref: "openapi.yaml#/components/schemas/Pet" } } } }
  responses: { 201: { description: Made } }
`;
const generatePets = () => generated(SPEC, { "pets.yaml": PETS });

type Call = (client: unknown, init?: object) => Promise<object>;
type Client = Record<string, Call> & { createClient: (options: object) => unknown; problemStatuses: object };
const load = async (): Promise<Client> =>
  createJiti(import.meta.url, { fsCache: false }).import(join(await generatePets(), "client.ts"));

/** Calls a generated function against a server on loopback. */
async function call(name: string, init: object | undefined, status: number) {
  const arrived: string[] = [];
  const server = createServer(async (request, response) => {
    arrived.push(`${request.method} ${request.url} ${await text(request)}`.trim());
    response.writeHead(status, { "content-type": "application/json" }).end('{"name":"Tom"}');
  });
  onTestFinished(() => void server.close().closeAllConnections());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { createClient, ...functions } = await load();
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
  return { arrived, result: await functions[name]?.(createClient({ baseUrl }), init) };
}

const path = { id: "a/b?c" };
test.each([
  ["getPet", "a path", { params: { path } }, "GET /api/pets/a%2Fb%3Fc"],
  [
    "getPet",
    "a query",
    { params: { path, query: { tags: ["a", "b&c"], limit: 2 } } },
    "GET /api/pets/a%2Fb%3Fc?tags=a&tags=b%26c&limit=2",
  ],
  ["deletePet", "another method", { params: { path } }, "DELETE /api/pets/a%2Fb%3Fc"],
  ["petsCreate", "a JSON body", { body: { name: "é" } }, 'POST /api/pets {"name":"é"}'],
  ["petsList", "a request without parameters", undefined, "GET /api/pets"],
])("%s() sends %s", async (name, _, init, request) => {
  expect((await call(name, init, 200)).arrived).toEqual([request]);
});

test.each([
  [200, { data: { name: "Tom" } }],
  [404, { error: { name: "Tom" } }],
])("a function gives the parsed body of a %i", async (status, body) => {
  expect((await call("getPet", { params: { path } }, status)).result).toMatchObject({ ...body, response: { status } });
});

test("the client lists the statuses that are documented as problems", async () => {
  const { problemStatuses } = await load();
  expect(problemStatuses).toEqual({ getPet: [404, "4XX"], deletePet: [], petsList: [], petsCreate: [] });
});

test("the words of the spec stand above the function, and cannot end the comment", async () => {
  const client = readFileSync(join(await generatePets(), "client.ts"), "utf8");
  const words = ["Read a pet", "Ends *\\/ no comment.", "- `id`: Id of the pet.", "`GET /pets/{id}`"];
  expect(client).toContain(`/**\n * ${words.join("\n *\n * ")}\n */\nexport function getPet(`);
});

test("calls that fit the spec compile, and calls that do not fit it do not", async () => {
  const use = `
import { createClient, deletePet, getPet, petsCreate, petsList, problemStatuses } from "./client.js";
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Equal<A, B>): void => {};
const client = createClient({ baseUrl: "https://api.example.com" });
const path = { id: "x" };

const pet = await getPet(client, { params: { path, query: { tags: ["a"], limit: 1 } } });
if (pet.error === undefined) same<typeof pet.data.age, number | undefined>(true);
else same<typeof pet.error, number | string>(true);
same<typeof problemStatuses.getPet, readonly [404, "4XX"]>(true);
await petsCreate(client, { body: { name: "n" } });
await petsList(client);
// @ts-expect-error the id is a string
await getPet(client, { params: { path: { id: 1 } } });
// @ts-expect-error a limit is a number
await getPet(client, { params: { path, query: { limit: "1" } } });
// @ts-expect-error there is no such option
await getPet(client, { params: { path }, parms: {} });
// @ts-expect-error the path is required
await deletePet(client);
// @ts-expect-error the body is required
await petsCreate(client);
`;
  expect(compile(await generatePets(), use)).toEqual([]);
});

test("a spec of a thousand operations generates, and the client compiles", { timeout: 180_000 }, async () => {
  const use = `
import { createClient, resources249Delete, resources7Create, resources7List } from "./client.js";
const client = createClient({ baseUrl: "https://api.example.com" });
const path = { tenant: "t" };
const { data } = await resources7List(client, { params: { path, query: { tags: ["a"] } } });
export const cpu: number | undefined = data?.[0]?.parent?.children?.[0]?.settings?.cpu;
await resources7Create(client, { params: { path }, body: { name: "n" } });
// @ts-expect-error the body lacks its name
await resources7Create(client, { params: { path }, body: {} });
// @ts-expect-error the path lacks its id
await resources249Delete(client, { params: { path } });
`;
  expect(compile(await generated(JSON.stringify(largeSpec())), use)).toEqual([]);
});
