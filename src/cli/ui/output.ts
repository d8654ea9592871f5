// Standard output and standard error. Nothing waits for a slow reader: text is buffered, and what was not accepted is counted.
import type { Io } from "../io.js";
import { printable, wrap } from "../text.js";

export type Output = ReturnType<typeof createOutput>;
/** What a command reads from and writes to. */
export type Outputs = { io: Io } & Record<"stdout" | "stderr", Output>;

/** The line at the bottom of the terminal, which others are printed above. */
export interface Bottom {
  line?: { erase(): void; draw(): void } | undefined;
}

/** @param bottom shared by all that write to the terminal. */
export function createOutput(stream: Io["stdout"], { env }: Pick<Io, "env">, bottom: Bottom = {}) {
  let undelivered = 0;
  const isTerminal = stream.isTTY === true;
  /** Whether it obeys escape sequences: a dumb terminal shows them. */
  const isSmart = isTerminal && env.TERM !== "dumb";
  const columns = () => stream.columns || 80;
  /** Writes a line as it is. */
  function line(text: string): void {
    undelivered++;
    if (isTerminal) bottom.line?.erase();
    stream.write(`${text}\n`, (error) => {
      if (!error) undelivered--;
    });
    if (isTerminal) bottom.line?.draw();
  }
  /** Writes lines for a person: nothing in them can move the cursor, and a terminal breaks them between words. */
  function tell(...lines: readonly string[]): void {
    for (const text of lines.map(printable)) line(isTerminal ? wrap(text, columns()) : text);
  }
  /** Resolves when every line was accepted or lost, or the signal aborts. Callbacks come in order, also after an error. */
  const flushed = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve());
      stream.write("", () => resolve());
    });
  const write = (text: string) => void (isSmart && stream.write(text));
  return { columns, write, line, tell, flushed, bottom, undelivered: () => undelivered };
}
