// What happens when `revoke` is typed: the list is read, the credential, the record; the person is asked; the tokens are sent.
// Nothing is remembered: the record says what is revoked already, so the same command continues, whatever ended the last run.
import { type AttemptEvent, KaitenError, type PaceEvent, type TokenRef, type TokenResult } from "../index.js";
import { slugFault } from "../slug.js";
import { type Credential, claimsOf, isSameOwner, openCredential } from "./credential.js";
import { codeOfError, EXIT, type ExitCode, Interrupted, mostSevere, UsageError } from "./exit.js";
import { type Io, stopOnSignals } from "./io.js";
import { keyOf, type List, readList, type Targets } from "./list.js";
import { MAX_NAMES, overview, recordNote, whyNothing } from "./overview.js";
import { activeRefs, type Plan, readRecords, sortTargets } from "./record.js";
import { attemptLine, createSummary, fields, type Line, lineOf, type Summary } from "./report.js";
import { checkSettings, type Flags, type Settings } from "./settings.js";
import { json, plural } from "./text.js";
import type { Output, Outputs } from "./ui/output.js";
import { bar, createProgress, type Progress, spinner } from "./ui/progress.js";
import { ask, canAsk } from "./ui/question.js";

/** @throws {UsageError} when nothing was sent, for a reason that the person can correct. */
export async function revoke(account: string | undefined, tokens: string[], flags: Flags, outputs: Outputs) {
  const { io, stdout, stderr } = outputs;
  // Arguments and list: before the credential, so that nobody pastes theirs only to hear of a misspelt file name.
  const settings = await checkSettings(flags, io);
  const { baseUrl } = settings;
  const { targets, skipped, notices } = await readTargets(account, tokens, flags, { baseUrl, io });
  for (const notice of notices) stderr.tell(notice);

  const credential = await openCredential(flags.tokenFile, baseUrl, outputs, isAsked(flags));
  refuseFaults(targets, [credential.secret]);
  const session = openSession(flags, settings, credential, outputs);

  // The record: what it knows needs no request.
  const plan = await readPlan(session, targets, account);
  for (const line of [...plan.before, ...plan.absent]) settle(session, line);
  const nothing = whyNothing(plan);
  stderr.tell(...nothing);
  if (nothing.length > 0) return EXIT.notFound;

  // The question.
  const { send } = plan;
  if (flags.dryRun || (send.length > 0 && isAsked(flags))) {
    stderr.tell(...overview(plan, credential, { baseUrl, io, isAll: flags.all === true }));
  }
  if (flags.dryRun) {
    for (const ref of send) {
      const note = recordNote(plan, ref, io);
      stdout.line(flags.json ? json({ baseUrl, ...ref, outcome: "would-revoke" }) : fields("would-revoke", ref, note));
    }
    stderr.tell("Nothing was revoked.");
    return finish(session, skipped, 0);
  }
  if (send.length > 0) {
    if (isAsked(flags) && !(await confirm(send.length, session))) {
      stderr.tell("Nothing was revoked.");
      return EXIT.other;
    }
    // Now: a user's JWT lives about a minute, and the answer to the question may have taken longer.
    await credential.renew(session.stop.signal);
  }

  // The run. What a refused credential stopped goes on with another one, where somebody can be asked for it.
  for (let rest: readonly TokenRef[] = send; rest.length > 0; ) {
    rest = await askForRest(session, await run(session, rest, targets.size));
  }

  return finish(session, skipped, targets.size - session.summary.total());
}

/** What the steps share. */
type Session = ReturnType<typeof openSession>;

function openSession(flags: Flags, settings: Settings, credential: Credential, outputs: Outputs) {
  const { io, stderr } = outputs;
  const tellAttempt = (event: AttemptEvent) => stderr.tell(attemptLine(event));
  const { client } = settings.openClient(credential.token, flags.verbose ? tellAttempt : undefined);
  return { ...outputs, flags, settings, credential, client, stop: stopOnSignals(io), summary: createSummary() };
}

/** Counts and prints what became of a token. */
function settle({ summary, stdout, flags, settings: { baseUrl } }: Session, line: Line): void {
  const { ref, outcome, note, members } = line;
  summary.add(line);
  stdout.line(flags.json ? json({ baseUrl, ...ref, outcome, ...members }) : fields(outcome, ref, note));
}

/** What cannot be sent. A list is read before the credential, which none of its slugs may hold. */
function refuseFaults(targets: Targets, credentials: readonly string[] = []): void {
  for (const { serviceAccountSlug, tokenSlug } of targets.values()) {
    const ofAccount = slugFault(serviceAccountSlug, credentials);
    const fault = ofAccount ?? slugFault(tokenSlug, credentials);
    if (fault) throw new UsageError(`The ${ofAccount ? "service account" : "token"} ${fault}.`);
  }
}

