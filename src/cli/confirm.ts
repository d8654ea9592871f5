// Asks before what cannot be undone.
import { EXIT, type ExitCode } from "./exit-code.js";

/** @returns undefined for yes, else how to end. */
export async function confirm(question: string): Promise<ExitCode | undefined> {
  // Loaded here: who asks nothing does not pay for it.
  const clack = await import("@clack/prompts");
  const answer = await clack.confirm({ message: question, initialValue: false, output: process.stderr });
  if (clack.isCancel(answer)) return EXIT.interrupted;
  return answer ? undefined : EXIT.other;
}
