// What happens when `revoke` is typed: the list is read, the credential, the record; the person is asked; the tokens are sent.
// Nothing is remembered: the record says what is revoked already, so the same command continues, whatever ended the last run.
import {
  type KaitenClient,
  KaitenError,
  KaitenNotAttemptedError,
  type PaceEvent,
  type Token,
  type TokenRef,
  type TokenResult,
} from "../index.js";
import { type Credential, openCredential } from "./credential.js";
import { Interrupted, UsageError } from "./errors.js";
import { codeOfError, EXIT, type ExitCode, mostSevere } from "./exit-code.js";
import type { Io } from "./io.js";
import { claimsOf, describe, isSameOwner } from "./jwt.js";
import { type List, readList } from "./list.js";
import { MAX_NAMES, type Plan, planFrom } from "./record.js";
import {
  attemptLine,
  createSummary,
  type Line,
  lineOf,
  lineOfAbsent,
  lineOfBefore,
  print,
  type Summary,
} from "./report.js";
import { checkSettings, type Flags, SECRET_IN_URL, type Settings } from "./settings.js";
import { type Stop, stopOnSignals } from "./stop.js";
import { createTargets, refuseFaults, type Targets } from "./targets.js";
import { plural } from "./text.js";
import type { Output } from "./ui/output.js";
import { bar, createProgress, type Progress, spinner } from "./ui/progress.js";
import { ask, canAsk } from "./ui/question.js";

/** What all steps share. */
interface Session {
  io: Io;
  flags: Flags;
  settings: Settings;
  credential: Credential;
  stop: Stop;
  stdout: Output;
  stderr: Output;
}

/** What the command was given to write to. */
export interface Outputs {
  io: Io;
  stdout: Output;
  stderr: Output;
}

/** @throws {UsageError} when nothing was sent, for a reason that the person can correct. */
export async function revoke(
  account: string | undefined,
  tokens: string[],
  flags: Flags,
  { io, stdout, stderr }: Outputs,
): Promise<ExitCode> {
  // Arguments and list: before the credential, so that nobody pastes theirs only to hear of a misspelt file name.
  const settings = checkSettings(flags, io);
  const isAsked = !flags.yes && !flags.dryRun;
  if (isAsked && (flags.from === "-" || flags.tokenFile === "-" || !canAsk(io))) {
    throw new UsageError("Cannot ask for confirmation here: pass --yes to revoke these tokens. Nothing was sent.");
  }
  const { targets, skipped, notices } = await readTargets(account, tokens, flags, settings, io);
  for (const notice of notices) stderr.tell(notice);

  const credential = await openCredential(flags.tokenFile, { io, stderr, isAttended: isAsked });
  if (settings.baseUrl.includes(credential.secret)) throw new UsageError(SECRET_IN_URL);
  refuseFaults(targets, [credential.secret]);
  const session: Session = { io, flags, settings, credential, stop: stopOnSignals(io), stdout, stderr };
  let progress: Progress | undefined;
  const { client } = settings.openClient(credential.token, (event) => {
    if (event.delay !== undefined && progress) progress.notice = `${event.status ?? event.error}, trying again`;
    const tell = () => stderr.tell(attemptLine(event));
    if (flags.verbose) progress ? progress.above(tell) : tell();
  });
  const draw = (drawn: Progress) => {
    progress = drawn;
    return drawn;
  };

  // The record: what it knows needs no request.
  const plan = await readPlan(session, client, targets, draw);
  const summary = createSummary();
  const add = (line: Line) => {
    summary.add(line);
    print(stdout, line, flags.json ? settings.baseUrl : undefined);
  };
  for (const before of plan.before) add(lineOfBefore(before));
  for (const absent of plan.absent) add(lineOfAbsent(absent));
  const isNothingThere = plan.absent.length > 0 && plan.send.length + plan.before.length === 0;
  if (plan.unknownAccounts.length > 0 || isNothingThere) {
    for (const line of nothingThere(plan)) stderr.tell(line);
    return finish(session, summary, { skipped, left: 0 });
  }

  // The question.
  if (flags.dryRun || (plan.send.length > 0 && !flags.yes))
    for (const line of overview(plan, session)) stderr.tell(line);
  if (flags.dryRun) {
    for (const ref of plan.send) {
      const line = { ref, outcome: "would-revoke", note: noteOf(plan.known.get(ref), io), members: {} };
      print(stdout, line, flags.json ? settings.baseUrl : undefined);
    }
    stderr.tell("Nothing was sent.");
    return finish(session, summary, { skipped, left: 0 });
  }
  if (plan.send.length > 0) {
    if (!flags.yes && !(await confirm(plan.send.length, session))) {
      stderr.tell("Nothing was sent.");
      return EXIT.other;
    }
    // Asked for now: a user's JWT lives about a minute, and the answer may have taken longer.
    if (credential.hasExpired()) {
      const why = "The credential has expired, by the clock of this machine.";
      if (!credential.mayAsk) {
        throw new UsageError(`${why} Get a new one, and run the same command again. Nothing was sent.`, {
          code: EXIT.refused,
        });
      }
      await credential.askAgain(why, { sameOwner: true, signal: session.stop.signal });
    }
  }

  // The run. What a refused credential stopped goes on with the next one, where there is somebody to ask for it.
  const total = plan.send.length + plan.before.length + plan.absent.length;
  let [rest, failure]: [readonly TokenRef[], unknown] = [plan.send, undefined];
  while (rest.length > 0) {
    const ended = await send(session, client, { refs: rest, add, summary, draw, total });
    failure = ended.failure;
    rest = await askForRest(session, ended.refused, add);
  }

  // The end.
  const left = total - summary.total();
  if (flags.all && claimsOf(credential.secret) === undefined && summary.codes.has(EXIT.refused)) {
    if (summary.counts.revoked > summary.before) stderr.tell(OWN_TOKEN);
  }
  if (failure) {
    stderr.tell((failure as Error).message);
    summary.codes.add(EXIT.other);
  }
  return finish(session, summary, { skipped, left });
}

