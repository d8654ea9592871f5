// Revokes, and tells: what is not known to be dead is never lost, however it ends.
import { createBar } from "./bar.js";
import { EXIT, type ExitCode, exitCodeOf, mostSevere } from "./exit-code.js";
import type { Output } from "./output.js";
import { createSummary, details, fields, json, type Summary } from "./report.js";
import { type Rest, writeAll, writeLines } from "./rest.js";
import type { Connection, RevokeFlags } from "./settings.js";
import type { Targets } from "./targets.js";
import { plural, printable } from "./text.js";

export interface Session {
  flags: RevokeFlags;
  stdout: Output;
  stderr: Output;
  /** Where the list of what is left goes. */
  rest: Rest | undefined;
  targets: Targets;
  /** How many lines of the list were left out. */
  skipped: number;
}

export async function revoke(session: Session, { client, concurrency }: Connection): Promise<ExitCode> {
  const { flags, stdout, stderr, targets } = session;
  const { size } = targets;
  const summary = createSummary();
  const codes = new Set<ExitCode>();
  const bar = stderr.isTerminal && size > 1 && !flags.verbose ? createBar(stderr, size) : undefined;
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
      await stdout.line(flags.json ? json(details(result)) : fields(result.outcome, result.ref));
      await bar?.draw(summary.counts);
    }
  } catch (error) {
    if (!stop.signal.aborted) {
      saveRest(session);
      throw error;
    }
  }
  const code = stop.signal.aborted ? EXIT.interrupted : mostSevere(codes);
  // From here on, one Ctrl-C is enough: there is nothing in flight to wait for.
  stop.abort();
  await bar?.draw(summary.counts, true);
  if (bar) await stderr.line("");
  const ended = await finish(session, summary, size, code);
  process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  return ended;
}

async function finish(session: Session, summary: Summary, size: number, code: ExitCode): Promise<ExitCode> {
  const { flags, stderr, targets, skipped } = session;
  const saved = saveRest(session);
  await summary.print(stderr);
  const missed = size - summary.total;
  if (missed) await stderr.line(`${plural(missed, "token")} not attempted.`);
  if (skipped) await stderr.line(`${plural(skipped, "bad line")} of the list skipped: see above.`);
  if (targets.size) await stderr.line(advice(flags, { left: targets.size, size, saved }));
  const told = await toldAll(session);
  return (saved && told) || code !== EXIT.ok ? code : EXIT.other;
}

/** @returns whether all results came where they belong; else it was told on standard error. */
export async function toldAll({ stdout, stderr }: Session): Promise<boolean> {
  if (stdout.fault) await stderr.line(`Results are missing on standard output: ${stdout.fault}`);
  return !stdout.fault;
}

/** How to go on where tokens are left; why they are was said of each. */
function advice({ rest }: RevokeFlags, { left, size, saved }: { left: number; size: number; saved: boolean }): string {
  const known = `${plural(left, "token")} not known to be dead`;
  if (rest !== undefined)
    return saved
      ? printable(`${known}: see ${rest}. To go on: --from ${rest} --ignore-absent`)
      : `${known}: listed above.`;
  return size === 1
    ? `${known}.`
    : `${known}. To go on, run it again with --ignore-absent; --rest FILE lists what is left.`;
}

/** @returns whether the list is where it should be; else it was told on standard error. */
function saveRest({ flags, rest, targets }: Session): boolean {
  try {
    rest?.write(targets);
    return true;
  } catch (error) {
    const why = printable(`Cannot write --rest ${flags.rest}: ${(error as Error).message}.`);
    try {
      writeAll(2, `${why}${targets.size ? " The list is here instead:" : ""}\n`);
      writeLines(2, targets);
    } catch {
      // There is nowhere left to tell it.
    }
    return false;
  }
}
