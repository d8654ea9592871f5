// Where the references of a run come from: any iterable, asked for one at a time, that can be closed at any time.
import { isA } from "../is-a.js";
import type { TokenRef, TokenRefs } from "../types.js";

/** A reference, wrapped: to await one that has a faulty `then` would throw. */
type Taken = { ref: TokenRef } | undefined;

export interface Source {
  /** The next reference; undefined when there is none. Not to be called while an earlier one is under way. */
  take(): Promise<Taken>;
  close(): void;
  readonly ended: boolean;
  /** What it threw. The run throws it at its end, after the results of the references before it. */
  readonly failure: { error: unknown } | undefined;
}

export function openSource(refs: TokenRefs): Source {
  const isAsync = Symbol.asyncIterator in refs;
  const iterator = isAsync ? refs[Symbol.asyncIterator]() : refs[Symbol.iterator]();
  let ended = false;
  let failure: Source["failure"];

  /** Does not await `return()`: a source stuck in `next()` would hang us. */
  function release(): void {
    (async () => iterator.return?.())().catch(() => {});
  }

  return {
    async take() {
      let given = false;
      try {
        const { done, value } = await iterator.next();
        if (done) {
          ended = true;
          return undefined;
        }
        given = true;
        // A sync iterable may give promises.
        const isPromise = !isAsync && isA<Promise<TokenRef>>(value, Promise);
        return { ref: isPromise ? await value : value };
      } catch (error) {
        if (!ended) failure = { error };
        ended = true;
        if (given) release();
        return undefined;
      }
    },
    close() {
      if (!ended) release();
      ended = true;
    },
    get ended() {
      return ended;
    },
    get failure() {
      return failure;
    },
  };
}
