// What a caller of the package sees, in words. It runs on every runtime, so it uses nothing that only Node has.
import { type ClientOptions, createKaitenClient, KaitenError } from "kaiten-service-accounts";

/**
 * Base URLs, by how the server behaves: `api` as openapi.yaml says, `closed` is not there. `refusing` offers HTTP/2: it
 * carries a request out, refuses its stream as if it had not, and answers 401 when the request comes again.
 */
export type Servers = Record<"api" | "silent" | "breaking" | "refusing" | "closed", string>;

/** What was seen, by scene. */
export type Seen = Record<string, string>;

const SCENES: Record<string, (servers: Servers) => Promise<string>> = {
  revoke: ({ api }) => revoke(api),

  // Prism answers with the problem that the request prefers.
  problem: ({ api }) =>
    revoke(api, {
      fetch: (url, init) => fetch(url, { ...init, headers: [...new Headers(init.headers), ["prefer", "code=404"]] }),
    }),

  timeout: async ({ silent }) => {
    const start = Date.now();
    const seen = await revoke(silent, { timeout: 500 });
    // A busy machine may notice the end late.
    return `${seen}, ${Date.now() - start < 5_500 ? "in time" : "late"}`;
  },

  // Had it been sent, the error would be another one.
  "unsafe slug": ({ api }) => revoke(api, { fetch: () => Promise.reject(new Error("sent")) }, ".."),

  "lost answer": async ({ breaking }) => {
    await revoke(breaking);
    return revoke(breaking);
  },

  "refused stream": ({ refusing }) => revoke(refusing),

  "connection refused": ({ closed }) => revoke(closed),
};

/** Plays every scene, one after the other. */
export async function play(servers: Servers): Promise<Seen> {
  const seen: Seen = {};
  for (const [scene, run] of Object.entries(SCENES)) seen[scene] = await run(servers);
  return seen;
}

/** Makes one attempt to revoke a token. @returns what the caller sees. */
async function revoke(
  baseUrl: string,
  options: Partial<ClientOptions> = {},
  tokenSlug = "deploy-key",
): Promise<string> {
  const kaiten = createKaitenClient({ baseUrl, token: "a-users-jwt", retries: 0, ...options });
  return kaiten.serviceAccounts.tokens.revoke({ serviceAccountSlug: "ci-bot", tokenSlug }).then(
    ({ outcome, attempts }) => `${outcome}, ${attempts} attempt`,
    (error: Error) => (error instanceof KaitenError ? `${error.name}, ${error.outcome}` : error.name),
  );
}
