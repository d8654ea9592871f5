// What to send, given the list and what the journal says of earlier runs. Pure: nothing is read or written here.
import type { BulkRef } from "../index.js";
import type { Known, State } from "./history.js";
import { createTokenMap, type Targets } from "./targets.js";
import { plural } from "./text.js";

export interface Plan {
  /** In the order of the list. */
  send: BulkRef[];
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
  const plan: Plan = { send: [], maybeRevoked: 0, otherSender: 0, skipped, missing: 0 };
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
