// Time in these tests: a limit ends when a server or a provider says so, and pauses are short. So the speed of the
// machine changes nothing.
import { fileURLToPath } from "node:url";

/** The time limit of an attempt, in ms. It never ends by itself: {@link expire} ends it. */
export const LIMIT = 86_400_000;

/** That of a read of the record, whatever the caller's. */
const READ_LIMIT = 5_000;

const isLimit = (ms: number) => ms === LIMIT || ms === READ_LIMIT;

/** Pauses between attempts are so many times shorter. */
const SPEED = 100;

/** The platform's fetch and undici have timers of their own: those are left alone. */
const OURS = fileURLToPath(new URL("../../src/", import.meta.url));

/** The timers that the library has set, and neither cleared nor seen fire. */
const running = new Map<unknown, { run: () => void; ms: number }>();

export const timersLeft = (): number => running.size;

/** Ends the time limit of every attempt and read that is under way. */
export function expire(): void {
  for (const [timer, { run, ms }] of running) {
    if (!isLimit(ms)) continue;
    clearTimeout(timer as NodeJS.Timeout);
    run();
  }
}

/** Takes over the timers of the library: for `beforeAll`. @returns what gives them back. */
export function controlTimers(): () => void {
  const { setTimeout, clearTimeout } = globalThis;

  globalThis.setTimeout = ((run: () => void, ms = 0, ...rest: []) => {
    const caller = new Error().stack?.split("\n")[2];
    if (!caller?.includes(OURS)) return setTimeout(run, ms, ...rest);
    const end = () => {
      running.delete(timer);
      run();
    };
    const timer = setTimeout(end, isLimit(ms) ? LIMIT : ms / SPEED);
    running.set(timer, { run, ms });
    return timer;
  }) as typeof globalThis.setTimeout;

  globalThis.clearTimeout = (timer) => {
    running.delete(timer);
    clearTimeout(timer);
  };

  return () => void Object.assign(globalThis, { setTimeout, clearTimeout });
}
