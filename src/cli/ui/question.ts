// Asks the person at the terminal. Keys typed before a question was drawn never answer it.
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { EXIT } from "../exit-code.js";

const { stdin, stderr } = process;

/** Whether there is somebody to ask. */
export const canAsk = (): boolean => stdin.isTTY === true && stderr.isTTY === true;

/** Ctrl-C, Ctrl-D and a lost terminal end the program: so far, nothing was sent. */
export async function ask(question: string, { hidden = false } = {}): Promise<string> {
  // Raw mode first: only then does the terminal give out a line that has no end yet.
  stdin.setRawMode(true);
  await discardPending();
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = hidden ? nowhere : stderr;
  const prompt = createInterface({ input: stdin, output, terminal: true, prompt: question, historySize: 0 });
  if (hidden) stderr.write(question);
  prompt.prompt();
  return new Promise((resolve) => {
    prompt.once("line", (answer) => {
      if (hidden) stderr.write("\n");
      prompt.removeAllListeners("close").close();
      resolve(answer);
    });
    prompt.once("close", () => {
      stderr.write("\nNothing was sent.\n");
      process.exit(EXIT.interrupted);
    });
  });
}

/** What is pending is read at the next turn of the event loop; a turn that reads nothing says that there is no more. */
async function discardPending(): Promise<void> {
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
