// What a caller of the package sees, told in words. Runs on every runtime: nothing in here is of Node alone.
import {
  type ClientOptions,
  createKaitenClient,
  type Fetch,
  KaitenConnectionError,
  KaitenError,
  KaitenProblemError,
  KaitenTimeoutError,
} from "kaiten-service-accounts";

/** Base URLs, one for each way in which a server behaves. */
export interface Servers {
  /** As openapi.yaml says. */
  api: string;
  /** Never answers. */
  silent: string;
  /** Answers one request, carries out the next and breaks its connection, refuses all that follow. */
  breaking: string;
  /** Nothing listens there. */
  closed: string;
}

const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };

/** How long an attempt may take where it is to end, and how much later a busy machine may notice, in ms. */
const TIMEOUT = 500;
const LATE = 5_000;

const SCENES = {
  revoke: async ({ api }) => {
    const { outcome, attempts } = await tokensOf(api).revoke(REF);
    return attempts === 1 ? outcome : `${outcome} at attempt ${attempts}`;
  },

  problem: ({ api }) => {
    const asking: Fetch = (url, init) => {
      const headers = new Headers(init.headers);
      headers.set("prefer", "code=404");
      return fetch(url, { ...init, headers });
    };
    const call = tokensOf(api, { fetch: asking }).revoke(REF);
    return rejection(call, KaitenProblemError, ({ status, outcome }) => `${status}, ${outcome}`);
  },

  timeout: async ({ silent }) => {
    const started = Date.now();
    const call = tokensOf(silent, { timeout: TIMEOUT }).revoke(REF);
    const seen = await rejection(call, KaitenTimeoutError, ({ outcome }) => outcome);
    return `${seen}, ${Date.now() - started < TIMEOUT + LATE ? "in time" : "late"}`;
  },

  "unsafe slug": async ({ api }) => {
    let sent = 0;
    const counting: Fetch = (url, init) => {
      sent++;
      return fetch(url, init);
    };
    const call = tokensOf(api, { fetch: counting }).revoke({ ...REF, tokenSlug: ".." });
    return rejection(call, TypeError, () => `TypeError, ${sent || "nothing"} sent`);
  },

  "lost answer": async ({ breaking }) => {
    const tokens = tokensOf(breaking);
    await tokens.revoke(REF);
    return rejection(tokens.revoke(REF), KaitenError, ({ outcome }) => outcome);
  },

  "connection refused": ({ closed }) =>
    rejection(tokensOf(closed).revoke(REF), KaitenConnectionError, ({ outcome }) => outcome),
} satisfies Record<string, (servers: Servers) => Promise<string>>;

export type Scene = keyof typeof SCENES;

/** Plays every scene, one after the other. */
export async function play(servers: Servers): Promise<Record<Scene, string>> {
  const seen: [string, string][] = [];
  for (const [scene, run] of Object.entries(SCENES)) seen.push([scene, await run(servers).catch(String)]);
  return Object.fromEntries(seen) as Record<Scene, string>;
}

function tokensOf(baseUrl: string, options: Partial<ClientOptions> = {}) {
  return createKaitenClient({ baseUrl, token: "a-users-jwt", retries: 0, ...options }).serviceAccounts.tokens;
}

/** What a call rejects with, in words; or what it does instead. */
async function rejection<Kind extends Error>(
  call: Promise<unknown>,
  kind: new (...parameters: never[]) => Kind,
  words: (error: Kind) => string,
): Promise<string> {
  const seen = await call.then(
    (result) => `resolved with ${JSON.stringify(result)}`,
    (error: unknown) => error,
  );
  return seen instanceof kind ? words(seen) : String(seen);
}
