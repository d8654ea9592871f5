// Ctrl-C, SIGTERM and SIGHUP behave alike: the first stops the run in order, the second quits.
import { EXIT } from "./exit-code.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * @param onStop called at the first signal, after the returned signal has aborted.
 * @param onQuit called before the program exits.
 */
export function stopOnSignals(onStop = () => {}, onQuit = () => {}): AbortSignal {
  const stop = new AbortController();
  const handle = () => {
    if (stop.signal.aborted) {
      onQuit();
      process.exit(EXIT.interrupted);
    }
    stop.abort();
    onStop();
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return stop.signal;
}