const OWN_TOKEN =
  "The credential was accepted until tokens of this account were revoked: it is probably one of them. Run the same command again with another credential.";

/** From the list or from the arguments. */
async function readTargets(
  account: string | undefined,
  tokens: readonly string[],
  { from, skipBad, all }: Flags,
  { baseUrl }: Settings,
  io: Io,
): Promise<List> {
  if (from !== undefined) {
    if (tokens.length > 0 || all) throw new UsageError("Name tokens, or pass --from, or --all. Nothing was sent.");
    return readList(from, io.stdin, { account, baseUrl, skipBad });
  }
  if (account === undefined || (tokens.length === 0) !== (all === true)) {
    throw new UsageError(
      "Name a service account and its tokens, or pass --all for all of its active tokens, or a list with --from FILE. Nothing was sent.",
    );
  }
  const targets = createTargets();
  if (all) targets.addAll(account);
  for (const tokenSlug of tokens) targets.add({ serviceAccountSlug: account, tokenSlug });
  refuseFaults(targets);
  return { targets, skipped: 0, notices: [] };
}

/** @throws {UsageError} where the credential is refused and nobody can be asked for another one. */
async function readPlan(
  { io, flags, settings, credential, stop, stderr }: Session,
  client: KaitenClient,
  targets: Targets,
  draw: (progress: Progress) => Progress,
): Promise<Plan> {
  const { length } = targets.accounts();
  for (;;) {
    const { secret } = credential;
    const progress = draw(createProgress(stderr, spinner(`reading ${length === 1 ? "the record" : "records"}`)));
    const onProgress = (done: number, notice: string) => {
      progress.notice = [length > 1 && `${done} of ${length}`, notice].filter(Boolean).join(", ");
    };
    let refusal: KaitenError;
    try {
      const plan = await planFrom(client, targets, { io, timeout: settings.timeout, signal: stop.signal, onProgress });
      progress.end();
      // Another credential may be of another organization, unless both say whose they are: then the records are read again.
      if (isSameOwner(secret, credential.secret)) return checkPlan(plan, flags, stderr);
      continue;
    } catch (error) {
      progress.end();
      if (!(error instanceof KaitenError)) throw error;
      refusal = error;
    }
    const why = `${refusal.summary} Nothing was sent.`;
    if (!credential.mayAsk) throw new UsageError(why, { code: EXIT.refused });
    await credential.askAgain(why, { sameOwner: false, signal: stop.signal });
  }
}

/** Says what could not be read. */
function checkPlan(plan: Plan, { all }: Flags, stderr: Output): Plan {
  const { count, error } = plan.unread;
  if (!error) return plan;
  if (all) {
    throw new UsageError(
      `${error.summary} Without the record, nobody knows which tokens there are. Nothing was sent.`,
      {
        code: codeOfError(error),
      },
    );
  }
  stderr.tell(
    `Without the record of ${plural(count, "service account")}: only the answers to the requests will decide. ${error.summary}`,
  );
  return plan;
}

