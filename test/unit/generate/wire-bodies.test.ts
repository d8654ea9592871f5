// How bodies of every media type are sent, and how answers are read.
import { beforeAll, describe, expect, test } from "vitest";
import { call, type GeneratedClient, load } from "./test-calls.js";
import { generated, spec } from "./test-kit.js";

const nothing = { "204": { description: "Done" } };
const map = { type: "object", additionalProperties: true };

/** An operation that takes one of these media types. */
const takes = (operationId: string, content: object) => ({
  [`/${operationId}`]: { post: { operationId, requestBody: { content }, responses: nothing } },
});
const gives = (operationId: string, responses: object) => ({
  [`/${operationId}`]: { get: { operationId, responses } },
});
const ok = (content: object) => ({ "200": { description: "OK", content } });

const DOCUMENT = spec(
  {
    ...takes("json", { "application/json": { schema: map } }),
    ...takes("vendorJson", { "application/vnd.api+json; version=1": { schema: map } }),
    ...takes("jsonOrXml", { "application/xml": { schema: map }, "application/json": { schema: map } }),
    ...takes("jsonLines", { "application/x-ndjson": { schema: map } }),
    ...takes("form", { "application/x-www-form-urlencoded": { schema: map } }),
    ...takes("styledForm", {
      "application/x-www-form-urlencoded": {
        schema: map,
        encoding: {
          packed: { explode: false },
          deep: { style: "deepObject" },
          json: { contentType: "application/json" },
        },
      },
    }),
    ...takes("multipart", {
      "multipart/form-data": { schema: map, encoding: { meta: { contentType: "application/json" } } },
    }),
    ...takes("text", { "text/plain": { schema: { type: "string" } } }),
    ...takes("xml", { "application/xml": { schema: map } }),
    ...takes("bytes", { "application/octet-stream": {} }),
    ...takes("image", { "image/png": { schema: { type: "string", format: "binary" } } }),
    "/shared": {
      post: { operationId: "shared", requestBody: { $ref: "#/components/requestBodies/Text" }, responses: nothing },
    },
    ...gives("giveText", ok({ "text/plain": { schema: { type: "string" } } })),
    ...gives("giveBytes", ok({ "application/octet-stream": { schema: { type: "string", format: "binary" } } })),
    ...gives("giveProblemJson", { ...ok({ "application/hal+json": { schema: map } }), "4XX": { description: "No" } }),
    ...gives("giveEither", ok({ "text/csv": {}, "application/json": { schema: map } })),
    ...gives("giveByDefault", { default: { description: "Any", content: { "text/plain": {} } } }),
    ...gives("giveShared", { "200": { $ref: "#/components/responses/Text" } }),
  },
  {
    components: {
      requestBodies: { Text: { content: { "text/plain": { schema: { type: "string" } } } } },
      responses: { Text: { description: "OK", content: { "text/plain": { schema: { type: "string" } } } } },
    },
  },
);

let client: GeneratedClient;
beforeAll(async () => {
  client = await load(await generated(DOCUMENT));
}, 20_000);

/** The body that arrives, and its media type. */
async function sent(name: string, body: unknown, init: object = {}) {
  const { arrived } = await call(client, name, { body, ...init });
  return [arrived.headers["content-type"], arrived.body];
}

