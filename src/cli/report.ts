// What is told of the results: a line each on standard output, and at the end a summary of all that is not surely dead.
import type { AttemptEvent, TokenRef, TokenResult } from "../index.js";
import { COLORS, type Counts } from "./bar.js";
import type { Output } from "./output.js";
import { plural, printable } from "./text.js";

/** A line for a person or a shell: fields parted by tabs. */
export function fields(outcome: string, { serviceAccountSlug, tokenSlug }: TokenRef): string {
  return [outcome, printable(serviceAccountSlug), printable(tokenSlug)].join("\t");
}

/** A line of JSON: no character in it can do anything to a terminal. */
export const json = (value: object): string => printable(JSON.stringify(value));

/** A result for a program: the reference, the outcome, and all that an error carries but its headers. */
export function details({ ref, outcome, attempts, error }: TokenResult): object {
  const { serviceAccountSlug, tokenSlug } = ref;
  if (!error) return { serviceAccountSlug, tokenSlug, outcome, attempts };
  const { headers, outcome: _, attempts: __, ...members } = { headers: undefined, ...error } as Record<string, unknown>;
  const told = { name: error.name, message: error.message, ...members };
  return { serviceAccountSlug, tokenSlug, outcome, attempts, error: told };
}

/** For `--verbose`. */
export function attemptLine({ number, url, status, error, ms, delay, traceId }: AttemptEvent): string {
  const parts = [`attempt ${number} of ${url}: ${status ?? error} in ${Math.round(ms)} ms`];
  if (traceId) parts.push(`trace ${traceId}`);
  if (delay !== undefined) parts.push(`again in ${Math.round(delay)} ms`);
  return printable(parts.join(", "));
}

/** Why a token is not known to be dead, without its request: tokens that have one reason are told together. */
function reason({ outcome, error }: TokenResult): string {
  return `${outcome}: ${error?.message.replace(/ \(\S+ \S+, \d+ attempts?\)$/, "")}`;
}

export interface Summary {
  readonly counts: Counts;
  /** How many results there were. */
  readonly total: number;
  add(result: TokenResult): void;
  print(output: Output): Promise<void>;
}

export function createSummary(): Summary {
  const counts: Counts = { revoked: 0, absent: 0, "not-revoked": 0, unknown: 0 };
  const failures = new Map<string, { outcome: keyof Counts; refs: TokenRef[] }>();
  let total = 0;
  return {
    counts,
    get total() {
      return total;
    },
    add(result) {
      const { outcome, ref, error } = result;
      total++;
      counts[outcome]++;
      if (!error) return;
      const why = reason(result);
      const failure = failures.get(why) ?? { outcome, refs: [] };
      failure.refs.push(ref);
      failures.set(why, failure);
    },
    async print(output) {
      for (const [why, { outcome, refs }] of failures) {
        await output.line(output.paint(COLORS[outcome], printable(why)));
        for (const ref of refs)
          await output.line(`  ${printable(ref.serviceAccountSlug)}  ${printable(ref.tokenSlug)}`);
      }
      const counted = Object.entries(counts).filter(([, count]) => count > 0);
      const told = counted.map(([outcome, count]) => `${outcome} ${count.toLocaleString("en")}`);
      await output.line([plural(total, "token"), ...(total ? told : ["nothing to do"])].join(", "));
    },
  };
}
