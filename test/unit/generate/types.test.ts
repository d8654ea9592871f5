// What a generated client takes and gives, as the strict compiler sees it: right calls compile, wrong ones do not.
import { expect, test } from "vitest";
import { compile } from "./test-compiler.js";
import { generated, spec } from "./test-kit.js";

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: object) => ({ content: { "application/json": { schema } } });
const path = { name: "id", in: "path", required: true, schema: { type: "string" } };

const DOCUMENT = spec(
  {
    "/pets": {
      get: {
        operationId: "list-pets",
        parameters: [
          { name: "limit", in: "query", schema: { type: "integer" } },
          { name: "filter", in: "query", style: "deepObject", schema: ref("Filter") },
        ],
        responses: {
          "200": { description: "All", ...json({ type: "array", items: ref("Pet") }) },
          "4XX": { description: "No", ...json(ref("Problem")) },
          default: { description: "No", ...json({ type: "string" }) },
        },
      },
      post: {
        operationId: "create-pet",
        requestBody: { required: true, ...json(ref("Pet")) },
        responses: { "201": { description: "Made", ...json(ref("Pet")) }, "204": { description: "Was there" } },
      },
    },
    "/pets/{id}": {
      parameters: [path],
      get: {
        operationId: "get-pet",
        parameters: [
          { name: "X-Tenant", in: "header", required: true, schema: { type: "string" } },
          { name: "X-Map", in: "header", schema: { type: "object", additionalProperties: { type: "string" } } },
        ],
        responses: { default: { description: "Any", ...json(ref("Pet")) } },
      },
    },
    "/lines": {
      post: {
        operationId: "add-lines",
        requestBody: { content: { "application/x-ndjson": { schema: ref("Pet") } } },
        responses: { "204": { description: "Done" } },
      },
    },
    "/photo": {
      get: { operationId: "photo", responses: { "200": { description: "OK", content: { "image/png": {} } } } },
      put: {
        operationId: "set-photo",
        requestBody: { content: { "image/png": { schema: { type: "string" } } } },
        responses: { "226": { description: "OK", content: { "text/csv": { schema: ref("Pet") } } } },
      },
      post: {
        operationId: "add-photo",
        requestBody: {
          required: true,
          content: {
            "multipart/form-data": {
              schema: {
                type: "object",
                required: ["file"],
                properties: {
                  file: { type: "string", format: "binary" },
                  more: { type: "array", items: { type: "string", contentMediaType: "image/png" } },
                },
              },
            },
          },
        },
        responses: { "204": { description: "Done" } },
      },
    },
  },
  {
    components: {
      schemas: {
        Pet: {
          type: "object",
          required: ["name"],
          properties: {
            name: { type: "string" },
            kind: { type: "string", enum: ["cat", "dog"], default: "cat" },
            at: { type: "array", prefixItems: [{ type: "number" }, { type: "string" }] },
            content: {
              type: "object",
              properties: { "text/plain": { type: "object", properties: { x: { type: "number" } } } },
            },
          },
        },
        Filter: { type: "object", properties: { kind: { type: "string" } } },
        Problem: { type: "object", properties: { title: { type: "string" } } },
      },
    },
  },
);

const USE = `
import { addLines, addPhoto, createClient, createPet, getPet, listPets, photo, problemStatuses, servers, setPhoto } from "./generated/client.js";
import type { components } from "./generated/schema.js";

type Pet = components["schemas"]["Pet"];
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Equal<A, B>): void => {};
const client = createClient({ baseUrl: servers[0].url });

// Where nothing is required, nothing need be given.
const pets = await listPets(client);
await listPets(client, { params: { query: { limit: 1, filter: { kind: "cat" } } }, signal: new AbortController().signal });
if (pets.error === undefined) same<typeof pets.data, Pet[]>(true);
else same<typeof pets.error, { title?: string } | string>(true);
same<typeof pets.response, Response>(true);
// @ts-expect-error a number is wanted
await listPets(client, { params: { query: { limit: "1" } } });
// @ts-expect-error there is no such parameter
await listPets(client, { params: { query: { offset: 1 } } });
// @ts-expect-error there is no such option
await listPets(client, { parms: {} });
// @ts-expect-error there is no body
await listPets(client, { body: {} });
// @ts-expect-error that is no client
await listPets({});

// A member with a default may be left out, and may be absent.
const made = await createPet(client, { body: { name: "n", kind: "dog", at: [1, "x"] } });
if (made.error === undefined) same<typeof made.data, Pet | undefined>(true);
same<Pet["kind"], "cat" | "dog" | undefined>(true);
same<Pet["at"], [number, string] | undefined>(true);
same<NonNullable<NonNullable<Pet["content"]>["text/plain"]>["x"], number | undefined>(true);
// @ts-expect-error the body is required
await createPet(client);
// @ts-expect-error the body lacks its name
await createPet(client, { body: { kind: "dog" } });
// @ts-expect-error that kind is not in the list
await createPet(client, { body: { name: "n", kind: "cow" } });

// What is documented only as \`default\` may be a success too.
const pet = await getPet(client, { params: { path: { id: "x" }, header: { "X-Tenant": "t", "X-Map": { a: "b" } } } });
if (pet.error === undefined) same<typeof pet.data, Pet>(true);
// @ts-expect-error the header is required
await getPet(client, { params: { path: { id: "x" } } });
// @ts-expect-error the path is required
await getPet(client, { params: { header: { "X-Tenant": "t" } } });
// @ts-expect-error the id is text
await getPet(client, { params: { path: { id: 1 }, header: { "X-Tenant": "t" } } });

// Bytes are a Blob and other text is text, whatever schema stands there.
const { data: bytes } = await photo(client);
const text: Promise<string> | undefined = bytes?.text();
const { data: csv } = await setPhoto(client, { body: new Blob([]) });
const upper: string | undefined = csv?.toUpperCase();
await addLines(client, { body: '{"name":"a"}\\n{"name":"b"}' });
await addPhoto(client, { body: { file: new File([], "a.png"), more: [new Blob([])] } });
// @ts-expect-error a file is no text
await addPhoto(client, { body: { file: "a.png" } });
// @ts-expect-error bytes are no text
await setPhoto(client, { body: "a.png" });

same<typeof problemStatuses.listPets, readonly []>(true);
// @ts-expect-error a typo
problemStatuses.listPet;
export { text, upper };
`;

test("calls that fit the spec compile, and calls that do not fit do not", { timeout: 30_000 }, async () => {
  expect(compile(await generated(DOCUMENT), { "use.ts": USE })).toEqual([]);
});
