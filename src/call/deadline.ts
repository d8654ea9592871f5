// Time: a task with a limit, and a pause that can be cut short. Neither leaves a timer or a listener behind.
import { DeadlineError } from "../answer/result.js";

const heard = new WeakMap<AbortSignal, { callbacks: Set<() => void>; listen: () => void }>();

/**
 * Calls back when the signal aborts. A signal has one listener of ours, however many calls share it: Node warns on
 * standard error at the eleventh.
 *
 * @returns what ends that.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let entry = heard.get(signal);
  if (!entry) {
    const callbacks = new Set<() => void>();
    const listen = () => {
      for (const each of [...callbacks]) each();
    };
    entry = { callbacks, listen };
    heard.set(signal, entry);
    signal.addEventListener("abort", listen);
  }
  const { callbacks, listen } = entry;
  callbacks.add(callback);
  return () => {
    if (!callbacks.delete(callback) || callbacks.size > 0) return;
    signal.removeEventListener("abort", listen);
    heard.delete(signal);
  };
}

/**
 * Runs a task, and ends it after `timeout` ms or when `outer` aborts, whether or not the task heeds that.
 *
 * @param task gets a controller of its own, which it may also abort itself, and go on.
 * @throws `outer`'s reason, a {@link DeadlineError}, or what the task throws.
 */
export function withDeadline<T>(
  timeout: number,
  outer: AbortSignal | undefined,
  task: (controller: AbortController) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    outer?.throwIfAborted();
    const controller = new AbortController();
    const settle = () => {
      clearTimeout(timer);
      forget?.();
    };
    const end = (reason: unknown) => {
      settle();
      reject(reason);
      controller.abort(reason);
    };
    const timer = setTimeout(() => end(new DeadlineError()), timeout);
    const forget = outer && onAbort(outer, () => end(outer.reason));
    task(controller).finally(settle).then(resolve, reject);
  });
}

/** Resolves after `ms`, or as soon as the signal aborts. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      forget?.();
      resolve();
    };
    const timer = setTimeout(end, ms);
    const forget = signal && onAbort(signal, end);
    if (signal?.aborted) end();
  });
}
