// Revokes from a terminal: reads the list, asks, revokes, and tells; what is not known to be dead is never lost.
import type { AttemptEvent, KaitenClient } from "../index.js";
import { assertSlug } from "../slug.js";
import { createBar } from "./bar.js";
import { confirm } from "./confirm.js";
import { EXIT, type ExitCode, exitCodeOf, mostSevere } from "./exit-code.js";
import { readList } from "./list.js";
import { createOutput, type Output } from "./output.js";
import { createSummary, fields, json, type Summary } from "./report.js";
import { assertRestWritable, restChunks, writeRest } from "./rest.js";
import { createClient, type RevokeFlags } from "./settings.js";
import { createTargets, type Targets } from "./targets.js";
import { plural, printable } from "./text.js";
import { UsageError } from "./usage-error.js";

interface Session {
  flags: RevokeFlags;
  stdout: Output;
  stderr: Output;
  targets: Targets;
}

/** @throws {UsageError} when nothing was sent, for a reason that the person can mend. */
export async function run(account: string | undefined, tokens: string[], flags: RevokeFlags): Promise<ExitCode> {
  const stdout = createOutput(process.stdout);
  const stderr = createOutput(process.stderr);
  const tellAttempt = (event: AttemptEvent) => stderr.line(printable(describeAttempt(event)));
  const { client, host, concurrency } = createClient(flags, flags.verbose ? tellAttempt : undefined);
  if (flags.rest !== undefined) assertRestWritable(flags.rest);

  const targets = flags.from === undefined ? named(account, tokens) : await listed(flags.from, account, flags, stderr);
  const what = `${plural(targets.size, "token")} of ${plural(targets.accounts, "service account")} at ${host}`;
  const session = { flags, stdout, stderr, targets };

  if (flags.dryRun) {
    for (const ref of targets) {
      await stdout.line(flags.json ? JSON.stringify({ ...ref, outcome: "would-revoke" }) : fields("would-revoke", ref));
    }
    await stderr.line(`Would revoke ${what}. Nothing was sent.`);
    return EXIT.ok;
  }
  if (!flags.yes && targets.size > 0) {
    if (!process.stdin.isTTY || !stderr.isTerminal) {
      throw new UsageError(`Would revoke ${what}, and there is no terminal to ask at: say --yes.`);
    }
    const declined = await confirm(`Revoke ${what}? This cannot be undone.`);
    if (declined !== undefined) {
      await stderr.line("Nothing was sent.");
      return declined;
    }
  }
  return revoke(session, client, concurrency);
}

function named(account: string | undefined, tokens: string[]): Targets {
  const targets = createTargets();
  if (account === undefined || tokens.length === 0) {
    throw new UsageError("Name a service account and its tokens, or give a list with --from FILE.");
  }
  try {
    assertSlug("The service account", account);
    for (const tokenSlug of tokens) {
      assertSlug("A token", tokenSlug);
      targets.add({ serviceAccountSlug: account, tokenSlug });
    }
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return targets;
}

async function listed(from: string, account: string | undefined, flags: RevokeFlags, stderr: Output): Promise<Targets> {
  if (account !== undefined) throw new UsageError("Name tokens or say --from, not both.");
  const { targets, duplicates, bad } = await readList(from, flags.skipBad === true);
  for (const line of bad) await stderr.line(`Skipped ${line}`);
  if (duplicates) await stderr.line(`${plural(duplicates, "duplicate")} left out.`);
  return targets;
}

function describeAttempt({ number, url, status, error, ms, delay, traceId }: AttemptEvent): string {
  const parts = [`attempt ${number} of ${url}: ${status ?? error} in ${Math.round(ms)} ms`];
  if (traceId) parts.push(`trace ${traceId}`);
  if (delay !== undefined) parts.push(`again in ${Math.round(delay)} ms`);
  return parts.join(", ");
}

async function revoke(session: Session, client: KaitenClient, concurrency: number): Promise<ExitCode> {
  const { flags, stdout, stderr, targets } = session;
  const { size } = targets;
  const summary = createSummary();
  const codes = new Set<ExitCode>();
  const bar = stderr.isTerminal && size > 1 ? createBar(stderr, size) : undefined;
  const stop = new AbortController();

  const interrupt = async () => {
    // The second time: at once, but not without the list.
    if (stop.signal.aborted) {
      saveRest(session);
      process.exit(EXIT.interrupted);
    }
    stop.abort();
    await bar?.erase();
    await stderr.line("Stopping: waiting for what is in flight. Once more to leave at once.");
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  try {
    await bar?.draw(summary.counts);
    const options = { concurrency, signal: stop.signal, ignoreAbsent: flags.ignoreAbsent };
    for await (const result of client.serviceAccounts.tokens.revokeAll(targets, options)) {
      summary.add(result);
      codes.add(exitCodeOf(result));
      if (!result.error) targets.delete(result.ref);
      if (stdout.isTerminal) await bar?.erase();
      await stdout.line(flags.json ? json(result) : fields(result.outcome, result.ref));
      await bar?.draw(summary.counts);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
    await bar?.draw(summary.counts, true);
    if (bar) await stderr.line("");
  }
  return finish(session, summary, size, stop.signal.aborted ? EXIT.interrupted : mostSevere(codes));
}

async function finish(session: Session, summary: Summary, size: number, code: ExitCode): Promise<ExitCode> {
  const { flags, stderr, targets } = session;
  const saved = saveRest(session);
  await summary.print(stderr);
  const missed = size - summary.total;
  if (missed) await stderr.line(`${plural(missed, "token")} not attempted.`);
  if (flags.rest !== undefined && saved && targets.size) {
    await stderr.line(`${plural(targets.size, "token")} not known to be dead: see ${flags.rest}`);
  } else if (missed && flags.rest === undefined) {
    await stderr.line("Run it again with --ignore-absent to go on; --rest FILE would have listed what is left.");
  }
  return saved || code !== EXIT.ok ? code : EXIT.other;
}

/** @returns whether the list is where it should be; else it was told on standard error. */
function saveRest({ flags, targets }: Session): boolean {
  if (flags.rest === undefined) return true;
  try {
    writeRest(flags.rest, targets);
    return true;
  } catch (error) {
    process.stderr.write(`Cannot write --rest ${flags.rest}: ${(error as Error).message}. The list is here instead:\n`);
    for (const chunk of restChunks(targets)) process.stderr.write(chunk);
    return false;
  }
}
