// What to send, given the list and what the journal says of earlier runs. Pure: nothing is read or written here.
import type { BulkRef, TokenRef } from "../index.js";
import type { JournalLine, ResultLine } from "./journal.js";
import { createTokenMap, type Targets, type TokenMap } from "./targets.js";
import { plural } from "./text.js";

/** What a journal can prove of a token. The stronger one wins, whatever the order of the lines. */
const STRENGTH = {
  active: 0,
  /** Not found: revoked before, or misspelt. */
  absent: 0,
  /** A request may have revoked it. */
  unknown: 1,
  /** Not found after a request that may have revoked it. */
  gone: 2,
  revoked: 3,
} as const;

type State = keyof typeof STRENGTH;

/**
 * What the sender of this run found out, and what other senders did. They can belong to another organization, where the
 * same name is another token.
 */
export type Known = { readonly mine?: State; readonly others?: State };

function stateOf({ outcome, maybeRevoked }: ResultLine, whose: keyof Known): State {
  if (outcome === "not-revoked") return "active";
  if (outcome !== "absent") return outcome;
  // In another organization, no token of ours is found.
  if (whose === "others") return maybeRevoked ? "unknown" : "active";
  return maybeRevoked ? "gone" : "absent";
}

/** Takes the lines of a journal, one after the other. */
export function createHistory(sender: string) {
  const known = createTokenMap<Known>();
  const senders = new Map<string, string>();
  const unanswered = new Map<string, { ref: TokenRef; whose: keyof Known }>();
  let latestRun = "";

  function learn(ref: TokenRef, whose: keyof Known, state: State): void {
    const before = known.get(ref);
    if (STRENGTH[state] >= STRENGTH[before?.[whose] ?? "active"]) known.set(ref, { ...before, [whose]: state });
  }
  return {
    add(line: JournalLine): void {
      if (line.kind === "run") {
        latestRun = line.run ?? `${senders.size}`;
        senders.set(latestRun, line.sender);
        return;
      }
      const { run = latestRun } = line;
      const whose = senders.get(run) === sender ? "mine" : "others";
      // Two runs may have sent a request for one token. Only the result of the same run tells how it ended.
      const request = JSON.stringify([run, line.serviceAccountSlug, line.tokenSlug]);
      if (line.kind === "sending") unanswered.set(request, { ref: line, whose });
      else {
        unanswered.delete(request);
        learn(line, whose, stateOf(line, whose));
      }
    },
    /** After the last line. */
    known(): TokenMap<Known> {
      for (const { ref, whose } of unanswered.values()) learn(ref, whose, "unknown");
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
  /** How many of them a run of another sender revoked or may have: they are sent as new. */
  otherSender: number;
  /** Final, says the journal: not sent. */
  skipped: { revoked: number; absent: number };
  /** Tokens of the journal that may be active and are not in this list: exit 6. */
  missing: number;
}

/**
 * @param known what the journal says; leave it out where there is none.
 * @param maybeRevoked whether an earlier run without a journal may have revoked any of them.
 */
export function createPlan(targets: Targets, known = createTokenMap<Known>(), { maybeRevoked = false } = {}): Plan {
  const skipped = { revoked: 0, absent: 0 };
  const plan: Plan = { send: [], size: 0, maybeRevoked: 0, otherSender: 0, skipped, missing: 0 };
  for (const [ref] of targets.entries()) {
    const { mine, others } = known.get(ref) ?? {};
    if (mine === "revoked") skipped.revoked++;
    else if (mine === "gone") skipped.absent++;
    else if (maybeRevoked || mine === "unknown") {
      plan.send.push({ ...ref, maybeRevoked: true });
      plan.maybeRevoked++;
    } else {
      plan.send.push(ref);
      if (others === "revoked" || others === "unknown") plan.otherSender++;
    }
  }
  const mayBeActive = (state?: State) => state === "active" || state === "unknown";
  for (const [ref, { mine, others }] of known.entries()) {
    const isFinal = mine === "revoked" || mine === "gone";
    if (!targets.get(ref) && !isFinal && (mayBeActive(mine) || mayBeActive(others))) plan.missing++;
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
    ...tell(maybeRevoked, "sent again: an earlier run may have revoked them. For them, absent is success."),
    ...tell(
      otherSender,
      "sent as new: another credential revoked them or may have, and it can be of another organization.",
    ),
    ...tell(missing, "of the journal may still be active and are not in this list."),
  ];
}
