// Revokes many tokens: one result per reference as it settles, whatever becomes of the others.
//
// One scheduler, `tick`. A reference that was taken is a job, and a job is in exactly one place: `ahead` (one, not yet
// tried), `waiting` for its next attempt, under way, or settled, which happens once, in `settle`. An attempt sends the job's
// request; or it reads the record, once its call has ended and left open what became of the token.
//
// - The pace says when an attempt may start. A 429 slows it down and uses up no retry.
// - A call gives up when its retries are used up, and a failure uses one up only where it is the token's own: others were
//   answered meanwhile, or no other is left. In an outage no call gives up.
// - A stop: to go on is pointless. No attempt starts; what is left of the source gets its results without one.
// - An abort: as a stop, but nothing more is taken. Either way requests in flight finish, and each job has its result.
import type { AttemptResult } from "../answer/result.js";
import { notAttempted } from "../answer/to-error.js";
import { readingOf } from "../call/account.js";
import type { Transport } from "../call/attempt.js";
import type { CallCredential } from "../call/credential.js";
import { onAbort } from "../call/deadline.js";
import { type Call, type CallSettings, notify } from "../call/perform.js";
import { backoff, retryDelay } from "../call/retry.js";
import { conclude, isOpen, openCheck, openRevoke } from "../call/revoke.js";
import { type Finding, isDefinite, isRouteMissing, type Next, refusesAll } from "../call/verdict.js";
import { checkRef } from "../check.js";
import { KaitenError } from "../errors/errors.js";
import { isA } from "../is-a.js";
import { SlugError } from "../slug.js";
import type { PaceEvent, TokenRef, TokenRefs, TokenResult } from "../types.js";
import { createPace, type Meaning, type Start } from "./pace.js";
import { createRecords, type Question } from "./records.js";
import { openSource, type Taken } from "./source.js";

export interface RunSettings extends CallSettings {
  concurrency: number;
  onPace: ((event: PaceEvent) => void) | undefined;
}

/** A reference that was taken and has no result yet. */
interface Job {
  ref: TokenRef;
  checked: TokenRef;
  credential: CallCredential;
  call: Call;
  retried: number;
  /** When its next attempt may start. */
  dueAt: number;
  /** How many definite answers the run had at its last failure, or when it began. */
  definite: number;
  /** For the record, once its call has ended and left open what became of the token. */
  question?: Question;
}

/** So many calls wait for their next attempt before that comes before new references, or as many as may be in flight. */
const MIN_WAITING = 8;
/** This many missing routes in a row, before any definite answer, mean a wrong base URL. */
const MAX_MISSING_ROUTES = 3;
/** In ms: an API that cannot reach its database refuses every credential. */
const DOUBT = 2_000;
/** So many reads in a row that were refused, each the only request after a pause: it is not the rate, no record can be read. */
const MAX_REFUSED_READS = 5;
/** Results that need no waiting could keep timers, sockets and signals from being served for longer. In ms. */
const MAX_BLOCKING = 10;

/**
 * Whoever stops listening, by `break` or by the signal, waits for the requests in flight: none of them is left without a
 * result.
 */
