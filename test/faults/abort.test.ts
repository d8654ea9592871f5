// An abort at any moment ends the call at once, with what is known of the token, and leaves nothing behind.
import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  type ClientOptions,
  createKaitenClient,
  KaitenAbortError,
  type KaitenError,
  type Outcome,
} from "../../src/index.js";
import { undiciFetch } from "../../src/undici.js";
import { playScript, type Step } from "./server.js";
import { drip, inTurn, problem, send, stall } from "./steps.js";

const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
const TOKEN = "ksh_0123456789";
const REASON = { why: "the caller has had enough" };
/** Nothing here ends by itself: a call that an abort does not end never ends. In ms. */
const NEVER = 2 ** 31 - 1;

const hang = () => new Promise<never>(() => {});

/** Something that happens once: `await` it, or tell of it. */
function moment() {
  let reached = () => {};
  const isReached = new Promise<void>((resolve) => {
    reached = resolve;
  });
  return { reached, isReached };
}

const ignoringSignal: ClientOptions["fetch"] = (url, init) => fetch(url, { ...init, signal: null });

const half = "HTTP/1.1 403 No\r\nContent-Length: 9999\r\n\r\nhalf";

interface Moment {
  name: string;
  /** What the server does, where a request arrives. */
  step?: (reached: () => void) => Step;
  options?: (reached: () => void) => Partial<ClientOptions>;
  outcome: Outcome;
  /** How many requests the server has seen by then. */
  requests: number;
  /** The fetch ignores the signal, so its connection stays open. */
  keepsConnection?: true;
}

/** Tells when the headers have arrived. */
const whenAnswered =
  (reached: () => void, send: NonNullable<ClientOptions["fetch"]>): ClientOptions["fetch"] =>
  async (url, init) => {
    const response = await send(url, init);
    reached();
    return response;
  };

const tell =
  (reached: () => void): Step =>
  () =>
    reached();

const MOMENTS: Moment[] = [
  {
    name: "while it waits for the token",
    options: (reached) => ({
      token: () => {
        reached();
        return hang();
      },
    }),
    outcome: "not-revoked",
    requests: 0,
  },
  { name: "in flight", step: (reached) => inTurn(tell(reached), stall()), outcome: "unknown", requests: 1 },
  {
    name: "in the headers",
    step: (reached) => inTurn(send("HTTP/1.1 204 No Content\r\n"), tell(reached), drip("X: x\r\n".repeat(9_999), 1)),
    outcome: "unknown",
    requests: 1,
  },
  {
    name: "in the body",
    step: () => stall(half),
    options: (reached) => ({ fetch: whenAnswered(reached, fetch) }),
    outcome: "unknown",
    requests: 1,
  },
  {
    name: "in backoff after a refusal",
    step: () => problem(429, {}, { "Retry-After": "30" }),
    options: (reached) => ({ retries: 1, onAttempt: reached }),
    outcome: "not-revoked",
    requests: 1,
  },
  {
    name: "in backoff after an answer that proves nothing",
    step: () => problem(503, {}, { "Retry-After": "30" }),
    options: (reached) => ({ retries: 1, onAttempt: reached }),
    outcome: "unknown",
    requests: 1,
  },
  {
    name: "while it waits for another token",
    step: () => problem(401),
    options: (reached) => ({
      token({ rejected }) {
        if (!rejected) return TOKEN;
        reached();
        return hang();
      },
    }),
    outcome: "not-revoked",
    requests: 1,
  },
  {
    name: "in flight, with a fetch that does not heed it",
    step: (reached) => inTurn(tell(reached), stall()),
    options: () => ({ fetch: ignoringSignal }),
    outcome: "unknown",
    requests: 1,
    keepsConnection: true,
  },
  {
    name: "in the body, with a fetch that does not heed it",
    step: () => stall(half),
    options: (reached) => ({ fetch: whenAnswered(reached, ignoringSignal) }),
    outcome: "unknown",
    requests: 1,
  },
];

async function abortAt({ step = () => stall(), options = () => ({}) }: Moment, more: Partial<ClientOptions> = {}) {
  const { reached, isReached } = moment();
  const server = await playScript([step(reached)]);
  const { tokens } = createKaitenClient({
    ...{ baseUrl: server.url, token: TOKEN, timeout: NEVER, retries: 0, ...more },
    ...options(reached),
  }).serviceAccounts;
  const controller = new AbortController();
  const call = tokens.revoke(REF, { signal: controller.signal }).catch((thrown: KaitenError) => thrown);
  await isReached;
  controller.abort(REASON);
  return { server, error: (await call) as KaitenError, signal: controller.signal };
}

describe.each(MOMENTS)("an abort $name", (row) => {
  test("ends the call at once, with the signal's reason and the outcome, and leaves nothing behind", async () => {
    const { server: opened, error, signal } = await abortAt(row);
    await using server = opened;
    expect(error).toBeInstanceOf(KaitenAbortError);
    expect(error).toMatchObject({ name: "KaitenAbortError", outcome: row.outcome, attempts: 1, ref: REF });
    expect(error.cause).toBe(REASON);
    expect(error.message).toContain("The call was aborted");
    expect(server.requests).toHaveLength(row.requests);
    expect(getEventListeners(signal, "abort")).toEqual([]);
    if (!row.keepsConnection) await server.idle();
  });
});

test("an abort in flight over undici frees the connection, too", async () => {
  const fetch = undiciFetch();
  const [, inFlight] = MOMENTS;
  const { server: opened, error } = await abortAt(inFlight as Moment, { fetch });
  await using server = opened;
  expect(error).toMatchObject({ name: "KaitenAbortError", outcome: "unknown", attempts: 1 });
  expect(error.cause).toBe(REASON);
  await server.idle();
  await fetch.close();
});
