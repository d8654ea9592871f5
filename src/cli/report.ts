// What is printed of the results: a line each on standard output, and at the end why tokens may still be active.
import { type AttemptEvent, KaitenError, type TokenRef, type TokenResult } from "../index.js";
import { plural, printable } from "./text.js";
import type { Output } from "./ui/output.js";
import { COLORS, type Counts } from "./ui/progress.js";

/** A line for a person or a shell: fields separated by tabs. */
export function fields(outcome: string, { serviceAccountSlug, tokenSlug }: TokenRef): string {
  return [outcome, printable(serviceAccountSlug), printable(tokenSlug)].join("\t");
}

/** For --verbose. */
export function attemptLine({ number, url, status, error, ms, delay, traceId }: AttemptEvent): string {
  const trace = traceId === undefined ? "" : `, trace ${traceId}`;
  const next = delay === undefined ? "" : `, again in ${Math.round(delay)} ms`;
  return `attempt ${number} of ${url}: ${status ?? error} in ${Math.round(ms)} ms${trace}${next}`;
}

/** More names for one reason are on standard output and in the journal. */
const MAX_NAMES = 10;
const MAX_REASONS = 20;

export type Summary = ReturnType<typeof createSummary>;

export function createSummary() {
  const counts: Counts = { revoked: 0, absent: 0, "not-revoked": 0, unknown: 0 };
  const reasons = new Map<string, { outcome: keyof Counts; refs: TokenRef[]; count: number }>();
  const summary = {
    counts,
    total: 0,
    /** How many of them may still be active. */
    active: 0,
    /** The first tokens whose outcome is unknown. */
    unknown: [] as TokenRef[],
    /** @param hint what the journal adds to the reason. */
    add({ outcome, ref, error }: TokenResult, isSuccess: boolean, hint = ""): void {
      summary.total++;
      counts[outcome]++;
      if (isSuccess) return;
      summary.active++;
      if (outcome === "unknown" && summary.unknown.length < MAX_NAMES) summary.unknown.push(ref);
      const why = `${outcome}: ${error instanceof KaitenError ? error.summary : error?.message}${hint}`;
      const key = reasons.size < MAX_REASONS || reasons.has(why) ? why : `${outcome}: other reasons`;
      const reason = reasons.get(key) ?? { outcome, refs: [], count: 0 };
      reason.count++;
      if (reason.refs.length < MAX_NAMES) reason.refs.push(ref);
      reasons.set(key, reason);
    },
    print({ line, paint }: Output): void {
      for (const [why, { outcome, refs, count }] of reasons) {
        line(paint(COLORS[outcome], printable(why)));
        for (const ref of refs) line(`  ${printable(ref.serviceAccountSlug)}  ${printable(ref.tokenSlug)}`);
        if (count > refs.length) line(`  and ${plural(count - refs.length, "more token")}`);
      }
      const counted = Object.entries(counts).filter(([, count]) => count > 0);
      const words = counted.map(([outcome, count]) => `${outcome} ${count.toLocaleString("en")}`);
      line([plural(summary.total, "token"), ...words].join(", "));
    },
  };
  return summary;
}
