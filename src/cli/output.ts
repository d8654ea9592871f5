// Standard output and standard error: results on the one, all else on the other, and neither can stop the work.
import { once } from "node:events";
import type { WriteStream } from "node:tty";
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

export interface Output {
  readonly isTerminal: boolean;
  readonly columns: number;
  /** Why text was lost; undefined when none was, or when its reader has gone, such as `head`. */
  readonly fault: string | undefined;
  /** Resolves when there is room for more. */
  write(text: string): Promise<void>;
  line(text: string): Promise<void>;
  /** The text in a colour, where this output has colours. */
  paint(style: Style, text: string): string;
}

/** FORCE_COLOR, then NO_COLOR (no-color.org), then whether it is a terminal that has colours. */
function hasColors(isTerminal: boolean): boolean {
  const { FORCE_COLOR, NO_COLOR, TERM } = process.env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return !NO_COLOR && TERM !== "dumb" && isTerminal;
}

export function createOutput(stream: WriteStream): Output {
  const isTerminal = stream.isTTY === true;
  const colors = hasColors(isTerminal);
  let closed = false;
  let fault: string | undefined;
  // A reader that has gone, or a full disk, is no reason to leave tokens alive.
  stream.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    closed = true;
    if (code !== "EPIPE") fault = message;
  });
  const write = async (text: string) => {
    if (closed || stream.write(text)) return;
    await once(stream, "drain").catch(() => {});
  };
  return {
    isTerminal,
    get columns() {
      return stream.columns || 80;
    },
    get fault() {
      return fault;
    },
    write,
    line: (text) => write(`${text}\n`),
    paint: (style, text) => (colors ? styleText(style, text, { validateStream: false }) : text),
  };
}
