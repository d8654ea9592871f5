// What happens when `verify` is typed: asks whether a secret is still accepted, once or for a while. Nothing is revoked.
import { setTimeout as pause } from "node:timers/promises";
import type { Verification } from "../index.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import { type Access, type Flags, openAccess } from "./settings.js";
import { stopOnSignals } from "./signals.js";
import { json, plural, printable } from "./text.js";
import { createOutput } from "./ui/output.js";
import { createProgress, type Progress, spinner } from "./ui/progress.js";

const INTERVAL_MS = 5_000;
/** --for decides by all answers of this last stretch of time, and needs at least this many. */
const WINDOW_MS = 60_000;
const MIN_ANSWERS = 10;

const CODES = { inactive: EXIT.ok, active: EXIT.notFound, unknown: EXIT.unreachable } as const;

/** @throws {UsageError} when nothing was sent. */
export async function verify(flags: Flags): Promise<ExitCode> {
  const stdout = createOutput(process.stdout);
  const stderr = createOutput(process.stderr);
  const access = await openAccess(flags);
  const { baseUrl, credential } = access;
  stderr.line(`Checking the secret from ${credential.source} at ${baseUrl}`);

  const stopped = stopOnSignals();
  const progress = createProgress(stderr, spinner("asking"));
  const answers = await collect(access, flags.for ?? 0, stopped, progress);
  progress.end();

  const last = answers.at(-1);
  if (!last) return EXIT.interrupted;
  const validity = flags.for === undefined ? last.validity : decide(answers);
  const lastAccepted = answers.findLast((answer) => answer.validity === "active")?.at;
  const { time, ...answer } = last;
  stdout.line(
    flags.json
      ? json({ ...answer, validity, baseUrl, checks: answers.length, lastAccepted: lastAccepted ?? null })
      : `${validity}\t${baseUrl}`,
  );
  stderr.line(printable(last.reason));
  stderr.line(`${plural(answers.length, "answer")} until ${last.at}. Last accepted: ${lastAccepted ?? "never"}.`);
  if (validity === "inactive" && flags.for === undefined) {
    stderr.line("Other servers may accept it for up to 5 minutes: --for 5m keeps asking.");
  }
  return stopped.aborted ? EXIT.interrupted : CODES[validity];
}

type Answer = Verification & { time: number };

async function collect(
  { newClient }: Access,
  forMs: number,
  stopped: AbortSignal,
  progress: Progress,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const client = newClient();
  const end = performance.now() + forMs;
  try {
    for (let time = 0; time < end; ) {
      if (time > 0) await pause(INTERVAL_MS, undefined, { signal: stopped });
      const answer = await client.verify(undefined, { signal: stopped });
      time = performance.now();
      answers.push({ ...answer, time });
      progress.notice = `${plural(answers.length, "answer")}, now ${answer.validity}`;
    }
  } catch (error) {
    if (!stopped.aborted) throw error;
  }
  return answers;
}

function decide(answers: readonly Answer[]): Verification["validity"] {
  const end = answers.at(-1)?.time ?? 0;
  const recent = answers.filter(({ time }) => time > end - WINDOW_MS);
  if (recent.some(({ validity }) => validity === "active")) return "active";
  const isProof = recent.length >= MIN_ANSWERS && recent.every(({ validity }) => validity === "inactive");
  return isProof ? "inactive" : "unknown";
}
