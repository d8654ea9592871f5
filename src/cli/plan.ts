// What to send, given the list and what the journal says of earlier runs. Pure: nothing is read or written here.
import type { BulkRef, TokenRef } from "../index.js";
import type { JournalLine, ResultLine } from "./journal.js";
import { createTokenMap, type Targets, type TokenMap } from "./targets.js";
import { plural } from "./text.js";

/** What a journal can prove of a token. The stronger one wins, whatever the order of the lines. */
const STRENGTH = {
  active: 0,
  /** Not found by the sender of this run: revoked before, or misspelt. */
  absent: 0,
  /** A request may have revoked it. */
  unknown: 1,
  /** Not found by the sender of this run, after a request that may have revoked it. */
  gone: 2,
  revoked: 3,
} as const;

/** `mine`: by a run of the sender of this run. */
export type Known = { readonly state: keyof typeof STRENGTH; readonly mine: boolean };

function proves({ outcome, maybeRevoked }: ResultLine, mine: boolean): Known {
  if (outcome === "not-revoked") return { state: "active", mine };
  if (outcome !== "absent") return { state: outcome, mine };
  // Another sender can belong to another organization, where no token of ours is found.
  if (!mine) return { state: maybeRevoked ? "unknown" : "active", mine };
  return { state: maybeRevoked ? "gone" : "absent", mine };
}

/** Takes the lines of a journal, one after the other. */
export function createHistory(sender: string) {
  const known = createTokenMap<Known>();
  const senders = new Map<string, string>();
  const unanswered = new Map<string, { ref: TokenRef; mine: boolean }>();
  let latestRun = "";

  const strength = ({ state, mine }: Known) => STRENGTH[state] && STRENGTH[state] + (mine ? 0.5 : 0);
  function learn(ref: TokenRef, fact: Known): void {
    const before = known.get(ref);
    if (!before || strength(fact) >= strength(before)) known.set(ref, fact);
  }
  return {
    add(line: JournalLine): void {
      if (line.kind === "run") {
        latestRun = line.run ?? `${senders.size}`;
        senders.set(latestRun, line.sender);
        return;
      }
      const { run = latestRun } = line;
      const mine = senders.get(run) === sender;
      // Two runs may have sent a request for one token. Only the result of the same run tells how it ended.
      const request = JSON.stringify([run, line.serviceAccountSlug, line.tokenSlug]);
      if (line.kind === "sending") unanswered.set(request, { ref: line, mine });
      else {
        unanswered.delete(request);
        learn(line, proves(line, mine));
      }
    },
    /** After the last line. */
    known(): TokenMap<Known> {
      for (const { ref, mine } of unanswered.values()) learn(ref, { state: "unknown", mine });
      return known;
    },
  };
}

export interface Plan {
  /** In the order of the list. */
  send: BulkRef[];
  /** How many these are. */
  size: number;
  /** How many of them carry `maybeRevoked`. */
  maybeRevoked: number;
  /** How many of them a run of another sender may have revoked: they are sent as new. */
  otherSender: number;
  /** Final, says the journal: not sent. `otherSender`: how many of these a run of another sender revoked. */
  skipped: { revoked: number; absent: number; otherSender: number };
  /** Tokens of the journal that may be active and are not in this list: exit 6. */
  missing: number;
}

/**
 * @param known what the journal says; leave it out where there is none.
 * @param maybeRevoked whether an earlier run without a journal may have revoked any of them.
 */
export function createPlan(targets: Targets, known = createTokenMap<Known>(), { maybeRevoked = false } = {}): Plan {
  const skipped = { revoked: 0, absent: 0, otherSender: 0 };
  const plan: Plan = { send: [], size: 0, maybeRevoked: 0, otherSender: 0, skipped, missing: 0 };
  for (const [ref] of targets.entries()) {
    const { state, mine } = known.get(ref) ?? { state: "active", mine: true };
    if (state === "revoked" || state === "gone") {
      skipped[state === "gone" ? "absent" : "revoked"]++;
      if (!mine) skipped.otherSender++;
    } else if (maybeRevoked || (state === "unknown" && mine)) {
      plan.send.push({ ...ref, maybeRevoked: true });
      plan.maybeRevoked++;
    } else {
      plan.send.push(ref);
      if (state === "unknown") plan.otherSender++;
    }
  }
  for (const [ref, { state }] of known.entries()) {
    if (!targets.get(ref) && (state === "active" || state === "unknown")) plan.missing++;
  }
  plan.size = plan.send.length;
  return plan;
}

/** What the journal changes, a line each; empty for a first run. */
export function planNotices({ skipped, maybeRevoked, otherSender, missing }: Plan, journal: string): string[] {
  const { revoked, absent } = skipped;
  const tell = (count: number, words: string) => (count > 0 ? [`${plural(count, "token")} ${words}`] : []);
  return [
    ...tell(revoked + absent, `not sent again: ${revoked} revoked and ${absent} no longer found, says ${journal}.`),
    ...tell(
      skipped.otherSender,
      "of these revoked with another credential. In another organization, use another journal.",
    ),
    ...tell(maybeRevoked, "sent again: an earlier run may have revoked them. For them, absent is success."),
    ...tell(otherSender, "sent as new: another credential may have revoked them. For them, absent proves nothing."),
    ...tell(missing, "of the journal may still be active and are not in this list."),
  ];
}
