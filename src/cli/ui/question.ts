// Asks the person at the terminal. Keys typed before a question was drawn never answer it.
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Interrupted } from "../exit.js";
import type { Io } from "../io.js";

/** Whether there is somebody to ask. */
export const canAsk = ({ stdin, stderr }: Io): boolean => stdin.isTTY === true && stderr.isTTY === true;

/** @throws {Interrupted} for Ctrl-C, Ctrl-D, a lost terminal, and when the signal aborts. */
export async function ask({ stdin, stderr }: Io, question: string, signal?: AbortSignal, isHidden = false) {
  if (signal?.aborted) throw new Interrupted();
  // Raw mode first: only then does the terminal give out a line that has no end yet.
  stdin.setRawMode?.(true);
  // What is pending is read at the next turn of the event loop; a turn that reads nothing says that there is no more.
  let pending = 1;
  let isLeft = false;
  const count = (keys: unknown) => {
    pending++;
    isLeft ||= String(keys).includes("\u0003");
  };
  stdin.on("data", count);
  while (pending > 0) {
    pending = 0;
    await nextTurn();
    await nextTurn();
  }
  stdin.off("data", count).pause();
  const output = isHidden ? new PassThrough().resume() : stderr;
  const prompt = createInterface({ input: stdin, output, terminal: true, prompt: question, historySize: 0 });
  if (isHidden) stderr.write(question);
  prompt.prompt();
  const close = () => prompt.close();
  signal?.addEventListener("abort", close);
  const lines: string[] = [];
  let answer: string | undefined;
  let leave = () => {};
  try {
    answer = await new Promise<string>((resolve, reject) => {
      leave = () => reject(new Interrupted());
      prompt.once("line", resolve).once("close", leave);
      prompt.on("line", (line) => lines.push(line));
      // Ctrl-C or a signal, while what was pending was read.
      if (isLeft || signal?.aborted) close();
    });
    // All that was pasted is the answer: no line of it passes for the whole.
    return [...lines, prompt.line].join("\n");
  } finally {
    signal?.removeEventListener("abort", close);
    // Its own listeners stay: they let go of standard input.
    prompt.off("close", leave).close();
    // An answer that was typed in the open has its line end.
    if (isHidden || answer === undefined) stderr.write("\n");
  }
}
