// Where the references of a run come from: any iterable, that can be closed at any time.
import type { BulkRef, BulkRefs } from "../types.js";

/** A reference, wrapped: to await one that has a faulty `then` would throw. */
type Taken = { ref: BulkRef } | undefined;

export interface Source {
  /**
   * Not to be called once the source has ended.
   *
   * @returns the next reference; undefined when there is none, or the source was closed meanwhile.
   */
  take(): Taken | Promise<Taken>;
  close(): void;
  readonly ended: boolean;
  /** What it threw. The run throws it at its end, after the results of the references before it. */
  readonly failure: { error: unknown } | undefined;
}

export function openSource(refs: BulkRefs): Source {
  const iterator = Symbol.asyncIterator in refs ? refs[Symbol.asyncIterator]() : refs[Symbol.iterator]();
  const isAsync = Symbol.asyncIterator in refs;
  const waiting = new Set<(taken: Taken) => void>();
  let ended = false;
  let closed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failure: Source["failure"];

  function fail(error: unknown): Taken {
    // Of several calls of `next()` that are under way, a later one may have ended before.
    if (!closed) failure ??= { error };
    return finish();
  }

  function finish(): Taken {
    ended = true;
    return undefined;
  }

  /** Does not await `return()`: a source stuck in `next()` would hang us. */
  function release(): void {
    (async () => iterator.return?.())().catch(() => {});
  }

  function close(): void {
    closed = true;
    if (!ended) release();
    ended = true;
    if (waiting.size === 0) return;
    // A reference that the source gave just before is still taken: it arrives before this timer fires.
    timer = setTimeout(() => {
      for (const resolve of waiting) resolve(undefined);
      waiting.clear();
    });
  }

  async function read(step: Promise<IteratorResult<BulkRef>> | IteratorResult<BulkRef>): Promise<Taken> {
    const { done, value } = await step;
    if (done) return finish();
    try {
      // A sync iterable may give promises.
      return { ref: isAsync ? value : await value };
    } catch (error) {
      release();
      return fail(error);
    }
  }

  return {
    take() {
      try {
        const step = iterator.next();
        if (!isAsync) {
          const { done, value } = step as IteratorResult<BulkRef>;
          if (done) return finish();
          if (!isPromise(value)) return { ref: value };
        }
        return new Promise<Taken>((resolve) => {
          waiting.add(resolve);
          read(step)
            .catch(fail)
            .then((taken) => {
              waiting.delete(resolve);
              if (waiting.size === 0) clearTimeout(timer);
              resolve(taken);
            });
        });
      } catch (error) {
        return fail(error);
      }
    },
    close,
    get ended() {
      return ended;
    },
    get failure() {
      return failure;
    },
  };
}

/** Any access to a revoked Proxy throws: it is a reference, though a faulty one. */
function isPromise(value: unknown): boolean {
  try {
    return value instanceof Promise;
  } catch {
    return false;
  }
}