/** Why the list is wrong: nothing is sent of it. */
function nothingThere({ unknownAccounts, absent, active }: Plan): string[] {
  const named = (names: readonly string[]) => {
    const more = names.length > MAX_NAMES ? `, and ${plural(names.length - MAX_NAMES, "more")}` : "";
    return names.slice(0, MAX_NAMES).join(", ") + more;
  };
  if (unknownAccounts.length > 0) {
    return [
      `The API has no service account ${named(unknownAccounts)}: misspelt, of another organization than the credential, or its membership has ended. Correct the list, or take its lines out. Nothing was sent.`,
    ];
  }
  const accounts = new Set(absent.map(({ ref }) => ref.serviceAccountSlug));
  const slugs = active.map((ref) => (accounts.size > 1 ? `${ref.serviceAccountSlug} ${ref.tokenSlug}` : ref.tokenSlug));
  return [
    `None of these tokens is in the record of its service account. Nothing was sent.`,
    slugs.length > 0 ? `Active tokens of ${named([...accounts])}: ${named(slugs)}` : "It has no active tokens.",
  ];
}

const MAX_ACCOUNTS = 20;

/** What the person must see before anything is destroyed. */
function overview({ send, known, before, absent }: Plan, { io, flags, settings, credential }: Session): string[] {
  const size = send.length;
  const counts = new Map<string, number>();
  for (const { serviceAccountSlug } of send) counts.set(serviceAccountSlug, (counts.get(serviceAccountSlug) ?? 0) + 1);
  const names =
    size <= MAX_NAMES
      ? send.map((ref) => `  ${ref.serviceAccountSlug}  ${ref.tokenSlug}  ${noteOf(known.get(ref), io)}`.trimEnd())
      : [...counts].slice(0, MAX_ACCOUNTS).map(([account, count]) => `  ${account}  ${plural(count, "token")}`);
  const more = size > MAX_NAMES ? counts.size - MAX_ACCOUNTS : 0;
  const lines = [`Base URL:   ${settings.baseUrl}`, `Credential: ${describe(credential.secret, credential.source)}`];
  if (before.length > 0) lines.push(`Revoked already: ${plural(before.length, "token")}. They are not sent again.`);
  if (absent.length > 0) {
    lines.push(`Not in the record: ${plural(absent.length, "token")}. Nothing is sent for them:`);
    lines.push(...absent.slice(0, MAX_NAMES).map(({ ref }) => `  ${ref.serviceAccountSlug}  ${ref.tokenSlug}`));
    if (absent.length > MAX_NAMES) lines.push(`  and ${plural(absent.length - MAX_NAMES, "more token")}`);
  }
  lines.push(`To revoke:  ${plural(size, "token")} of ${plural(counts.size, "service account")}`, ...names);
  if (more > 0) lines.push(`  and ${plural(more, "more service account")}`);
  if (flags.all && claimsOf(credential.secret) === undefined) {
    lines.push(
      "The credential is an access token: it may be one of these. Then it stops working in the middle of the run.",
    );
  }
  return lines;
}

/** What the record knows of a token, as far as it matters for the question. */
function noteOf(token: Token | undefined, io: Io): string {
  if (!token) return "";
  const { createdAt, expiresAt, scopes } = token;
  const day = (time: string) => time.slice(0, 10);
  const hasExpired = expiresAt !== undefined && Date.parse(expiresAt) <= io.now();
  const expiry = expiresAt ? `${hasExpired ? "expired" : "expires"} ${day(expiresAt)}` : "never expires";
  return [`created ${day(createdAt)}`, expiry, scopes.join(" ")].filter(Boolean).join(", ");
}

/** @returns whether the person typed what was asked for. A wrong answer is asked for once more. */
async function confirm(size: number, { io, stop, stderr }: Session): Promise<boolean> {
  const isFew = size <= MAX_NAMES;
  const wanted = isFew ? ["yes"] : [String(size), size.toLocaleString("en")];
  const what = isFew ? "yes" : "the number of tokens";
  for (const question of [`This cannot be undone. Type ${what} to revoke: `, `Type ${what}, or Ctrl-C to leave: `]) {
    const answer = await ask(io, question, { signal: stop.signal });
    if (wanted.includes(answer.trim())) return true;
  }
  stderr.tell(`That was not ${isFew ? "yes" : size}.`);
  return false;
}

interface Run {
  refs: readonly TokenRef[];
  summary: Summary;
  add: (line: Line) => void;
  draw: (progress: Progress) => Progress;
  /** How many tokens were named. */
  total: number;
}

