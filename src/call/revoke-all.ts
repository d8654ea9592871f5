// Revokes many tokens: a result each, as they settle, whatever becomes of the others.
import { pMapIterable } from "p-map";
import { type CallSettings, checkRef } from "../check.js";
import { KaitenError, KaitenProblemError, KaitenResponseError } from "../errors/errors.js";
import type { TokenRef, Transport } from "./attempt.js";
import { revoke } from "./revoke.js";
import type { Outcome } from "./verdict.js";

/** References to tokens, from anywhere: they are taken one by one, no faster than they are revoked. */
export type TokenRefs = Iterable<TokenRef> | AsyncIterable<TokenRef>;

/** What became of one reference. */
export interface TokenResult {
  /** The reference, as it was given. */
  ref: TokenRef;
  /** What is known of the token. */
  outcome: Outcome;
  /** How many attempts were made: 0 for a bad reference, and after the credential was refused. */
  attempts: number;
  /**
   * Why the token is not known to be dead; missing where it is. A `TypeError` for a bad reference. For one that was not
   * attempted, since the credential was refused before, the `cause` is that refusal.
   */
  error?: KaitenError | TypeError;
}

/** After so many refusals of the credential's scope in a row, no other token will fare better. */
const FORBIDDEN_IN_A_ROW = 20;

/**
 * Yields a result per reference as it settles. Ends early, with a result for each of the rest that none of them was
 * attempted, when the credential is refused. Whoever stops listening, by `break` or by the signal, waits for what is in
 * flight: a request that was sent is never left without an outcome.
 *
 * @throws the signal's reason, after the results of what was in flight; and what the source throws.
 */
export async function* revokeAll(
  transport: Transport,
  refs: TokenRefs,
  { concurrency, signal, ...settings }: CallSettings & { concurrency: number },
): AsyncGenerator<TokenResult, void, undefined> {
  const inFlight = new Set<Promise<TokenResult>>();
  // Without the signal: what is in flight comes to an end of its own.
  const each: CallSettings = { ...settings, signal: undefined };
  let refusal: KaitenError | undefined;
  let forbidden = 0;

  async function settle(ref: TokenRef): Promise<TokenResult> {
    let checked: TokenRef;
    try {
      checked = checkRef(ref);
    } catch (cause) {
      const error = cause instanceof TypeError ? cause : new TypeError("The reference cannot be read.", { cause });
      return { ref, outcome: "not-revoked", attempts: 0, error };
    }
    if (refusal) return { ref, outcome: "not-revoked", attempts: 0, error: notAttempted(refusal) };
    try {
      const { outcome, attempts } = await revoke(transport, checked, each);
      forbidden = 0;
      return { ref, outcome, attempts };
    } catch (thrown) {
      const error = thrown as KaitenError;
      const status = error instanceof KaitenProblemError || error instanceof KaitenResponseError ? error.status : 0;
      forbidden = status === 403 ? forbidden + 1 : 0;
      if (status === 401 || forbidden >= FORBIDDEN_IN_A_ROW) refusal ??= error;
      return { ref, outcome: error.outcome, attempts: error.attempts, error };
    }
  }

  signal?.throwIfAborted();
  const source = shuttable(refs);
  let cut = false;
  const abort = () => {
    cut = source.shut();
  };
  signal?.addEventListener("abort", abort);
  try {
    yield* pMapIterable(
      source,
      (ref) => {
        const result = settle(ref).finally(() => inFlight.delete(result));
        inFlight.add(result);
        return result;
      },
      { concurrency, preserveOrder: false },
    );
  } finally {
    signal?.removeEventListener("abort", abort);
    await Promise.all(inFlight);
  }
  if (source.failure) throw source.failure.error;
  if (cut) throw signal?.reason;
}

/** What the rest of a run come back with, once the credential was refused. */
function notAttempted(refusal: KaitenError): KaitenError {
  return new KaitenError(
    "Not attempted, since the credential was refused before. The token was not revoked: if it was active, it still is. " +
      "Mend the credential and run it again.",
    { outcome: "not-revoked", attempts: 0, request: refusal.request, cause: refusal },
  );
}

type Next = IteratorResult<TokenRef, undefined>;

interface Source extends AsyncIterableIterator<TokenRef> {
  /** @returns whether there may have been more. */
  shut(): boolean;
  /** What it threw, which is for the end of the run: what was taken of it before has results to come. */
  failure: { error: unknown } | undefined;
}

/** A source that can be shut: then it is closed and has ended, also for those who wait for it. */
function shuttable(refs: TokenRefs): Source {
  const iterator = Symbol.asyncIterator in refs ? refs[Symbol.asyncIterator]() : refs[Symbol.iterator]();
  const end: Next = { done: true, value: undefined };
  const waiting = new Set<(next: Next) => void>();
  let over = false;
  // Nobody waits for it to close: a source that is blocked would block the caller.
  const close = () => {
    (async () => iterator.return?.())().catch(() => {});
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    failure: undefined,
    next() {
      return new Promise<Next>((resolve) => {
        if (over) return resolve(end);
        waiting.add(resolve);
        const take = async (): Promise<Next> => {
          const next = await iterator.next();
          if (next.done) {
            over = true;
            return end;
          }
          try {
            // An iterable may give promises. p-map would wait for them too, and give up what is in flight when one fails.
            return { done: false, value: await next.value };
          } catch (error) {
            close();
            throw error;
          }
        };
        take()
          .catch((error: unknown) => {
            over = true;
            this.failure ??= { error };
            return end;
          })
          .finally(() => waiting.delete(resolve))
          .then(resolve);
      });
    },
    async return() {
      this.shut();
      return end;
    },
    shut() {
      // It may have ended while it still owes what it was asked for before.
      const more = !over || waiting.size > 0;
      if (!over) close();
      over = true;
      for (const resolve of waiting) resolve(end);
      waiting.clear();
      return more;
    },
  };
}
