// What is printed of the results: a line each on standard output, and at the end why tokens may still be active.
import { type AttemptEvent, KaitenError, type Outcome, type TokenRef, type TokenResult, type User } from "../index.js";
import type { ExitCode } from "./exit.js";
import { plural, printable } from "./text.js";
import type { Output } from "./ui/output.js";
import { COLOURS, type Counts } from "./ui/progress.js";

/** What became of a token, in this run or before it: what --json prints, beside the base URL. */
export interface Line extends TokenRef {
  outcome: Outcome;
  /** The record had it as revoked before this run. */
  before: boolean;
  attempts: number;
  status?: number | undefined;
  code?: unknown;
  errorId?: string | undefined;
  traceId?: string | undefined;
  at: string;
  revokedAt?: string | undefined;
  revokedBy?: User | undefined;
  /** Why it may still be active. */
  message?: string;
}

export function lineOf({ ref, error, ...result }: TokenResult): Line {
  const { outcome, attempts, status, errorId, traceId, at, revokedAt, revokedBy } = {
    revokedAt: undefined,
    revokedBy: undefined,
    ...result,
  };
  const { code } = { code: undefined, ...error };
  const failure = error && { message: error instanceof KaitenError ? error.summary : error.message };
  const { serviceAccountSlug, tokenSlug } = ref;
  return {
    ...{ serviceAccountSlug, tokenSlug, outcome, before: false, attempts, status, code },
    ...{ errorId, traceId, at, revokedAt, revokedBy, ...failure },
  };
}

/** By the name of an error that has no status. */
const FEW_WORDS: Readonly<Record<string, string>> = {
  KaitenTimeoutError: "timeout",
  KaitenConnectionError: "no complete answer",
  KaitenNotAttemptedError: "not attempted",
  KaitenAbortError: "interrupted",
  KaitenError: "no credential",
};

/** The fourth field: when and by whom it was revoked before, or the reason in a few words. */
export function noteOf({ outcome, revokedAt, revokedBy, status, code, attempts }: Line, error?: Error): string {
  if (revokedAt !== undefined) return `${revokedAt}${revokedBy ? ` by ${revokedBy.name ?? revokedBy.id}` : ""}`;
  if (outcome === "revoked") return "now";
  if (outcome === "absent" && attempts === 0) return "not in the record";
  return [status, code].filter(Boolean).join(" ") || FEW_WORDS[error?.name ?? ""] || "bad name";
}

export const fields = (outcome: string, { serviceAccountSlug, tokenSlug }: TokenRef, note: string): string =>
  [outcome, serviceAccountSlug, tokenSlug, note].map(printable).join("\t");

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
    /** @param code of a failure. */
    add({ outcome, before, message, ...ref }: Line, code: ExitCode): void {
      counts[outcome]++;
      if (before) summary.before++;
      if (outcome === "revoked") return;
      summary.codes.add(code);
      const why = `${outcome}: ${message}`;
      const key = reasons.size < MAX_REASONS || reasons.has(why) ? why : `${outcome}: other reasons`;
      const reason = reasons.get(key) ?? { outcome, refs: [], count: 0 };
      if (++reason.count <= MAX_NAMES) reason.refs.push(ref);
      reasons.set(key, reason);
    },
    print({ tell }: Output): void {
      for (const [why, { outcome, refs, count }] of reasons) {
        tell(why, COLOURS[outcome]);
        for (const ref of refs) tell(`  ${ref.serviceAccountSlug}  ${ref.tokenSlug}`);
        if (count > refs.length) tell(`  and ${plural(count - refs.length, "more token")}`);
      }
      const words = Object.entries(counts).flatMap(([outcome, count]) => {
        const before =
          outcome === "revoked" && summary.before > 0
            ? ` (${summary.before.toLocaleString("en")} before this run)`
            : "";
        return count > 0 ? [`${outcome} ${count.toLocaleString("en")}${before}`] : [];
      });
      tell([plural(summary.total(), "token"), ...words].join(", "));
    },
  };
  return summary;
}
