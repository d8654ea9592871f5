// Where the calls of a run wait for their turn. The pace decides when an attempt may start; this starts it.
import { pause } from "./deadline.js";
import type { Pace } from "./pace.js";
import { type Gate, retryDelay } from "./perform.js";

interface Waiter {
  isHeld(): boolean;
  resolve(open: boolean): void;
}

export interface Queue {
  /** For one call. It must be closed when the call has ended. */
  open(): Gate & { close(): void };
  /** Whether the run may take another reference. */
  readonly ready: boolean;
  /** How many calls are held: out of retries, they wait for the run's next definite answer to make one more attempt. */
  readonly held: number;
  /** No further call will be opened. */
  finish(): void;
  /** No further attempt starts: every call settles with what is known. */
  halt(): void;
}

export interface QueueOptions {
  retries: number;
  /** In ms. */
  maxRetryAfter: number;
  /** Called when the run may take another reference. */
  onReady: () => void;
}

export function createQueue(pace: Pace, { retries, maxRetryAfter, onReady }: QueueOptions): Queue {
  const waiting = new Set<Waiter>();
  const halted = new AbortController();
  let open = 0;
  let finished = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const held = () => [...waiting].filter((waiter) => waiter.isHeld()).length;

  function dismiss(): void {
    for (const waiter of waiting) waiter.resolve(false);
    waiting.clear();
  }

  /** Starts as many attempts as the pace allows. */
  function admit(): void {
    clearTimeout(timer);
    // When only held calls are left, no attempt is under way that could bring the definite answer they wait for.
    const isStuck = finished && open > 0 && held() === open;
    if (halted.signal.aborted || (isStuck && pace.definite === 0)) {
      dismiss();
      return;
    }
    if (isStuck) pace.declareOutage();
    // Nobody would ever start a waiting call: its own error, or that of another, ends the run.
    if (pace.stopped) dismiss();
    for (const waiter of waiting) {
      if (pace.wait() > 0) break;
      if (waiter.isHeld()) continue;
      waiting.delete(waiter);
      waiter.resolve(true);
    }
    const ms = pace.wait();
    if (ms > 0 && ms < Number.POSITIVE_INFINITY) {
      timer = setTimeout(() => {
        admit();
        onReady();
      }, ms);
    }
  }

  return {
    open() {
      open++;
      let startedAt = 0;
      let definiteBefore = 0;
      let retried = 0;
      let heldAt: number | undefined;
      const isHeld = () => heldAt === pace.definite && !pace.outage;
      const start = () => {
        startedAt = pace.start();
        definiteBefore = pace.definite;
        return true;
      };
      return {
        enter() {
          if (halted.signal.aborted || pace.stopped) return false;
          if (!isHeld() && pace.wait() === 0) return start();
          return new Promise((resolve) => {
            const waiter: Waiter = {
              isHeld,
              resolve(isOpen) {
                clearTimeout(limit);
                resolve(isOpen && start());
              },
            };
            // A source that gives nothing for now, or waits for this very result, would hold it for ever.
            const giveUp = () => isHeld() && waiting.delete(waiter) && waiter.resolve(false);
            const limit = isHeld() ? setTimeout(giveUp, maxRetryAfter) : undefined;
            waiting.add(waiter);
            admit();
            // Another call may take the place of one that is held, also while nobody asks for results.
            if (isHeld()) onReady();
          });
        },
        mayStart: () => !halted.signal.aborted,
        leave(result, next) {
          pace.end(startedAt, result);
          const delay = () => {
            if (pace.stopped || (result.kind === "failure" && result.why === "argument")) return undefined;
            // Then the result was no definite answer: the call waits for one.
            if (pace.outage) return 0;
            if (next !== "backoff") return undefined;
            if (result.status === 429) return 0;
            if (retried < retries) return retryDelay(result, retried++, maxRetryAfter);
            // Others were answered meanwhile: it is this token that fails.
            if (heldAt !== undefined || pace.definite > definiteBefore) return undefined;
            heldAt = pace.definite;
            return 0;
          };
          const ms = delay();
          admit();
          // While this call waits for its next attempt, another one may take its place.
          if (ms !== undefined) onReady();
          return ms;
        },
        pause: (ms) => pause(ms, halted.signal),
        close() {
          open--;
          admit();
        },
      };
    },
    get ready() {
      return halted.signal.aborted || pace.wait() === 0;
    },
    get held() {
      return held();
    },
    finish() {
      if (finished) return;
      finished = true;
      admit();
    },
    halt() {
      halted.abort();
      admit();
    },
  };
}
