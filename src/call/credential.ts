// The bearer credential: a token, or a provider that returns one.
import type { Secrets } from "../answer/redact.js";
import { CredentialError } from "../answer/result.js";
import { tokenFault } from "../secret.js";
import type { TokenProvider, TokenRequest } from "../types.js";

/** The credential within one call. */
export interface CallCredential {
  /** What must be redacted: every token that this call was given, and what the client knows besides. */
  readonly secrets: Secrets;
  /** The token that the last attempt was sent with. */
  readonly current: string | undefined;
  getToken(signal: AbortSignal): string | Promise<string>;
  /** @returns whether another token takes the place of the one that was refused. */
  refresh(signal: AbortSignal): Promise<boolean>;
}

/** A token, and how many refreshes had ended when it was requested. */
interface IssuedToken {
  token: string;
  generation: number;
}

/** One token, for as long as it takes. @param secrets what must be redacted besides. */
export function fixedCredential(token: string, secrets: Secrets): CallCredential {
  return {
    secrets: { ...secrets, credentials: [token, ...secrets.credentials] },
    current: token,
    getToken: () => token,
    refresh: async () => false,
  };
}

/**
 * @param values of headers that must be redacted, too.
 * @returns a function that opens the credential for one call.
 */
export function createCredential(token: string | TokenProvider, values: readonly string[]): () => CallCredential {
  if (typeof token === "string") {
    const fixed = fixedCredential(token, { credentials: [], values });
    return () => fixed;
  }
  let generation = 0;
  let latest: { rejected: string; generation: number; join: Shared<string> } | undefined;

  /** A token issued before the last refresh ended reuses that refresh. */
  function replace({ token: rejected, generation: issuedIn }: IssuedToken, signal: AbortSignal): Promise<string> {
    if (latest?.rejected !== rejected || issuedIn > latest.generation || latest.join.abandoned()) {
      const join = share(async (shared) => {
        try {
          return await provide(token as TokenProvider, { rejected, signal: shared });
        } finally {
          generation++;
        }
      });
      latest = { rejected, generation, join };
    }
    return latest.join(signal);
  }

  return () => {
    const credentials: string[] = [];
    let issued: IssuedToken | undefined;
    let replacement: string | undefined;
    return {
      secrets: { credentials, values },
      get current() {
        return replacement ?? issued?.token;
      },
      async getToken(signal) {
        if (replacement !== undefined) return replacement;
        const requestedIn = generation;
        const provided = await provide(token, { signal });
        // Too late for its attempt: it is not sent, and the next one has its own.
        signal.throwIfAborted();
        issued = { token: provided, generation: requestedIn };
        credentials.push(provided);
        return provided;
      },
      async refresh(signal) {
        if (!issued || replacement !== undefined) return false;
        const fresh = await replace(issued, signal);
        if (fresh === issued.token) return false;
        replacement = fresh;
        credentials.push(fresh);
        return true;
      },
    };
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
  if (fault) throw new CredentialError(`The token from the token provider ${fault}`);
  return token as string;
}

type Shared<T> = { (signal: AbortSignal): Promise<T>; abandoned(): boolean };

/** One run of a task for many callers. It is aborted when the last of them has left. */
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
