// What happens when `revoke` is typed: the list and the journal are read, the person is asked, and the tokens are sent.
import { VERSION } from "../version.js";
import { describe, hasExpired } from "./credential.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import { finish } from "./finish.js";
import { readJournal } from "./history.js";
import { defaultJournal, openJournal } from "./journal.js";
import { type List, readList } from "./list.js";
import { createPlan, type Plan, planNotices } from "./plan.js";
import { createSummary, fields } from "./report.js";
import { send } from "./send.js";
import { senderOf } from "./sender.js";
import { type Access, type Flags, openAccess } from "./settings.js";
import { namedTargets } from "./targets.js";
import { json, plural, printable } from "./text.js";
import { createOutput, type Output } from "./ui/output.js";
import { ask, canAsk } from "./ui/question.js";
import { UsageError } from "./usage-error.js";

/** @throws {UsageError} when nothing was sent, for a reason that the person can fix. */
export async function revoke(account: string | undefined, tokens: string[], flags: Flags): Promise<ExitCode> {
  const stdout = createOutput(process.stdout);
  const stderr = createOutput(process.stderr);
  const tell = (text: string) => stderr.line(printable(text));

  const access = await openAccess(flags);
  const { baseUrl, credential } = access;
  const { targets, skipped, notices } = await readTargets(account, tokens, flags, credential.secret);
  notices.forEach(tell);

  const file = journalFile(flags);
  if (file !== undefined && flags.maybeRevoked) {
    throw new UsageError(
      "--maybe-revoked is for a run without a journal: with it, absent is success for each token of the list, also for a " +
        "misspelt one. The journal knows which tokens were sent: leave the option out. Nothing was sent.",
    );
  }
  const run = { version: VERSION, baseUrl, sender: senderOf(credential.secret, baseUrl) };
  const known = file === undefined ? undefined : await readJournal(file, run);
  const plan = createPlan(targets, known, { maybeRevoked: flags.maybeRevoked === true });
  if (file !== undefined) planNotices(plan, file).forEach(tell);

  if (flags.dryRun || (plan.send.length > 0 && !flags.yes)) overview(plan, access).forEach(tell);
  if (flags.dryRun) {
    printPlan(plan, stdout, flags);
    await stdout.flushed();
    tell("Nothing was sent.");
    return skipped > 0 || stdout.undelivered > 0 ? EXIT.other : EXIT.ok;
  }
  const session = { flags, access, plan, skipped, known, journal: undefined, file, stdout, stderr };
  if (plan.send.length === 0) return finish(session, createSummary(), new Set());

  const isAgreed = hasExpired(credential) || flags.yes || (await confirm(plan.send.length, flags));
  // Asked for now: a user's JWT lives about a minute, and the answer may have taken longer.
  if (isAgreed && !hasExpired(credential)) {
    const journal = file === undefined ? undefined : openJournal(file, { ...run, tokens: plan.send.length });
    return send({ ...session, journal });
  }
  if (isAgreed) tell("The credential has expired, by the clock of this machine. Get a new one and run this again.");
  tell("Nothing was sent.");
  return isAgreed ? EXIT.refused : EXIT.other;
}

/** From the list or from the arguments. */
async function readTargets(
  account: string | undefined,
  tokens: string[],
  { from, skipBad }: Flags,
  credential: string,
): Promise<List> {
  if (from !== undefined) {
    if (tokens.length > 0) throw new UsageError("Name tokens or pass --from, not both.");
    return readList(from, { account, credentials: [credential], skipBad });
  }
  if (account === undefined || tokens.length === 0) {
    throw new UsageError("Name a service account and its tokens, or pass a list with --from FILE.");
  }
  return { targets: namedTargets(account, tokens, [credential]), skipped: 0, notices: [] };
}

function journalFile({ journal, from }: Flags): string | undefined {
  if (journal !== undefined) return journal === false ? undefined : journal;
  return from === undefined || from === "-" ? undefined : defaultJournal(from);
}

/** More names than these are too many to read before answering. */
const MAX_NAMES = 10;
const MAX_ACCOUNTS = 20;

/** What the person must see before anything is destroyed. */
function overview({ send }: Plan, { baseUrl, credential }: Access): string[] {
  const size = send.length;
  const counts = new Map<string, number>();
  for (const { serviceAccountSlug } of send) counts.set(serviceAccountSlug, (counts.get(serviceAccountSlug) ?? 0) + 1);
  const names =
    size <= MAX_NAMES
      ? send.map(({ serviceAccountSlug, tokenSlug }) => `  ${serviceAccountSlug}  ${tokenSlug}`)
      : [...counts].slice(0, MAX_ACCOUNTS).map(([account, count]) => `  ${account}  ${plural(count, "token")}`);
  const more = size > MAX_NAMES ? counts.size - MAX_ACCOUNTS : 0;
  return [
    `Base URL:   ${baseUrl}`,
    `Credential: ${describe(credential)}`,
    `To revoke:  ${plural(size, "token")} of ${plural(counts.size, "service account")}`,
    ...names,
    ...(more > 0 ? [`  and ${plural(more, "more service account")}`] : []),
  ];
}

/** @returns whether the person typed what was asked for. One wrong answer is a no. */
async function confirm(size: number, { from }: Flags): Promise<boolean> {
  if (from === "-" || !canAsk()) {
    throw new UsageError("Cannot ask for confirmation here: pass --yes to revoke these tokens. Nothing was sent.");
  }
  if (size <= MAX_NAMES) return (await ask("This cannot be undone. Type yes to revoke: ")) === "yes";
  const answer = await ask("This cannot be undone. Type the number of tokens to revoke: ");
  return [String(size), size.toLocaleString("en")].includes(answer);
}

function printPlan({ send }: Plan, stdout: Output, flags: Flags): void {
  for (const { maybeRevoked = false, ...ref } of send) {
    stdout.line(flags.json ? json({ kind: "dry-run", ...ref, maybeRevoked }) : fields("would-revoke", ref));
  }
}
