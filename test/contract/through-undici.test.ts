// The whole contract once more, through undici in place of the platform's fetch.
/// <reference types="vite/types/importMeta.d.ts" />
import { afterAll } from "vitest";
import { undiciFetch } from "../../src/undici.js";

const undici = undiciFetch();
const platform = globalThis.fetch;
globalThis.fetch = ((input, init) => undici(String(input), { method: "GET", ...init })) as typeof fetch;

// Importing a test file is what makes its tests part of this one. Some test the mocks, or the tests.
const files = import.meta.glob<unknown>(["./*.test.ts", "!./{fake,through-undici}.test.ts"]);
for (const load of Object.values(files)) await load();

afterAll(async () => {
  globalThis.fetch = platform;
  await undici.close();
});
