// A spec of the size of the big public ones: it must generate, and what it gives must compile under `strict`.
import { expect, test } from "vitest";
import { largeSpec } from "./large-spec.js";
import { compile } from "./test-compiler.js";
import { generate, put, temporaryFolder } from "./test-kit.js";

const USE = `
import { createClient, resources7Create, resources7List, resources249Delete } from "./generated/client.js";
const client = createClient({ baseUrl: "https://api.example.com" });
const path = { tenant: "t" };
const { data } = await resources7List(client, { params: { path, query: { tags: ["a"], filter: { q: "b" } } } });
export const cpu: number | undefined = data?.[0]?.parent?.children?.[0]?.settings?.limits?.cpu;
export const pair: [number, string] | undefined = data?.[0]?.settings?.pair;
await resources7Create(client, { params: { path }, body: { name: "n", source: { type: "git", repository: "r" } } });
// @ts-expect-error the body lacks its name
await resources7Create(client, { params: { path }, body: {} });
// @ts-expect-error the path lacks its id
await resources249Delete(client, { params: { path } });
`;

test("a spec of a thousand operations generates, and compiles under strict", { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  put(folder, { "openapi.yaml": largeSpec() });
  expect(await generate(folder)).toMatchObject({ code: 0, stderr: "" });
  expect(compile(folder, { "use.ts": USE })).toEqual([]);
});
