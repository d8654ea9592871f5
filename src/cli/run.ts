// What happens when `revoke` is typed: the list is read and checked, the person is asked, and only then is anything sent.
import type { AttemptEvent } from "../index.js";
import { confirm } from "./confirm.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import { nameOf, readList } from "./list.js";
import { createOutput } from "./output.js";
import { attemptLine, fields, json } from "./report.js";
import { isSame, openRest } from "./rest.js";
import { revoke, type Session, toldAll } from "./revoke.js";
import { createClient, type RevokeFlags } from "./settings.js";
import { createTargets, type Targets } from "./targets.js";
import { plural, printable } from "./text.js";
import { UsageError } from "./usage-error.js";

/** @throws {UsageError} when nothing was sent, for a reason that the person can mend. */
export async function run(account: string | undefined, tokens: string[], flags: RevokeFlags): Promise<ExitCode> {
  const stdout = createOutput(process.stdout);
  const stderr = createOutput(process.stderr);
  const tellAttempt = (event: AttemptEvent) => stderr.line(attemptLine(event));
  const connection = createClient(flags, flags.verbose ? tellAttempt : undefined);
  const rest = flags.rest === undefined ? undefined : openRest(flags.rest, flags.tokenFile);

  const session = { flags, stdout, stderr, rest, targets: createTargets(connection.credential), skipped: 0 };
  const { targets } = session;
  if (flags.from === undefined) addNamed(targets, account, tokens);
  else if (account !== undefined) throw new UsageError("Name tokens or say --from, not both.");
  else session.skipped = await addListed(session, flags.from);
  const what = `${plural(targets.size, "token")} of ${plural(targets.accounts, "service account")} at ${connection.host}`;

  if (flags.dryRun) {
    for (const ref of targets) {
      await stdout.line(flags.json ? json({ ...ref, outcome: "would-revoke" }) : fields("would-revoke", ref));
    }
    await stderr.line(`Would revoke ${what}. Nothing was sent.`);
    return (await toldAll(session)) ? EXIT.ok : EXIT.other;
  }
  if (!flags.yes && targets.size > 0) {
    // A list from standard input has taken the place of the answer.
    if (!process.stdin.isTTY || !stderr.isTerminal || flags.from === "-") {
      throw new UsageError(`Would revoke ${what}, but cannot ask here: say --yes. Nothing was sent.`);
    }
    const declined = await confirm(`Revoke ${what}? This cannot be undone.`);
    if (declined !== undefined) {
      await stderr.line("Nothing was sent.");
      return declined;
    }
  }
  return revoke(session, connection);
}

function addNamed(targets: Targets, serviceAccountSlug: string | undefined, tokens: string[]): void {
  if (serviceAccountSlug === undefined || tokens.length === 0) {
    throw new UsageError("Name a service account and its tokens, or give a list with --from FILE.");
  }
  try {
    for (const tokenSlug of tokens) targets.add({ serviceAccountSlug, tokenSlug });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** @returns how many lines were left out. */
async function addListed({ flags, stderr, targets }: Session, from: string): Promise<number> {
  const { bad, duplicates } = await readList(from, targets, (fault) => stderr.line(printable(fault)));
  const refuse = (advice: string) => {
    throw new UsageError(`${plural(bad, "bad line")} in ${nameOf(from)}${advice} Nothing was sent.`);
  };
  if (bad && !flags.skipBad) refuse(". Mend what is named above, or say --skip-bad.");
  if (bad && targets.size === 0) refuse(", and no other. Mend what is named above.");
  if (bad && flags.rest !== undefined && isSame(flags.rest, from === "-" ? 0 : from)) {
    refuse(", which would be lost: --rest would take the place of the list. Name another file for it.");
  }
  if (duplicates) await stderr.line(`${plural(duplicates, "duplicate")} left out.`);
  return bad;
}
