// A spec of the size of the big public ones.
const ref = (kind: string, name: string) => ({ $ref: `#/components/${kind}/${name}` });
const json = (schema: object) => ({ "application/json": { schema } });

/** Schemas that refer to each other in every way that a spec can: composed, nested, recursive, told apart by a member. */
function resourceSchemas(index: number): Record<string, object> {
  const name = `Resource${index}`;
  return {
    [name]: {
      description: `The resource number ${index}, "quoted" and \`marked\`.`,
      allOf: [
        ref("schemas", "Base"),
        {
          type: "object",
          required: ["kind", "state"],
          properties: {
            kind: { type: "string", enum: [`kind-${index}`, "other"] },
            state: ref("schemas", "State"),
            parent: ref("schemas", `Resource${(index * 7) % 250}`),
            children: { type: "array", items: ref("schemas", name) },
            labels: { type: "object", additionalProperties: { type: "string" } },
            settings: {
              type: "object",
              properties: {
                limits: {
                  type: "object",
                  properties: { cpu: { type: "number" }, memory: { type: ["integer", "null"] } },
                },
                pair: { type: "array", prefixItems: [{ type: "number" }, { type: "string" }] },
              },
            },
            source: { oneOf: [ref("schemas", "GitSource"), ref("schemas", "FileSource")] },
            extra: { anyOf: [{ type: "string" }, ref("schemas", "State"), { type: "null" }] },
          },
        },
      ],
    },
    [`${name}Input`]: {
      type: "object",
      required: ["name"],
      properties: {
        name: { type: "string" },
        size: { type: "integer", default: 1 },
        source: { oneOf: [ref("schemas", "GitSource"), ref("schemas", "FileSource")] },
        parent: ref("schemas", name),
      },
    },
  };
}

function resourcePaths(index: number): Record<string, object> {
  const name = `Resource${index}`;
  const body = { required: true, content: json(ref("schemas", `${name}Input`)) };
  const one = {
    "200": { description: "One", content: json(ref("schemas", name)) },
    default: ref("responses", "Problem"),
  };
  return {
    [`/tenants/{tenant}/resources-${index}`]: {
      parameters: [ref("parameters", "Tenant")],
      get: {
        operationId: `resources-${index}/list`,
        summary: `List the resources ${index}`,
        parameters: [
          ref("parameters", "Limit"),
          { name: "tags", in: "query", schema: { type: "array", items: { type: "string" } } },
        ],
        responses: {
          "200": { description: "All", content: json({ type: "array", items: ref("schemas", name) }) },
          "4XX": ref("responses", "Problem"),
        },
      },
      post: {
        operationId: `resources-${index}/create`,
        deprecated: index % 10 === 0,
        requestBody: body,
        responses: { "201": one["200"], "422": ref("responses", "Problem") },
      },
    },
    [`/tenants/{tenant}/resources-${index}/{id}`]: {
      parameters: [ref("parameters", "Tenant"), { name: "id", in: "path", required: true, schema: { type: "string" } }],
      put: {
        operationId: `resources-${index}/replace`,
        requestBody: body,
        responses: one,
      },
      delete: {
        operationId: `resources-${index}/delete`,
        responses: { "204": { description: "Gone" }, "404": ref("responses", "Problem") },
      },
    },
  };
}

/** A thousand operations on 250 resources. */
export function largeSpec(): object {
  const indexes = Array.from({ length: 250 }, (_, index) => index);
  const source = (kind: string, member: string) => ({
    type: "object",
    required: ["type", member],
    properties: { type: { const: kind }, [member]: { type: "string" } },
  });
  return {
    openapi: "3.1.0",
    info: { title: "Large", version: "1" },
    paths: Object.assign({}, ...indexes.map(resourcePaths)),
    components: {
      parameters: {
        Tenant: { name: "tenant", in: "path", required: true, schema: { type: "string" } },
        Limit: { name: "limit", in: "query", schema: { type: "integer" } },
      },
      responses: {
        Problem: { description: "No", content: { "application/problem+json": { schema: ref("schemas", "Problem") } } },
      },
      schemas: {
        Base: {
          type: "object",
          required: ["id"],
          properties: { id: { type: "string" }, createdAt: { type: "string", format: "date-time" } },
        },
        State: { type: "string", enum: ["on", "off", "it's"] },
        GitSource: source("git", "repository"),
        FileSource: source("file", "path"),
        Problem: { type: "object", properties: { title: { type: "string" } }, additionalProperties: true },
        ...Object.assign({}, ...indexes.map(resourceSchemas)),
      },
    },
  };
}
