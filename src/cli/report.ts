// What is printed of the results: a line each on standard output, and at the end why tokens may still be active.
import { type AttemptEvent, KaitenError, type Outcome, type Token, type TokenRef, type TokenResult } from "../index.js";
import { codeOfError, EXIT, type ExitCode } from "./exit.js";
import { plural, printable } from "./text.js";
import type { Output } from "./ui/output.js";
import type { Counts } from "./ui/progress.js";

/** What became of a token, in this run or before it. */
export interface Line {
  ref: TokenRef;
  outcome: Outcome;
  /** The fourth field. */
  note: string;
  /** Why it may still be active. */
  why: string;
  code: ExitCode;
  /** More members for --json. */
  members: { before: boolean } & Record<string, unknown>;
}

export const whenAndBy = ({ revokedAt, revokedBy }: Pick<Token, "revokedAt" | "revokedBy">): string =>
  `${revokedAt}${revokedBy ? ` by ${revokedBy.name ?? revokedBy.id}` : ""}`;

export function lineOf({ ref, outcome, error, ...evidence }: TokenResult): Line {
  const members = { before: false, ...evidence };
  if (!error) {
    const note = "revokedAt" in evidence ? whenAndBy(evidence) : "now";
    return { ref, outcome, note, why: "", code: EXIT.ok, members };
  }
  const why = error instanceof KaitenError ? error.summary : error.message;
  const { code } = { code: undefined, ...error };
  // `KaitenNotAttemptedError` is "not attempted".
  const kind = error.name.replace(/^Kaiten|Error$/g, "").replace(/\B[A-Z]/g, " $&");
  const note = [evidence.status, code].filter(Boolean).join(" ") || kind.toLowerCase() || "no credential";
  return { ref, outcome, note, why, code: codeOfError(error), members: { ...members, code, message: why } };
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
  const reasons = new Map<string, { refs: TokenRef[]; count: number }>();
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
      const reason = reasons.get(key) ?? { refs: [], count: 0 };
      if (++reason.count <= MAX_NAMES) reason.refs.push(ref);
      reasons.set(key, reason);
    },
    print({ tell }: Output): void {
      for (const [why, { refs, count }] of reasons) {
        tell(why);
        for (const ref of refs) tell(`  ${ref.serviceAccountSlug}  ${ref.tokenSlug}`);
        if (count > refs.length) tell(`  and ${plural(count - refs.length, "more token")}`);
      }
      const before = summary.before > 0 ? ` (${summary.before.toLocaleString("en")} before this run)` : "";
      const words = Object.entries(counts).flatMap(([outcome, count]) =>
        count > 0 ? [`${outcome} ${count.toLocaleString("en")}${outcome === "revoked" ? before : ""}`] : [],
      );
      tell([plural(summary.total(), "token"), ...words].join(", "));
    },
  };
  return summary;
}