/** @returns what a refused credential stopped, where another one can be asked for; and what broke. */
async function send(session: Session, client: KaitenClient, { refs, summary, add, draw, total }: Run) {
  const { flags, settings, credential, stop, stdout, stderr } = session;
  const picture = total === 1 ? spinner("revoking") : bar(summary.counts, total, stderr.paint);
  const progress = draw(createProgress(stderr, picture));
  const tell = (text: string) => progress.above(() => stderr.tell(text));
  stop.onStop = () => {
    progress.notice = "stopping";
    tell(`Stopping: waiting for ${plural(settings.inFlight(), "request")} in flight. Press Ctrl-C again to quit now.`);
  };
  stop.onQuit = () => {
    progress.end();
    const lost = stdout.undelivered();
    return [
      `Quit with ${plural(settings.inFlight(), "request")} in flight: their tokens may be revoked or not.`,
      "Run the same command again: it continues.",
      ...(lost > 0 ? [`${plural(lost, "result")} not delivered to standard output.`] : []),
    ];
  };
  const options = { concurrency: flags.concurrency, signal: stop.signal, onPace: paceNotices(progress, tell) };
  const refused: TokenResult[] = [];
  let failure: unknown;
  try {
    for await (const result of client.serviceAccounts.tokens.revokeAll(refs, options)) {
      if (credential.mayAsk && isRefused(result.error)) refused.push(result);
      else if (stdout.isTerminal) progress.above(() => add(lineOf(result)));
      else add(lineOf(result));
    }
  } catch (error) {
    if (!stop.signal.aborted) failure = error;
  }
  progress.end();
  return { refused, failure };
}

/** Whether the API refused the credential, or did so before this token's turn. */
function isRefused(error: unknown): boolean {
  if (error instanceof KaitenNotAttemptedError) return isRefused(error.cause);
  return error instanceof KaitenError && error.status === 401;
}

/** @returns what is to be sent with another credential. If the person leaves, what was refused is the result. */
async function askForRest(
  { credential, stop }: Session,
  refused: readonly TokenResult[],
  add: (line: Line) => void,
): Promise<TokenRef[]> {
  if (refused.length === 0) return [];
  const error = refused.find((result) => !(result.error instanceof KaitenNotAttemptedError))?.error;
  const why = `${error instanceof KaitenError ? error.summary : ""} ${plural(refused.length, "token")} left. Ctrl-C leaves them.`;
  try {
    await credential.askAgain(why.trim(), { sameOwner: true, signal: stop.signal });
    return refused.map(({ ref }) => ref);
  } catch (thrown) {
    if (!(thrown instanceof Interrupted)) throw thrown;
    stop.end();
    for (const result of refused) add(lineOf(result));
    return [];
  }
}

/** Shorter pauses are reported once: with a rate limit there is one every second. */
const LONG_PAUSE_MS = 5_000;

function paceNotices(progress: Progress, tell: (text: string) => void): (event: PaceEvent) => void {
  let wasTold = false;
  let isOutage = false;
  return (event) => {
    const wait = event.state === "paused" ? `${Math.ceil(event.ms / 1000)} s` : "";
    progress.notice = { paused: `rate limit, ${wait}`, outage: "no usable answers", running: "" }[event.state];
    if (event.state === "paused" && (!wasTold || event.ms >= LONG_PAUSE_MS)) {
      tell(`The server limits the rate: requests go on in ${wait}.`);
      wasTold = true;
    }
    if (event.state === "outage") {
      tell(
        "The last 8 attempts got no usable answer. Now one request at a time is sent. If none is answered soon, the run stops.",
      );
    }
    if (event.state === "running" && isOutage) tell("The API answers again.");
    isOutage = event.state === "outage";
  };
}

/** For a reader that may take nothing, after the run was stopped. In ms. */
const GRACE = 1_000;

/**
 * Why tokens may be active, what to do next, and how the command ends.
 *
 * @param left how many tokens were not attempted.
 */
async function finish(
  { stop, stdout, stderr }: Session,
  summary: Summary,
  { skipped, left }: { skipped: number; left: number },
): Promise<ExitCode> {
  const { counts, codes } = summary;
  if (summary.total() > 0) summary.print(stderr);
  if (left > 0) stderr.tell(`${plural(left, "token")} not attempted.`);
  const active = summary.total() - counts.revoked + left;
  if (active > 0) stderr.tell(`${plural(active, "token")} may still be active. ${adviceFor(summary, left)}`);
  if (skipped > 0) codes.add(EXIT.other);
  if (counts.revoked > summary.before) {
    stderr.tell(
      "A revoked token may be accepted for up to 5 more minutes. To see whether its secret still is: kaiten-service-accounts verify --for 5m",
    );
  }
  const { aborted } = stop.signal;
  await stdout.flushed(aborted ? AbortSignal.timeout(GRACE) : stop.signal);
  if (stdout.undelivered() > 0) {
    stderr.tell(`${plural(stdout.undelivered(), "result")} not delivered to standard output.`);
    codes.add(EXIT.other);
  }
  return stop.signal.aborted ? EXIT.interrupted : mostSevere(codes);
}

/** How to go on. */
function adviceFor({ counts }: Summary, left: number): string {
  const again = "run the same command again: it continues.";
  if (counts["not-revoked"] + counts.unknown === 0) {
    if (left > 0) return `To go on, ${again}`;
    return "Check their names: kaiten-service-accounts list <account>. To be sure of a secret: kaiten-service-accounts verify";
  }
  return `See the reasons above, then ${again}`;
}