describe("a body", () => {
  test("of JSON is sent as JSON", async () => {
    expect(await sent("json", { a: [1, null] })).toEqual(["application/json", '{"a":[1,null]}']);
  });

  test("of a kind of JSON has that media type, parameters and all", async () => {
    expect(await sent("vendorJson", { a: 1 })).toEqual(["application/vnd.api+json; version=1", '{"a":1}']);
  });

  test("that may be JSON is JSON, wherever the spec lists that", async () => {
    expect(await sent("jsonOrXml", { a: 1 })).toEqual(["application/json", '{"a":1}']);
  });

  test("of lines of JSON is the caller's text", async () => {
    expect(await sent("jsonLines", '{"a":1}\n{"a":2}\n')).toEqual(["application/x-ndjson", '{"a":1}\n{"a":2}\n']);
  });

  test("that is a form repeats lists, writes objects as JSON and leaves out what is absent", async () => {
    const body = { text: "a b&c=é", list: ["1", "2"], object: { x: 1 }, none: undefined, nil: null, number: 5 };
    expect(await sent("form", body)).toEqual([
      "application/x-www-form-urlencoded",
      "text=a%20b%26c%3D%C3%A9&list=1&list=2&object=%7B%22x%22%3A1%7D&number=5",
    ]);
  });

  test("that is a form gives each member the encoding of the spec", async () => {
    const body = { packed: ["1", "2"], deep: { x: "1" }, json: ["a"] };
    const [type, text] = await sent("styledForm", body);
    expect(type).toBe("application/x-www-form-urlencoded");
    expect(text).toBe("packed=1,2&deep[x]=1&json=%5B%22a%22%5D");
  });

  test("that is multipart has a part for each member, files as files", async () => {
    const file = new File(["bytes"], "a.txt", { type: "text/plain" });
    const body = { name: "n", tags: ["1", "2"], file, object: { x: 1 }, meta: { y: 2 }, none: undefined, nil: null };
    const [type, text] = await sent("multipart", body);
    expect(type).toMatch(/^multipart\/form-data; boundary=/);
    const form = await new Response(text, { headers: { "content-type": type ?? "" } }).formData();
    expect([...form.keys()]).toEqual(["name", "tags", "tags", "file", "object", "meta"]);
    expect(form.getAll("tags")).toEqual(["1", "2"]);
    expect(form.get("object")).toBe('{"x":1}');
    expect(form.get("file")).toMatchObject({ name: "a.txt", type: "text/plain", size: 5 });
    expect(form.get("meta")).toMatchObject({ type: "application/json", size: '{"y":2}'.length });
  });

  test("that is multipart may be a FormData of the caller's own", async () => {
    const form = new FormData();
    form.append("mine", "1");
    expect((await sent("multipart", form))[1]).toContain('name="mine"');
  });

  test("of text is sent as it is", async () => {
    expect(await sent("text", 'a "b"\n')).toEqual(["text/plain", 'a "b"\n']);
  });

  test("of XML is the caller's text", async () => {
    expect(await sent("xml", "<a/>")).toEqual(["application/xml", "<a/>"]);
  });

  test("of bytes is sent as it is", async () => {
    expect(await sent("bytes", new TextEncoder().encode("raw"))).toEqual(["application/octet-stream", "raw"]);
    expect(await sent("image", new Blob(["png"]))).toEqual(["image/png", "png"]);
  });

  test("that several operations share is sent like one of their own", async () => {
    expect(await sent("shared", "hello")).toEqual(["text/plain", "hello"]);
  });

  test("that is left out has no media type either", async () => {
    expect(await sent("text", undefined)).toEqual([undefined, ""]);
    expect(await sent("form", undefined)).toEqual([undefined, ""]);
  });

  test.each([
    ["an object", { "content-type": "text/x-mine", "X-More": "1" }],
    ["Headers", new Headers({ "content-type": "text/x-mine", "X-More": "1" })],
    [
      "pairs",
      [
        ["Content-Type", "text/x-mine"],
        ["X-More", "1"],
      ],
    ],
  ])("has the media type of the caller's own headers, given as %s", async (_, headers) => {
    const { arrived } = await call(client, "text", { body: "x", headers });
    expect(arrived.headers).toMatchObject({ "content-type": "text/x-mine", "x-more": "1" });
  });

  test("leaves a header that the caller takes away from the client taken away", async () => {
    const engine = {
      createClient: (options: object) => client.createClient({ ...options, headers: { "X-Key": "k" } }),
    };
    const withKey: GeneratedClient = Object.assign({ ...client }, engine);
    expect((await call(withKey, "text", { body: "x" })).arrived.headers).toMatchObject({ "x-key": "k" });
    const { arrived } = await call(withKey, "text", { body: "x", headers: { "X-Key": null } });
    expect(arrived.headers).not.toHaveProperty("x-key");
  });
});

describe("an answer", () => {
  test("of text is text, and not taken for JSON", async () => {
    const { result } = await call(client, "giveText", {}, { status: 200, type: "text/plain", body: "12" });
    expect(result).toMatchObject({ data: "12" });
  });

  test("of bytes is a Blob", async () => {
    const bytes = Buffer.from([0, 255, 10]);
    const { result } = await call(
      client,
      "giveBytes",
      {},
      { status: 200, type: "application/octet-stream", body: bytes },
    );
    expect(Buffer.from(await (result.data as Blob).arrayBuffer())).toEqual(bytes);
  });

  test("of a kind of JSON is parsed", async () => {
    const answer = { status: 200, type: "application/hal+json", body: '{"a":1}' };
    expect((await call(client, "giveProblemJson", {}, answer)).result.data).toEqual({ a: 1 });
    expect((await call(client, "giveEither", {}, answer)).result.data).toEqual({ a: 1 });
  });

  test("that the spec has only under `default` is read like that", async () => {
    const { result } = await call(client, "giveByDefault", {}, { status: 200, type: "text/plain", body: "{" });
    expect(result.data).toBe("{");
  });

  test("that several operations share is read like one of their own", async () => {
    const { result } = await call(client, "giveShared", {}, { status: 200, type: "text/plain", body: "{" });
    expect(result.data).toBe("{");
  });

  test("that is no success comes as `error`, parsed where it is JSON", async () => {
    const answer = { status: 404, type: "application/problem+json", body: '{"title":"No"}' };
    const { result } = await call(client, "giveBytes", {}, answer);
    expect(result).toMatchObject({ error: { title: "No" }, response: { status: 404 } });
  });

  test("is read as the caller says, if the caller does", async () => {
    const { result } = await call(
      client,
      "giveText",
      { parseAs: "json" },
      { status: 200, type: "text/plain", body: "12" },
    );
    expect(result.data).toBe(12);
  });
});
