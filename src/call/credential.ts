// The bearer credential: a token, or a provider that is asked for one.

/** What a provider is asked with. */
export interface TokenRequest {
  /** The token that the API has just refused with 401: give another one, if there is one. */
  rejected?: string;
  /** Aborts when nobody waits for the answer any more. */
  signal: AbortSignal;
}

/**
 * Gives the bearer token: a user's JWT or an access token (`ksh_…`), without the word `Bearer`. Asked before every
 * attempt, so keep what is slow to get; asked once more, with `rejected`, when the API refuses a token with 401: what it
 * gives then is used for the rest of the call.
 */
export type TokenProvider = (request: TokenRequest) => string | Promise<string>;

/** A token, and how many refreshes had ended when it was asked for: what a refusal of it needs to know. */
export interface Lease {
  token: string;
  refreshes: number;
}

export interface Credential {
  /** The token to send with the next attempt. */
  ask(signal: AbortSignal): Promise<Lease>;
  /** What to send instead of a refused token; missing where there is no provider to ask. */
  replace?(refused: Lease, signal: AbortSignal): Promise<Lease>;
}

/** The provider gave what cannot be sent, or threw. */
export class CredentialError extends Error {}

/** RFC 6750 §2.1: `b64token`. Anything else could not be sent as a header as it is, or not at all. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** @returns what is wrong with a token, in words that do not show it; undefined if nothing is. */
export function tokenFault(token: unknown): string | undefined {
  if (typeof token !== "string") return `is ${token === null ? "null" : `of type ${typeof token}`}, not a string`;
  if (token === "") return "is empty";
  if (/^bearer\s/i.test(token)) return "begins with the word Bearer: give the token alone";
  if (token.trim() !== token) return "has white space around it: trim it";
  return B64TOKEN.test(token) ? undefined : "has characters that no bearer token has (RFC 6750 §2.1)";
}

export function createCredential(token: string | TokenProvider): Credential {
  if (typeof token === "string") {
    const lease = { token, refreshes: 0 };
    return { ask: async () => lease };
  }
  let refreshes = 0;
  let latest: { rejected: string; began: number; join: Shared<string> } | undefined;

  return {
    ask: async (signal) => ({ refreshes, token: await provide(token, { signal }) }),
    async replace({ token: rejected, refreshes: asked }, signal) {
      // Refusals are concurrent when their tokens were asked for before the refresh had ended.
      if (latest?.rejected !== rejected || asked > latest.began || latest.join.abandoned()) {
        const join = share((shared) => provide(token, { rejected, signal: shared }).finally(() => refreshes++));
        latest = { rejected, began: refreshes, join };
      }
      return { token: await latest.join(signal), refreshes };
    },
  };
}

async function provide(provider: TokenProvider, request: TokenRequest): Promise<string> {
  let token: unknown;
  try {
    token = await provider(request);
  } catch (cause) {
    throw new CredentialError("The token provider failed", { cause });
  }
  const fault = tokenFault(token);
  if (fault) throw new CredentialError(`What the token provider gave ${fault}`);
  return token as string;
}

type Shared<T> = { (signal: AbortSignal): Promise<T>; abandoned(): boolean };

/** One run of a task for many: it is aborted when the last of those who wait for it has gone. */
function share<T>(task: (signal: AbortSignal) => Promise<T>): Shared<T> {
  const controller = new AbortController();
  const result = task(controller.signal);
  let waiting = 0;
  const join = async (signal: AbortSignal) => {
    const leave = () => --waiting || controller.abort(signal.reason);
    waiting++;
    signal.addEventListener("abort", leave);
    try {
      return await result;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  };
  return Object.assign(join, { abandoned: () => controller.signal.aborted });
}
