// Names and words of a spec can hold anything: what the generator makes of them compiles, and works.
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { call, load } from "./test-calls.js";
import { compile } from "./test-compiler.js";
import { contents, generated, spec } from "./test-kit.js";

const TIMEOUT = { timeout: 30_000 };
const operation = (operationId: string) => ({ operationId, responses: { "204": { description: "Done" } } });
const read = (folder: string) => contents(join(folder, "generated"))["client.ts"] ?? "";

describe("operationIds", () => {
  const IDS = [
    ["delete", "delete_"],
    ["client", "client_"],
    ["get-a b.c/d", "getABCD"],
    ["GET_ALL_USERS", "getAllUsers"],
    ["a#b", "aB"],
    ["50%", "_50"],
    ["rate%20x", "rate20x"],
    ["it's", "itS"],
    ['say"hi"', "sayHi"],
    ["back`tick", "backTick"],
    ["back\\slash", "backSlash"],
    ["a~1b", "a1b"],
    ["123", "_123"],
    ["grüße-日本", "grüße日本"],
    ["__proto__", "proto"],
    ["constructor", "constructor"],
    ["then", "then_"],
    ["line\u2028end", "lineEnd"],
    [`\${evil}`, "$Evil"],
    ["toFormData", "toFormData_"],
    ["Promise", "promise"],
    ["globalThis", "globalThis_"],
  ] as const;

  test.concurrent("may be names that the generated client uses itself", TIMEOUT, async () => {
    const query = { name: "q", in: "query", allowReserved: true, schema: { type: "string" } };
    const paths = Object.fromEntries(
      ["encodeURIComponent", "decodeURIComponent", "serializeQuery", "typed", "init"].map((id) => [
        `/${id}`,
        { get: { ...operation(id), parameters: [query] } },
      ]),
    );
    const folder = await generated(spec(paths));
    expect(compile(folder)).toEqual([]);
    const { arrived } = await call(await load(folder), "encodeURIComponent_", { params: { query: { q: "a/b c" } } });
    expect(arrived.url).toBe("/encodeURIComponent?q=a/b%20c");
  });

  test.concurrent("of odd characters and reserved words become functions that compile and work", TIMEOUT, async () => {
    const paths = Object.fromEntries(IDS.map(([id], index) => [`/${index}`, { get: operation(id) }]));
    const folder = await generated(spec(paths));
    const client = await load(folder);
    for (const [index, [, name]] of IDS.entries()) {
      expect(Object.hasOwn(client, name), name).toBe(true);
      expect((await call(client, name)).arrived.url).toBe(`/${index}`);
    }
    expect(compile(folder)).toEqual([]);
  });
});

describe("the spec's words", () => {
  const WORDS = [
    `Ends */ early, \`ticks\`, "quotes", \${braces} and a\u2028separator.`,
    "",
    "@deprecated is no tag here, and neither is",
    "  @internal",
    "",
    `- a list item that is ${"long ".repeat(30)}@end - and has a dash`,
    "",
    `| a table | ${"wide ".repeat(30)} |`,
    "",
    "```js",
    `const code = "${"long ".repeat(30)}";`,
    "```",
  ].join("\r\n");

  test.concurrent(
    "can neither end a comment nor become a tag, and are wrapped where that changes nothing",
    TIMEOUT,
    async () => {
      const parameter = {
        name: "q*/",
        in: "query",
        description: "The\nquery */",
        schema: { type: "string", description: WORDS },
      };
      const folder = await generated(
        spec({
          "/a*/b": { get: { ...operation("a"), description: WORDS, parameters: [parameter], deprecated: true } },
        }),
      );
      expect(compile(folder)).toEqual([]);
      const client = read(folder);
      expect(client).not.toMatch(/\r|\u2028/);
      expect(client).toMatch(/^ \* Ends \*\\\/ early, `ticks`, "quotes", \$\{braces\} and a\n \* separator\.$/m);
      expect(client).toMatch(/^ \* \\@deprecated is no tag here, and neither is\n \* {3}\\@internal$/m);
      expect(client).toMatch(/^ \* - a list item that is (long )*long\n \* {3}(long )+@end - and has a dash$/m);
      expect(client).toMatch(/^ \* \| a table \| (wide )+ \|$/m);
      expect(client).toMatch(/^ \* const code = "(long )+";$/m);
      expect(client).toMatch(/^ \* - `q\*\\\/` \(query\): The query \*\\\/$/m);
      expect(client.match(/^ \* @\w+$/gm)).toEqual([" * @deprecated"]);
    },
  );

  test.concurrent("are not needed", TIMEOUT, async () => {
    expect(read(await generated(spec({ "/a": { get: operation("a") } })))).toContain(
      "/** `GET /a` */\nexport function a(",
    );
  });
});

test.concurrent("names with a percent sign come out as they are", TIMEOUT, async () => {
  const nested = { type: "object", properties: { "b%": { type: "object", properties: { c: { type: "string" } } } } };
  const schema = { type: "object", properties: { "50%": nested }, required: ["50%"] };
  const ok = (ref: string) => ({
    "200": { description: "100%", content: { "application/json": { schema: { $ref: ref } } } },
  });
  const folder = await generated(
    spec(
      { "/a%20b/%zz": { get: { operationId: "a", responses: ok("#/components/schemas/P%25Q") } } },
      { components: { schemas: { "P%Q": schema } } },
    ),
  );
  const use =
    'import { a, createClient } from "./generated/client.js";\nconst { data } = await a(createClient({}));\nexport const c: string | undefined = data?.["50%"]["b%"]?.c;\n';
  expect(compile(folder, { "use.ts": use })).toEqual([]);
  expect((await call(await load(folder), "a")).arrived.url).toBe("/a%20b/%zz");
});