const isAsked = ({ yes, dryRun }: Flags): boolean => !yes && !dryRun;

/** From the list or from the arguments. */
async function readTargets(
  account: string | undefined,
  tokens: readonly string[],
  flags: Flags,
  { baseUrl, io }: { baseUrl: string; io: Io },
): Promise<List> {
  const { from, tokenFile, skipBad, all = false } = flags;
  const isNamed = account !== undefined && tokens.length > 0 !== all;
  if (from === undefined ? !isNamed : tokens.length > 0 || all) throw new UsageError(WHAT);
  if (from === "-" && tokenFile === "-") {
    throw new UsageError("Standard input cannot give both the list and the credential.");
  }
  if (isAsked(flags) && (from === "-" || tokenFile === "-" || !canAsk(io))) {
    throw new UsageError("Cannot ask for confirmation here: pass --yes to revoke these tokens.");
  }
  if (from !== undefined) return readList(from, io, { account, baseUrl, skipBad });
  const refs = (all ? ["all"] : tokens).map((tokenSlug) => ({ serviceAccountSlug: account ?? "", tokenSlug }));
  const targets: Targets = new Map(refs.map((ref) => [keyOf(ref), ref]));
  refuseFaults(targets);
  if (all) targets.clear();
  return { targets, skipped: 0, notices: [] };
}

const WHAT =
  "Name a service account and its tokens, or pass --all for all of its active tokens, or --from FILE for a list: one of them.";

/** @param account whose active tokens become targets with --all. */
async function readPlan(session: Session, targets: Targets, account = ""): Promise<Plan> {
  const { io, flags, settings, credential, client, stop, stderr } = session;
  const accounts = new Set(Array.from(targets.values(), (ref) => ref.serviceAccountSlug));
  if (flags.all) accounts.add(account);
  for (;;) {
    let secret = "";
    const readings = await credential.forReading(() => {
      secret = credential.secret;
      const progress = createProgress(stderr, spinner(`reading the record${accounts.size === 1 ? "" : "s"}`));
      const onProgress = (done: number, notice: string) => {
        progress.notice = [accounts.size > 1 && `${done} of ${accounts.size}`, notice].filter(Boolean).join(", ");
      };
      const options = { io, timeout: settings.timeout, signal: stop.signal, onProgress };
      return readRecords(client, accounts, options).finally(progress.end);
    }, stop.signal);
    // Another credential may be of another organization, unless both say whose they are: then it all is read again.
    if (!isSameOwner(secret, credential.secret)) continue;
    const unread = [...readings.values()].flatMap(({ kind, error }) => (kind === "unread" ? [error] : []));
    const [error] = unread;
    if (error && flags.all) throw new UsageError(`${error.summary} So its tokens are not known.`, codeOfError(error));
    const without = `Without the record of ${plural(unread.length, "service account")}, only answers decide`;
    if (error) stderr.tell(`${without}: ${error.summary}`);
    const reading = flags.all ? readings.get(account) : undefined;
    for (const ref of activeRefs(account, reading)) targets.set(keyOf(ref), ref);
    if (reading?.tokens && targets.size === 0) stderr.tell(`The record of ${account} has no active token.`);
    return sortTargets(targets, readings);
  }
}

/** @returns whether the person typed what was asked for. A wrong answer is asked for once more. */
async function confirm(size: number, { io, stop }: Session): Promise<boolean> {
  const isFew = size <= MAX_NAMES;
  const what = isFew ? "yes" : "the number of tokens";
  for (const question of [`This cannot be undone. Type ${what} to revoke: `, `Type ${what}, or press Ctrl-C: `]) {
    const answer = (await ask(io, question, stop.signal)).trim();
    if (isFew ? answer === "yes" : [String(size), size.toLocaleString("en")].includes(answer)) return true;
  }
  return false;
}

/** @returns what a refused credential stopped, where another one can be asked for. */
async function run(session: Session, refs: readonly TokenRef[], total: number): Promise<TokenResult[]> {
  const { flags, settings, credential, client, stop, summary, stdout, stderr } = session;
  const progress = createProgress(stderr, total === 1 ? spinner("revoking") : bar(summary.counts, total));
  const inFlight = () => `${plural(settings.inFlight(), "request")} in flight`;
  stop.onStop = () => {
    progress.notice = "stopping";
    stderr.tell(`Stopping: waiting for ${inFlight()}. Press Ctrl-C again to quit now.`);
  };
  stop.onQuit = () => {
    progress.end();
    const what = `Quit with ${inFlight()}: their tokens may be revoked or not.`;
    return [what, ...undelivered(stdout), "Run the same command again: it continues."];
  };
  const refused: TokenResult[] = [];
  try {
    const options = { concurrency: flags.concurrency, signal: stop.signal, onPace: tellPace(progress, stderr) };
    for await (const result of client.serviceAccounts.tokens.revokeAll(refs, options)) {
      // Taken, and not begun when it was stopped.
      if (stop.signal.aborted && result.attempts === 0) continue;
      const goesOn = credential.mayAsk && isRefused(result.error) && !stop.signal.aborted;
      if (goesOn) refused.push(result);
      else settle(session, lineOf(result));
    }
  } catch (error) {
    if (stop.signal.aborted) return refused;
    stderr.tell((error as Error).message);
    summary.codes.add(EXIT.other);
  } finally {
    progress.end();
    stop.onStop = () => {};
  }
  return refused;
}

