// How the URL of a request is written: as openapi-fetch writes it.
import { defaultPathSerializer } from "openapi-fetch";
import { expect, test } from "vitest";
import { createTransport } from "../../src/call/attempt.js";
import { answer, BASE } from "./fake-api.js";

const TEMPLATE = "/service-accounts/{serviceAccountSlug}/tokens/{tokenSlug}";

test.each<[string, Record<string, unknown>]>([
  ["text", { serviceAccountSlug: "ci-bot", tokenSlug: "deploy key" }],
  ["text that looks like a template", { serviceAccountSlug: "{tokenSlug}", tokenSlug: "$&" }],
  ["a number, as an operation may have one", { serviceAccountSlug: "ci-bot", tokenSlug: 7 }],
  ["a list, as an operation may have one", { serviceAccountSlug: ["a", "b"], tokenSlug: "c" }],
])("path parameters: %s", async (_, params) => {
  const urls: string[] = [];
  const fetch = async ({ url }: Request) => {
    urls.push(url);
    return answer(204);
  };
  const { client } = createTransport(BASE, { fetch: fetch as never, headers: {}, trace: false });
  // The second one reads the template that the first one has split.
  for (let call = 0; call < 2; call++) await client.DELETE(TEMPLATE, { params: { path: params as never }, fetch });
  expect(urls).toEqual(Array(2).fill(BASE + defaultPathSerializer(TEMPLATE, params)));
});
