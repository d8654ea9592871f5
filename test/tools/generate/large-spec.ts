// A spec of the size of the big public ones: a thousand operations on 250 resources that refer to each other.
const schema = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (of: object) => ({ content: { "application/json": { schema: of } } });
const inPath = (name: string) => ({ name, in: "path", required: true, schema: { type: "string" } });
const PROBLEM = { description: "No", content: { "application/problem+json": { schema: schema("Problem") } } };

function resource(index: number): object {
  const children = { type: "array", items: schema(`Resource${index}`) };
  const settings = { type: "object", properties: { cpu: { type: "number" }, memory: { type: ["integer", "null"] } } };
  const source = { oneOf: [schema("Base"), { type: "string", enum: [`source-${index}`] }] };
  const properties = { parent: schema(`Resource${(index * 7) % 250}`), children, settings, source };
  return { description: `The resource "${index}".`, allOf: [schema("Base"), { type: "object", properties }] };
}

function paths(index: number): object {
  const one = schema(`Resource${index}`);
  const operation = (verb: string, more: object) => ({ operationId: `resources-${index}/${verb}`, ...more });
  const requestBody = { required: true, ...json(one) };
  const tags = { name: "tags", in: "query", schema: { type: "array", items: { type: "string" } } };
  const all = { description: "All", ...json({ type: "array", items: one }) };
  return {
    [`/tenants/{tenant}/resources-${index}`]: {
      parameters: [inPath("tenant")],
      get: operation("list", { parameters: [tags], responses: { "200": all, "4XX": PROBLEM } }),
      post: operation("create", { requestBody, responses: { "201": { description: "Made" }, "422": PROBLEM } }),
    },
    [`/tenants/{tenant}/resources-${index}/{id}`]: {
      parameters: [inPath("tenant"), inPath("id")],
      put: operation("replace", {
        requestBody,
        responses: { "200": { description: "One", ...json(one) }, default: PROBLEM },
      }),
      delete: operation("delete", { responses: { "204": { description: "Gone" }, "404": PROBLEM } }),
    },
  };
}

export function largeSpec(): object {
  const indexes = Array.from({ length: 250 }, (_, index) => index);
  const base = { type: "object", required: ["name"], properties: { name: { type: "string" } } };
  const problem = { type: "object", properties: { title: { type: "string" } }, additionalProperties: true };
  const resources = Object.fromEntries(indexes.map((index) => [`Resource${index}`, resource(index)]));
  return {
    openapi: "3.1.0",
    info: { title: "Large", version: "1" },
    paths: Object.assign({}, ...indexes.map(paths)),
    components: { schemas: { Base: base, Problem: problem, ...resources } },
  };
}
