// Where the references of a run come from: any iterable, asked for one at a time, that can be closed at any time.
import { isA } from "../is-a.js";
import type { TokenRef, TokenRefs } from "../types.js";

/** A reference, wrapped: to await one that has a faulty `then` would throw. */
export type Taken = { ref: TokenRef } | undefined;

export interface Source {
  /** The next reference; undefined when there is none. Not to be called while an earlier one is awaited. */
  take(): Taken | Promise<Taken>;
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

  function fail(error: unknown): undefined {
    if (!ended) failure = { error };
    ended = true;
  }

  /** A sync iterable may give promises of references. */
  function read({ done, value }: IteratorResult<TokenRef>): Taken | Promise<Taken> {
    if (done) ended = true;
    else return !isAsync && isA<Promise<TokenRef>>(value, Promise) ? awaitRef(value) : { ref: value };
  }

  async function awaitRef(promise: Promise<TokenRef>): Promise<Taken> {
    try {
      return { ref: await promise };
    } catch (error) {
      release();
      return fail(error);
    }
  }

  async function awaitStep(step: PromiseLike<IteratorResult<TokenRef>>): Promise<Taken> {
    try {
      return read(await step);
    } catch (error) {
      return fail(error);
    }
  }

  return {
    take() {
      try {
        const step = iterator.next();
        return isAsync ? awaitStep(step as Promise<IteratorResult<TokenRef>>) : read(step as IteratorResult<TokenRef>);
      } catch (error) {
        return fail(error);
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
