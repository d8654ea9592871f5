// What is said at the end of a run, and how the command ends.
import { EXIT, type ExitCode, mostSevere } from "./exit-code.js";
import type { Known } from "./history.js";
import type { Journal } from "./journal.js";
import type { Plan } from "./plan.js";
import type { Summary } from "./report.js";
import type { Access, Flags } from "./settings.js";
import type { TokenMap } from "./targets.js";
import { plural, printable, shellQuote } from "./text.js";
import type { Output } from "./ui/output.js";

export interface Session {
  flags: Flags;
  access: Access;
  plan: Plan;
  /** How many lines --skip-bad left out. */
  skipped: number;
  /** What the journal said before this run. */
  known: TokenMap<Known> | undefined;
  journal: Journal | undefined;
  /** The journal's path; undefined for a run without one. */
  file: string | undefined;
  stdout: Output;
  stderr: Output;
}

/** For a reader that may take nothing, after the run was stopped. */
const GRACE_MS = 1_000;

export async function finish(
  session: Session,
  summary: Summary,
  codes: Set<ExitCode>,
  stopped?: AbortSignal,
): Promise<ExitCode> {
  const { flags, plan, file, stdout, stderr } = session;
  const tell = (text: string) => stderr.line(printable(text));
  if (plan.send.length > 0) summary.print(stderr);
  const notTaken = plan.send.length - summary.total;
  if (notTaken > 0) tell(`${plural(notTaken, "token")} not attempted.`);
  const active = summary.active + notTaken;
  if (active > 0) tell(`${plural(active, "token")} may still be active. ${advice(session, summary)}`);
  if (plan.missing > 0) codes.add(EXIT.unreachable);
  if (session.skipped > 0) codes.add(EXIT.other);
  if (!flags.ignoreAbsent && isNeverConfirmed(summary, session)) {
    tell("No token of this list was ever confirmed revoked. Check accounts, columns and organization.");
    codes.add(EXIT.notFound);
  }
  if (summary.total > summary.active + summary.counts.revoked) {
    tell("Absent: no longer found by the API. To be sure of the secret: npx kaiten-service-accounts verify");
  }
  if (summary.counts.revoked > 0) {
    tell("A revoked token may be accepted for up to 5 more minutes. To check: npx kaiten-service-accounts verify");
  }
  await stdout.flushed(stopped?.aborted ? AbortSignal.timeout(GRACE_MS) : stopped);
  if (stdout.undelivered > 0) {
    const where = file === undefined ? "" : ` The journal ${file} has all of them.`;
    tell(`${plural(stdout.undelivered, "result")} not delivered to standard output.${where}`);
    codes.add(EXIT.other);
  }
  if (stopped?.aborted) {
    // Not by returning: a reader that takes nothing would keep the command alive.
    await stderr.flushed(AbortSignal.timeout(GRACE_MS));
    process.exit(EXIT.interrupted);
  }
  return mostSevere(codes);
}

function isNeverConfirmed({ counts }: Summary, { known }: Session): boolean {
  let { absent, revoked } = counts;
  for (const [, { mine, others }] of known?.entries() ?? []) {
    if (mine === "revoked" || others === "revoked") revoked++;
    if (mine === "absent" || mine === "gone") absent++;
  }
  return revoked === 0 && absent >= 2;
}

/** How to go on. */
function advice({ flags, file }: Session, { unknown, counts }: Summary): string {
  if (file !== undefined)
    return `See the reasons above, then run the same command again: it continues from ${shellQuote(file)}.`;
  if (counts.unknown === 0) return "See the reasons above.";
  if (flags.from !== undefined) {
    // For the others of the list, such as misspelt ones, absent would be success, too.
    const command = "npx kaiten-service-accounts revoke --from FILE --no-journal --maybe-revoked";
    return `Put only the unknown ones into a file: ${command}`;
  }
  const names = [unknown[0]?.serviceAccountSlug ?? "", ...unknown.map((ref) => ref.tokenSlug)];
  const more = counts.unknown > unknown.length ? ` (and ${counts.unknown - unknown.length} more, see the output)` : "";
  return `For the unknown ones${more}: npx kaiten-service-accounts revoke ${names.map(shellQuote).join(" ")} --maybe-revoked`;
}