const undelivered = (stdout: Output): string[] =>
  stdout.undelivered() > 0 ? [`${plural(stdout.undelivered(), "result")} not delivered to standard output.`] : [];

/** What stopped the run before this token's turn, or what failed itself. */
const reasonOf = (error: unknown): unknown =>
  error instanceof KaitenError && error.name === "KaitenNotAttemptedError" ? error.cause : error;

const isRefused = (error: unknown): boolean => (reasonOf(error) as { status?: number } | undefined)?.status === 401;

/** @returns what is to be sent with another credential. If the person leaves, what was refused is the result. */
async function askForRest(session: Session, refused: readonly TokenResult[]): Promise<TokenRef[]> {
  const reason = reasonOf(refused[0]?.error);
  if (!(reason instanceof KaitenError)) return [];
  if (mayBeOwn(session)) session.stderr.tell(OWN_TOKEN);
  const why = `${reason.summary} ${plural(refused.length, "token")} left; Ctrl-C leaves them as they are.`;
  try {
    await session.credential.askAgain(why, true, session.stop.signal);
    return refused.map(({ ref }) => ref);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    session.stop.end();
    for (const result of refused) settle(session, lineOf(result));
    return [];
  }
}

function tellPace(progress: Progress, { tell }: Output): (event: PaceEvent) => void {
  let told = "running";
  return (event) => {
    const { state } = event;
    const wait = state === "paused" ? `${Math.ceil(event.ms / 1000)} s` : "";
    progress.notice = { paused: `rate limit, ${wait}`, outage: "no usable answers", running: "" }[state];
    // With a rate limit there is a pause every second.
    if (state === told || (state === "running" && told === "paused")) return;
    const limit = `The server limits the rate: requests go on in ${wait}, and more slowly.`;
    tell({ paused: limit, outage: OUTAGE, running: "The API answers again." }[state]);
    told = state;
  };
}

const OUTAGE =
  "The last 8 attempts got no usable answer. One request at a time is tried; the run stops if none is answered.";

/** For a reader that may take nothing, after the run was stopped. In ms. */
const GRACE = 1_000;

/** Why tokens may be active, what to do next, and how the command ends. @param left how many were not attempted. */
async function finish(session: Session, skipped: number, left: number): Promise<ExitCode> {
  const { credential, stop, summary, stdout, stderr } = session;
  const { counts, codes } = summary;
  const revokedNow = counts.revoked - summary.before;
  if (summary.total() > 0) summary.print(stderr);
  if (left > 0) stderr.tell(`${plural(left, "token")} not attempted.`);
  const active = summary.total() - counts.revoked + left;
  if (active > 0) stderr.tell(`${plural(active, "token")} may still be active. ${adviceFor(summary, left)}`);
  if (codes.has(EXIT.refused) && !credential.mayAsk && mayBeOwn(session)) stderr.tell(OWN_TOKEN);
  if (revokedNow > 0) stderr.tell(FIVE_MINUTES);
  await stdout.flushed(stop.signal.aborted ? AbortSignal.timeout(GRACE) : stop.signal);
  stderr.tell(...undelivered(stdout));
  if (skipped > 0 || stdout.undelivered() > 0) codes.add(EXIT.other);
  return stop.signal.aborted ? EXIT.interrupted : mostSevere(codes);
}

/** Of an access token that is refused now: whether it was accepted for revoking all tokens of an account. */
const mayBeOwn = ({ flags, summary, credential }: Session): boolean =>
  flags.all === true && summary.counts.revoked > summary.before && !claimsOf(credential.secret);

const OWN_TOKEN =
  "The credential was accepted until tokens of this account were revoked: it is probably one of them. Use another one.";
const FIVE_MINUTES =
  "A revoked token may be accepted for up to 5 more minutes. To see whether its secret is: kaiten-service-accounts verify --for 5m";

/** How to go on. */
function adviceFor({ counts }: Summary, left: number): string {
  const again = "run the same command again: it continues.";
  if (counts["not-revoked"] + counts.unknown > 0) return `See the reasons above, then ${again}`;
  if (left > 0) return `To go on, ${again}`;
  return "Check their names: kaiten-service-accounts list <account>. To be sure of a secret: kaiten-service-accounts verify";
}
