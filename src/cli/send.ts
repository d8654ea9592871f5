// Sends what was confirmed: prints and records results, and stops when it should.
import { writeSync } from "node:fs";
import type { AttemptEvent, PaceEvent, TokenRef, TokenResult } from "../index.js";
import { canExist } from "../slug.js";
import { codeOfError, EXIT, type ExitCode } from "./exit-code.js";
import { finish, type Session } from "./finish.js";
import { resultLine } from "./journal.js";
import { attemptLine, createSummary, fields } from "./report.js";
import { stopOnSignals } from "./signals.js";
import { json, plural, printable } from "./text.js";
import { bar, createProgress, type Progress, spinner } from "./ui/progress.js";

export async function send(session: Session): Promise<ExitCode> {
  const { flags, access, plan, known, journal, stdout, stderr } = session;
  const summary = createSummary();
  const codes = new Set<ExitCode>();
  let failure: Error | undefined;
  const { length } = plan.send;
  const picture = length === 1 ? spinner("revoking") : bar(summary.counts, length, stderr.paint);
  const progress = createProgress(stderr, picture);
  const tell = (text: string) => progress.above(() => stderr.line(printable(text)));

  const onStop = () => {
    progress.notice = "stopping";
    const inFlight = plural(access.inFlight(), "request");
    tell(`Stopping: waiting for ${inFlight} in flight. Press Ctrl-C again to quit now.`);
  };
  const stopped = stopOnSignals(onStop, () => quit(session, progress));
  const halt = new AbortController();
  const canary = createCanary(() => {
    tell(`Stopping: the first ${CANARY_RESULTS} tokens were all absent.`);
    halt.abort();
  });
  const signal = AbortSignal.any([stopped, halt.signal]);
  const onAttempt = (event: AttemptEvent) => {
    if (length === 1 && event.delay !== undefined) progress.notice = `${event.status ?? event.error}, trying again`;
    if (flags.verbose) tell(attemptLine(event));
  };
  const beforeRequest = async (url: string) => {
    try {
      await journal?.sending(refOf(url));
    } catch (error) {
      halt.abort();
      throw error;
    }
  };
  const client = access.newClient(onAttempt, beforeRequest);
  const options = { concurrency: flags.concurrency, signal, onPace: paceNotices(progress, tell) };
  try {
    for await (const result of client.serviceAccounts.tokens.revokeAll(plan.send, options)) {
      if (journal?.refused(result.ref)) continue;
      const line = resultLine(result);
      journal?.result(line);
      const isSuccess = !result.error || (flags.ignoreAbsent === true && isPlainlyAbsent(result));
      const others = known?.get(result.ref)?.others ?? "active";
      summary.add(result, isSuccess, result.outcome === "absent" && others === "revoked" ? REVOKED_BY_OTHERS : "");
      if (!isSuccess) codes.add(codeOfError(result.error));
      if (!flags.ignoreAbsent && others === "active") canary(result);
      const print = () => stdout.line(flags.json ? json(line) : fields(line.outcome, line));
      if (stdout.isTerminal) progress.above(print);
      else print();
    }
  } catch (error) {
    if (!signal.aborted) failure = error as Error;
  }
  // Where the journal is at fault, this fails for the same reason.
  await journal?.close().catch((error) => {
    failure = error;
  });
  progress.end();
  if (failure) {
    stderr.line(printable(failure.message));
    codes.add(EXIT.other);
  }
  return finish(session, summary, codes, stopped);
}

/** The token of a request: `…/service-accounts/{serviceAccountSlug}/tokens/{tokenSlug}`. */
function refOf(url: string): TokenRef {
  const [serviceAccountSlug = "", , tokenSlug = ""] = url.split("/").slice(-3).map(decodeURIComponent);
  return { serviceAccountSlug, tokenSlug };
}

const REVOKED_BY_OTHERS =
  " An earlier run with another credential revoked a token of this name: if that credential is of the same organization, it is this token.";

/** A slug that the API cannot have created is misspelt, whatever --ignore-absent says. */
function isPlainlyAbsent({ outcome, ref }: TokenResult): boolean {
  return outcome === "absent" && canExist(ref.serviceAccountSlug) && canExist(ref.tokenSlug);
}

/** This many absent tokens, and nothing else, at the beginning of a run mean a wrong list. */
const CANARY_RESULTS = 20;

function createCanary(onWrongList: () => void): (result: TokenResult) => void {
  let absent = 0;
  return ({ ref, outcome }) => {
    if (ref.maybeRevoked) return;
    absent = outcome === "absent" ? absent + 1 : Number.NEGATIVE_INFINITY;
    if (absent === CANARY_RESULTS) onWrongList();
  };
}

/** Shorter pauses are reported once: with a rate limit there is one every second. */
const LONG_PAUSE_MS = 5_000;

function paceNotices(progress: Progress, tell: (text: string) => void): (event: PaceEvent) => void {
  let wasTold = false;
  let isOutage = false;
  return (event) => {
    const wait = event.state === "paused" ? `${Math.ceil(event.ms / 1000)} s` : "";
    progress.notice = { paused: `rate limit, ${wait}`, outage: "no usable answers", running: "" }[event.state];
    if (event.state === "paused" && (!wasTold || event.ms >= LONG_PAUSE_MS)) {
      tell(`The server limits the rate: requests go on in ${wait}.`);
      wasTold = true;
    }
    if (event.state === "outage") {
      tell("The last 8 attempts got no usable answer. One request at a time is sent until the API answers again.");
    }
    if (event.state === "running" && isOutage) tell("The API answers again.");
    isOutage = event.state === "outage";
  };
}

/** After the second signal. Written at once: what is buffered may never be. */
function quit({ access, file, stdout }: Session, progress: Progress): void {
  progress.end();
  const lines = [
    `Quit with ${plural(access.inFlight(), "request")} in flight: their tokens may be revoked or not.`,
    file === undefined
      ? "There is no journal: revoke only these and unknown ones again with --maybe-revoked."
      : `The journal ${file} has them: run the same command again to continue.`,
    ...(stdout.undelivered > 0 ? [`${plural(stdout.undelivered, "result")} not delivered to standard output.`] : []),
  ];
  try {
    writeSync(2, lines.map((line) => `${printable(line)}\n`).join(""));
  } catch {
    // Standard error is full or gone. The journal has everything.
  }
}
