// What a runtime is asked for, so that it sends a request once. `npm run test:runtimes` sees that they heed it.
import { afterEach, expect, test, vi } from "vitest";
import { createKaitenClient } from "../../src/index.js";

afterEach(() => vi.unstubAllGlobals());

/** What `fetch` is given with each of two requests of one client. */
async function givenTwice(): Promise<RequestInit[]> {
  const given: RequestInit[] = [];
  const fetch = async (_: string, init: RequestInit) => {
    given.push(init);
    return new Response(null, { status: 204 });
  };
  const { tokens } = createKaitenClient({ baseUrl: "https://kaiten.example.com", token: "jwt", fetch }).serviceAccounts;
  for (const tokenSlug of ["a", "b"]) await tokens.revoke({ serviceAccountSlug: "ci-bot", tokenSlug });
  return given;
}

test("Bun is asked for a connection of its own, in a word that says nothing to others", async () => {
  for (const init of await givenTwice()) {
    expect(init.keepalive).toBe(false);
    expect(init).not.toHaveProperty("client");
  }
});

test("Deno is given a client that keeps no connection, the same for every request", async () => {
  const client = {};
  const createHttpClient = vi.fn(() => client);
  vi.stubGlobal("Deno", { createHttpClient });
  for (const init of await givenTwice()) expect(init).toHaveProperty("client", client);
  expect(createHttpClient.mock.calls).toEqual([[{ poolMaxIdlePerHost: 0 }]]);
});

test("a Deno that cannot make one goes without", async () => {
  vi.stubGlobal("Deno", {});
  for (const init of await givenTwice()) expect(init).not.toHaveProperty("client");
});
