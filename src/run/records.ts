// The records that a run has read: one read answers for all tokens of an account that wait for it.
import { find, type Reading } from "../call/account.js";
import type { Call } from "../call/perform.js";
import type { Finding } from "../call/verdict.js";

/** So many are kept. */
const MOST = 16;
/** In ms: so long a record tells of a token that is revoked, or not there. */
const LASTING = 60_000;

/** A token whose call has ended and left open what became of it. */
export interface Question {
  /** Of its account, as read with the credential of the call. */
  key: string;
  tokenSlug: string;
  /** How many reads may bring nothing usable before the record counts as unreadable. */
  spare: number;
  /** When the call ended: what was read before may be out of date. */
  since: number;
  /** The call that reads, once it has. */
  call?: Call;
}

/** @param now in ms, monotonic. */
export function createRecords(now: () => number) {
  const kept = new Map<string, { reading: Reading; began: number; until: number }>();
  const reading = new Set<string>();
  /** Clocks can be too coarse to tell what came first. */
  let moment = 0;
  return {
    ask: (question: Omit<Question, "since">): Question => ({ ...question, since: ++moment }),
    /** Counts the records that could not be read against what the question can spare. @returns undefined where a read is needed. */
    answer(question: Question): Finding | undefined {
      const entry = kept.get(question.key);
      if (!entry) return undefined;
      const finding = find(entry.reading, question.tokenSlug);
      const isLasting = finding.kind !== "active" && finding.kind !== "unreadable" && now() < entry.until;
      if (!isLasting && entry.began <= question.since) return undefined;
      if (finding.kind !== "unreadable" || question.spare-- === 0) return finding;
      question.since = entry.began;
      return undefined;
    },
    isReading: ({ key }: Question): boolean => reading.has(key),
    /** @param read gives what is to be kept; undefined where it was refused. */
    async read({ key }: Question, read: () => Promise<Reading | undefined>): Promise<void> {
      const began = ++moment;
      const until = now() + LASTING;
      reading.add(key);
      try {
        const brought = await read();
        if (!brought) return;
        kept.delete(key);
        kept.set(key, { reading: brought, began, until });
        for (const oldest of kept.keys()) if (kept.size > MOST) kept.delete(oldest);
      } finally {
        reading.delete(key);
      }
    },
  };
}
