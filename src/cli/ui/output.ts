// Standard output and standard error. Nothing waits for a slow reader: text is buffered, and what was not accepted is counted.
import type { Io, Sink } from "../io.js";
import { printable, wrap } from "../text.js";

export type Output = ReturnType<typeof createOutput>;

/** ECMA-48 §8.3.117. */
const COLOURS = { green: 32, cyan: 36, yellow: 33, red: 31 } as const;
export type Colour = keyof typeof COLOURS;

export function createOutput(stream: Sink, { env }: Pick<Io, "env">) {
  let undelivered = 0;
  const isTerminal = stream.isTTY === true;
  /** A dumb terminal shows escape sequences as they are. */
  const isSmart = isTerminal && env.TERM !== "dumb";
  const hasColours = env.FORCE_COLOR ? env.FORCE_COLOR !== "0" : isSmart && !env.NO_COLOR;
  const columns = () => stream.columns || 80;
  const paint = (colour: Colour, text: string) => (hasColours ? `\u001b[${COLOURS[colour]}m${text}\u001b[39m` : text);
  function line(text: string): void {
    undelivered++;
    stream.write(`${text}\n`, (error) => {
      if (!error) undelivered--;
    });
  }
  return {
    isTerminal,
    isSmart,
    columns,
    paint,
    /** How many lines the reader has not accepted: still buffered, or lost. */
    undelivered: () => undelivered,
    write: (text: string) => void stream.write(text),
    /** A line for another program: as it is. */
    line,
    /** Words for a person: nothing in them can move the cursor, and a terminal breaks them between words. */
    tell(text: string, colour?: Colour): void {
      const safe = printable(text);
      const lines = isTerminal ? wrap(safe, columns()) : safe;
      line(colour ? paint(colour, lines) : lines);
    },
    /** Resolves when every line was accepted or lost, or the signal aborts. */
    flushed: (signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        signal?.addEventListener("abort", () => resolve());
        // Callbacks come in order, also after an error.
        stream.write("", () => resolve());
      }),
  };
}
