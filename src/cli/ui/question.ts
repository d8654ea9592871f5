// Asks the person at the terminal. Keys typed before a question was drawn never answer it.
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Interrupted } from "../errors.js";
import type { Io } from "../io.js";

/** Whether there is somebody to ask. */
export const canAsk = ({ stdin, stderr }: Io): boolean => stdin.isTTY === true && stderr.isTTY === true;

/** @throws {Interrupted} for Ctrl-C, Ctrl-D, a lost terminal, and when the signal aborts. */
export async function ask(
  { stdin, stderr }: Io,
  question: string,
  { hidden = false, signal }: { hidden?: boolean; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  if (signal?.aborted) throw new Interrupted();
  // Raw mode first: only then does the terminal give out a line that has no end yet.
  stdin.setRawMode?.(true);
  await discardPending(stdin);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = hidden ? nowhere : stderr;
  const prompt = createInterface({ input: stdin, output, terminal: true, prompt: question, historySize: 0 });
  if (hidden) stderr.write(question);
  prompt.prompt();
  const close = () => prompt.close();
  signal?.addEventListener("abort", close);
  try {
    return await new Promise<string>((resolve, reject) => {
      prompt.once("line", resolve);
      prompt.once("close", () => reject(new Interrupted()));
    });
  } finally {
    signal?.removeEventListener("abort", close);
    prompt.removeAllListeners("close").close();
    // A line that was typed in the open has its end already.
    if (hidden || signal?.aborted) stderr.write("\n");
  }
}

/** What is pending is read at the next turn of the event loop; a turn that reads nothing says that there is no more. */
async function discardPending(stdin: Io["stdin"]): Promise<void> {
  let pending = true;
  const discard = () => {
    pending = true;
  };
  stdin.on("data", discard);
  while (pending) {
    pending = false;
    await nextTurn();
    await nextTurn();
  }
  stdin.off("data", discard).pause();
}
