// Ctrl-C, SIGTERM and SIGHUP behave alike: the first stops the run in order, the second ends the program at once.
import type { Io } from "./io.js";

export interface Stop {
  readonly signal: AbortSignal;
  /** As the first signal does, but says nothing. */
  end(): void;
  /** What the first one does besides, and what is told before the program ends at the second. */
  onStop: () => void;
  onQuit: () => readonly string[];
}

export function stopOnSignals(io: Io): Stop {
  const controller = new AbortController();
  const stop: Stop = {
    signal: controller.signal,
    end: () => controller.abort(),
    onStop: () => {},
    onQuit: () => ["Nothing was sent."],
  };
  io.onSignal(() => {
    if (stop.signal.aborted) return io.quit(stop.onQuit());
    controller.abort();
    stop.onStop();
  });
  return stop;
}
