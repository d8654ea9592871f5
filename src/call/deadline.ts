// Time: a task that must end, and a pause that can be cut short. Neither leaves a timer or a listener behind.

/** Why a task was ended: it outlasted its time. */
export class Expired extends Error {
  constructor(timeout: number) {
    super(`nothing came within ${timeout} ms`);
  }
}

/**
 * Runs a task, and ends it after `timeout` ms or when `outer` aborts, whether or not the task heeds its signal. A task
 * that leaves something open behind its result can `stop` it.
 *
 * One promise and no listener on its own signal: with `Promise.race` and one, every call paid for it with a fifth of its
 * time, most of it in the garbage collector (`node --cpu-prof`, Node 20).
 *
 * @throws `outer`'s reason, {@link Expired}, or whatever the task throws.
 */
export function withDeadline<T>(
  timeout: number,
  outer: AbortSignal | undefined,
  task: (signal: AbortSignal, stop: () => void) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    outer?.throwIfAborted();
    const controller = new AbortController();
    const settle = () => {
      clearTimeout(timer);
      outer?.removeEventListener("abort", abort);
    };
    const end = (reason: unknown) => {
      settle();
      controller.abort(reason);
      reject(reason);
    };
    const abort = () => end(outer?.reason);
    const timer = setTimeout(() => end(new Expired(timeout)), timeout);
    outer?.addEventListener("abort", abort);
    const stop = () => controller.abort();
    task(controller.signal, stop).finally(settle).then(resolve, reject);
  });
}

/** Waits for `ms`, or throws `signal`'s reason as soon as it aborts. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
