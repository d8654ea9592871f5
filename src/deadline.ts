// Time: a task that must end, and a pause that can be cut short. Neither leaves a timer or a listener behind.

/** Why a task was ended: it outlasted its time. */
export class Expired extends Error {
  constructor(timeout: number) {
    super(`nothing came within ${timeout} ms`);
  }
}

/**
 * Runs a task, and ends it after `timeout` ms or when `outer` aborts, whether or not the task heeds its signal.
 *
 * @throws `outer`'s reason, {@link Expired}, or whatever the task throws.
 */
export async function withDeadline<T>(
  timeout: number,
  outer: AbortSignal | undefined,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer?.throwIfAborted();
  const controller = new AbortController();
  const { signal } = controller;
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  const abort = () => controller.abort(outer?.reason);
  const timer = setTimeout(() => controller.abort(new Expired(timeout)), timeout);
  outer?.addEventListener("abort", abort);
  try {
    return await Promise.race([task(signal), ended]);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener("abort", abort);
  }
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
