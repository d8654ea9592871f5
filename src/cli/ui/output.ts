// Standard output and standard error. Nothing waits for a slow reader: text is buffered, and what was not accepted is counted.
import type { WriteStream } from "node:tty";
import { styleText } from "node:util";

export type Output = ReturnType<typeof createOutput>;
export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

export function createOutput(stream: WriteStream) {
  let undelivered = 0;
  const paint: Paint = (style, text) => styleText(style, text, { stream });
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns || 80;
    },
    /** How many lines the reader has not accepted: still buffered, or lost. */
    get undelivered() {
      return undelivered;
    },
    write: (text: string) => void stream.write(text),
    line(text: string): void {
      undelivered++;
      stream.write(`${text}\n`, (error) => {
        if (!error) undelivered--;
      });
    },
    /** Resolves when every line was accepted or lost, or the signal aborts. */
    flushed: (signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        signal?.addEventListener("abort", () => resolve());
        // Callbacks come in order, also after an error.
        stream.write("", () => resolve());
      }),
    /** The text in a colour, where this output has colours. */
    paint,
  };
}