export async function* revokeAll(
  transport: Transport,
  openCredential: () => CallCredential,
  refs: TokenRefs,
  { signal, concurrency, onPace, ...settings }: RunSettings,
): AsyncGenerator<TokenResult, void, undefined> {
  signal?.throwIfAborted();
  const { retries, maxRetryAfter } = settings;
  const now = () => performance.now();
  const pace = createPace({
    ...{ concurrency, maxRetryAfter, now },
    onPace: (event) => onPace && notify(() => onPace(event)),
  });
  const records = createRecords(now);
  const source = openSource(refs);
  // Without the signal: requests in flight finish.
  const callSettings: CallSettings = { ...settings, signal: undefined };

  let ahead: Job | undefined;
  const waiting = new Set<Job>();
  let underWay = 0;
  let taking = false;
  const results: TokenResult[] = [];

  /** No further attempt starts. @property cause for the references that get none. */
  let over: { cause: unknown } | undefined;
  let aborted = false;
  let missingRoutes = 0;
  let refusedReads = 0;
  /** The last credential that got a definite answer, and whether it was refused since. */
  let accepted = { credential: undefined as string | undefined, isDoubted: false };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wake = () => {};

  const open = () => underWay + waiting.size + (ahead ? 1 : 0);
  /** Results that nobody has taken count too: that is the back-pressure. */
  const hasRoom = () => underWay + results.length < concurrency;
  /** When its next attempt may start; not before a read of its record has ended. */
  const dueAt = ({ dueAt, question }: Job) =>
    question && records.isReading(question) ? Number.POSITIVE_INFINITY : dueAt;

  /** Moves every job that can be moved, and sets the alarm for the next time to look. */
  function tick(): void {
    const isGivenUp = !ahead && pace.endLongOutage();
    for (const job of [...waiting]) {
      const finding = job.question && records.answer(job.question);
      if (finding || over) settle(job, toResult(job, finding));
      else if (isGivenUp && !job.question) finish(job);
    }
    for (;;) {
      lookAhead();
      const job = over ? ahead : upcoming();
      if (!job) break;
      const ms = Math.max(dueAt(job) - now(), pace.wait());
      if (over) settle(job);
      else if (ms <= 0) void run(job);
      else {
        clearTimeout(timer);
        if (ms < Number.POSITIVE_INFINITY) timer = setTimeout(tick, Math.ceil(ms));
        break;
      }
    }
    wake();
  }

  /** The job that starts next. In an outage a token not yet tried tells most. */
  function upcoming(): Job | undefined {
    const isFull = waiting.size >= Math.max(MIN_WAITING, concurrency);
    if (ahead && (!isFull || pace.outage)) return hasRoom() ? ahead : undefined;
    let first: Job | undefined;
    for (const job of waiting) if (!first || dueAt(job) < dueAt(first)) first = job;
    return first;
  }

  /** Knows of one reference more than is sent, to tell whether a job is the last one. */
  function lookAhead(): void {
    while (!ahead && !taking && !source.ended && results.length < concurrency) {
      const taken = source.take();
      if (taken instanceof Promise) {
        taking = true;
        void taken.then((next) => {
          taking = false;
          prepare(next);
          tick();
        });
      } else prepare(taken);
    }
  }

  /** Makes a job of what the source gave. */
  function prepare(taken: Taken): void {
    if (!taken) return;
    const { ref } = taken;
    let checked: TokenRef | undefined;
    try {
      checked = checkRef(ref);
      const credential = openCredential();
      const call = openRevoke(transport, credential, checked, callSettings);
      ahead = { ref, checked, credential, call, retried: 0, dueAt: 0, definite: 0 };
    } catch (thrown) {
      results.push(resultOfThrown(ref, checked ? "unknown" : "not-revoked", thrown));
    }
  }

  /** One attempt. */
  async function run(job: Job): Promise<void> {
    leave(job);
    if (job.call.state.attempts === 0) job.definite = pace.definite;
    underWay++;
    const start = pace.start();
    try {
      await (job.question ? read(job, job.question, start) : attempt(job, start));
    } catch (thrown) {
      pace.end(start, "nothing");
      settle(job, resultOfThrown(job.ref, "unknown", thrown));
    }
    underWay--;
    tick();
  }

  async function attempt(job: Job, start: Start): Promise<void> {
    const { call, credential } = job;
    let { result, next } = await call.attempt(() => !over);
    if (next === "refresh" && !over && (await call.refresh())) {
      call.report(0);
      ({ result, next } = await call.attempt(() => !over));
    }
    if (result.kind === "failure" && result.why === "stopped") return stop(job, start);
    const isAccepted = isDefinite(result) && !refusesAll(result);
    if (isAccepted) accepted = { credential: credential.current, isDoubted: false };
    missingRoutes = isRouteMissing(result) ? missingRoutes + 1 : 0;
    let isPointless = missingRoutes >= MAX_MISSING_ROUTES && pace.definite === 0;
    let delay: number | undefined;
    if (!refusesAll(result)) {
      pace.end(start, meaningOf(result, isAccepted), result.retryAfter);
      delay = delayOf(job, start, result, next);
    } else if (isDoubt(result, credential, start)) {
      pace.end(start, "refused", DOUBT);
      accepted.isDoubted = true;
      delay = 0;
    } else isPointless = true;
    isPointless ||= pace.stopped;
    if (isPointless || over) delay = undefined;
    report(call, delay);
    if (isPointless) stop(job, start);
    else if (delay === undefined) finish(job);
    else wait(job, delay);
  }

  /** A credential that this run saw accepted is asked for once more: by the one request that goes alone after a pause. */
  function isDoubt({ status }: AttemptResult, { current }: CallCredential, { alone }: Start): boolean {
    return status === 401 && accepted.credential === current && !(accepted.isDoubted && alone);
  }

  /** To go on is pointless, for the reason that this job ends with. */
  function stop(job: Job, start: Start): void {
    pace.end(start, "nothing");
    const { error } = settle(job);
    over ??= { cause: error };
  }

  /** @param delay ms until the next attempt, unless the pace has it wait for longer. */
  function report(call: Call, delay: number | undefined): void {
    call.report(delay === undefined ? undefined : Math.max(delay, pace.rest()));
  }

  /** @returns ms until the next attempt; undefined: the call has ended. */
  function delayOf(job: Job, start: Start, result: AttemptResult, step: Next): number | undefined {
    if (isDefinite(result)) return undefined;
    const isAnswered = pace.definite > job.definite;
    job.definite = pace.definite;
    if (pace.outage) return result.kind === "failure" && result.why === "argument" ? undefined : 0;
    if (step !== "backoff") return undefined;
    if (result.status === 429) return 0;
    const isLast = !ahead && waiting.size === 0 && underWay === 1;
    // Then it may be a limit that the run has met, not an API that is down.
    if (result.status === 503 && !isLast && !(isAnswered && start.alone)) return 0;
    if (!isLast && !isAnswered) return retryDelay(result, job.retried, maxRetryAfter);
    return job.retried < retries ? retryDelay(result, job.retried++, maxRetryAfter) : undefined;
  }

  /** A call has ended: its result is known, or the record is asked. */
  function finish(job: Job): void {
    if (over || !isOpen(job.call.state)) return void settle(job);
    const { call, credential, checked } = job;
    const key = `${credential.current} ${checked.serviceAccountSlug}`;
    // The API found no such token, and that alone leaves most open: one more read is worth it.
    const spare = call.state.outcome === "absent" ? 1 : 0;
    job.question = records.ask({ key, tokenSlug: checked.tokenSlug, spare });
    wait(job, 0);
  }

  /** One read of the record, for all who wait for this account. */
  async function read(job: Job, question: Question, start: Start): Promise<void> {
    question.call ??= openCheck(transport, job.credential, job.checked, job.call.state, callSettings);
    const { call } = question;
    await records.read(question, async () => {
      const { result } = await call.attempt(() => !over);
      const reading = readingOf(result);
      const isRead = reading.kind !== "unreadable";
      const isLimit = (result.status === 429 || result.status === 503) && (result.retryAfter ?? 0) <= maxRetryAfter;
      const isRefused = isLimit && refusedReads < MAX_REFUSED_READS;
      if (isRead) refusedReads = 0;
      else if (isRefused && start.alone) refusedReads++;
      // A record that cannot be read is no outage.
      const meaning = isRefused ? "refused" : isRead || isDefinite(result) ? "accepted" : "nothing";
      pace.end(start, meaning, result.retryAfter);
      return isRead || !(pace.outage || isRefused) ? reading : undefined;
    });
    const finding = records.answer(question);
    const delay = finding || over || pace.stopped ? undefined : backoff(0);
    report(call, delay);
    if (pace.stopped) return stop(job, start);
    if (delay === undefined) return void settle(job, toResult(job, finding));
    wait(job, delay);
    for (const other of waiting) if (other.question?.key === question.key) other.dueAt = job.dueAt;
  }

  function wait(job: Job, delay: number): void {
    job.dueAt = now() + delay;
    waiting.add(job);
  }

  function leave(job: Job): void {
    waiting.delete(job);
    if (ahead === job) ahead = undefined;
  }

  /** The one place where a job gets its result. */
  function settle(job: Job, result = toResult(job)): TokenResult {
    leave(job);
    results.push(result);
    return result;
  }

  function toResult({ ref, checked, call }: Job, finding?: Finding): TokenResult {
    try {
      if (call.state.attempts === 0) throw notAttempted(checked, over?.cause);
      return { ...conclude(call.state, finding, checked, callSettings), ref };
    } catch (thrown) {
      if (isA(thrown, KaitenError)) {
        const { outcome, attempts, at, status, traceId, errorId } = thrown;
        return {
          ...{ ref, outcome, attempts, at, error: thrown },
          ...(status !== undefined && { status }),
          ...(traceId !== undefined && { traceId }),
          ...(errorId !== undefined && { errorId }),
        };
      }
      // The slug is the provider's token, so nothing was sent. Whatever else is thrown proves nothing.
      return resultOfThrown(ref, thrown instanceof SlugError ? "not-revoked" : "unknown", thrown);
    }
  }

  const change = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  const end = () => {
    source.close();
    over ??= { cause: signal?.reason };
    tick();
  };
  const abort = () => {
    aborted = !source.ended || open() > 0;
    end();
  };
  const forget = signal && onAbort(signal, abort);
  let servedAt = now();
  try {
    tick();
    for (;;) {
      for (let result = results.shift(); result; result = results.shift()) {
        yield result;
        if (now() - servedAt >= MAX_BLOCKING) {
          await turn();
          servedAt = now();
        }
        tick();
      }
      if (open() > 0 || !source.ended) await change();
      else {
        // A source that is blocked does not hold up the end. One that has just given a reference has it taken.
        if (taking) await turn();
        if (results.length === 0 && open() === 0) break;
      }
    }
  } finally {
    forget?.();
    end();
    while (underWay > 0) await change();
    clearTimeout(timer);
  }
  if (source.failure) throw source.failure.error;
  if (aborted) throw signal?.reason;
}

function meaningOf(result: AttemptResult, isAccepted: boolean): Meaning {
  if (isAccepted) return "accepted";
  if (result.status === 429) return "refused";
  if (result.status === 503) return "unavailable";
  return result.kind === "failure" && result.why === "argument" ? "nothing" : "failed";
}

/** A turn of the event loop. */
const turn = () => new Promise((resolve) => setTimeout(resolve));

/** For what is thrown and is not one of our errors. */
function resultOfThrown(ref: TokenRef, outcome: "not-revoked" | "unknown", thrown: unknown): TokenResult {
  const attempts = thrown instanceof SlugError ? thrown.attempts : 0;
  const error = isA(thrown, TypeError) ? thrown : new TypeError("The reference cannot be read.", { cause: thrown });
  return { ref, outcome, attempts, at: new Date().toISOString(), error };
}
