// What is printed of the results: a line each on standard output, and at the end why tokens may still be active.
import {
  type AttemptEvent,
  KaitenAbortError,
  KaitenConnectionError,
  KaitenError,
  KaitenNotAttemptedError,
  KaitenProblemError,
  KaitenResponseError,
  KaitenTimeoutError,
  type Outcome,
  type TokenRef,
  type TokenResult,
} from "../index.js";
import { codeOfError, EXIT, type ExitCode } from "./exit-code.js";
import type { Before } from "./record.js";
import { json, plural, printable } from "./text.js";
import type { Output } from "./ui/output.js";
import { COLOURS, type Counts } from "./ui/progress.js";

/** What became of a token, in this run or before it. */
export interface Line {
  ref: TokenRef;
  outcome: Outcome;
  /** The fourth field: when and by whom it was revoked before, or the reason in a few words. */
  note: string;
  /** Why it may still be active, in sentences; empty for a revoked one. */
  why: string;
  code: ExitCode;
  /** More members for JSON; those that are undefined are left out. */
  members: Readonly<Record<string, unknown>>;
}

export function lineOfBefore({ ref, revokedAt, revokedBy, at }: Before): Line {
  const note = noteOf({ revokedAt, revokedBy });
  const members = { before: true, attempts: 0, at, revokedAt, revokedBy };
  return { ref, outcome: "revoked", note, why: "", code: EXIT.ok, members };
}

const NOT_THERE =
  "The record of the service account has no such token, so nothing was sent for it. It is misspelt, of another organization, or deleted some time after it was revoked or expired (by default 90 days). It may also be beyond this API, and still work: verify its secret to be sure.";

export function lineOfAbsent({ ref, at }: { ref: TokenRef; at: string }): Line {
  const members = { before: false, attempts: 0, at, message: NOT_THERE };
  return { ref, outcome: "absent", note: "not in the record", why: NOT_THERE, code: EXIT.notFound, members };
}

export function lineOf(result: TokenResult): Line {
  const { ref, outcome, attempts, status, errorId, traceId, at, error } = result;
  const members = { before: false, attempts, status, errorId, traceId, at };
  if (!error) {
    const { revokedAt, revokedBy } = result;
    const note = revokedAt === undefined ? "now" : noteOf({ revokedAt, revokedBy });
    return { ref, outcome, note, why: "", code: EXIT.ok, members: { ...members, revokedAt, revokedBy } };
  }
  const isOurs = error instanceof KaitenError;
  const code = error instanceof KaitenProblemError ? error.code : undefined;
  return {
    ...{ ref, outcome, note: fewWords(error) },
    why: isOurs ? error.summary : error.message,
    code: codeOfError(error),
    members: { ...members, code, message: isOurs ? error.summary : error.message },
  };
}

const noteOf = ({ revokedAt, revokedBy }: Pick<Before, "revokedAt" | "revokedBy">): string =>
  `${revokedAt}${revokedBy ? ` by ${revokedBy.name ?? revokedBy.id}` : ""}`;

function fewWords(error: Error): string {
  if (error instanceof KaitenProblemError)
    return `${error.status} ${error.code ?? error.problem.title ?? ""}`.trimEnd();
  if (error instanceof KaitenResponseError) return error.status ? `${error.status}, not from the API` : "redirect";
  if (error instanceof KaitenTimeoutError) return "timeout";
  if (error instanceof KaitenConnectionError) return "connection failed";
  if (error instanceof KaitenNotAttemptedError) return "not attempted";
  if (error instanceof KaitenAbortError) return "interrupted";
  return error instanceof KaitenError ? "no credential" : "bad name";
}

/** For a person or a shell: four fields, separated by tabs. For a program: an object. */
export function print(
  stdout: Output,
  line: Omit<Line, "why" | "code" | "outcome"> & { outcome: string },
  baseUrl?: string,
): void {
  const { ref, outcome, note, members } = line;
  stdout.line(
    baseUrl === undefined
      ? [outcome, ref.serviceAccountSlug, ref.tokenSlug, note].map(printable).join("\t")
      : json({ baseUrl, ...ref, outcome, ...members }),
  );
}

/** For --verbose. */
export function attemptLine({ method, number, url, status, error, ms, delay, traceId }: AttemptEvent): string {
  const trace = traceId === undefined ? "" : `, trace ${traceId}`;
  const next = delay === undefined ? "" : `, again in ${Math.round(delay)} ms`;
  return `${method} ${url}, attempt ${number}: ${status ?? error} in ${Math.round(ms)} ms${trace}${next}`;
}

/** More names for one reason are on standard output. */
const MAX_NAMES = 10;
const MAX_REASONS = 20;

export type Summary = ReturnType<typeof createSummary>;

export function createSummary() {
  const counts: Counts = { revoked: 0, absent: 0, "not-revoked": 0, unknown: 0 };
  const reasons = new Map<string, { outcome: Outcome; refs: TokenRef[]; count: number }>();
  const summary = {
    counts,
    /** How many of them were revoked before this run. */
    before: 0,
    codes: new Set<ExitCode>(),
    total: () => Object.values(counts).reduce((sum, count) => sum + count, 0),
    add({ ref, outcome, why, code, members }: Line): void {
      counts[outcome]++;
      if (members.before) summary.before++;
      if (outcome === "revoked") return;
      summary.codes.add(code);
      const full = `${outcome}: ${why}`;
      const key = reasons.size < MAX_REASONS || reasons.has(full) ? full : `${outcome}: other reasons`;
      const reason = reasons.get(key) ?? { outcome, refs: [], count: 0 };
      reason.count++;
      if (reason.refs.length < MAX_NAMES) reason.refs.push(ref);
      reasons.set(key, reason);
    },
    print({ tell }: Output): void {
      for (const [why, { outcome, refs, count }] of reasons) {
        tell(why, COLOURS[outcome]);
        for (const ref of refs) tell(`  ${ref.serviceAccountSlug}  ${ref.tokenSlug}`);
        if (count > refs.length) tell(`  and ${plural(count - refs.length, "more token")}`);
      }
      const counted = Object.entries(counts).filter(([, count]) => count > 0);
      const words = counted.map(([outcome, count]) => {
        const before =
          outcome === "revoked" && summary.before > 0
            ? ` (${summary.before.toLocaleString("en")} before this run)`
            : "";
        return `${outcome} ${count.toLocaleString("en")}${before}`;
      });
      tell([plural(summary.total(), "token"), ...words].join(", "));
    },
  };
  return summary;
}
