// What happens when `verify` is typed: asks whether leaked secrets are still accepted, once or for a while. Nothing is revoked.
import type { TokenRequest, Verification } from "../index.js";
import { tokenFault } from "../secret.js";
import { askForSecret, expiryOf, NO_CREDENTIAL, openCredential } from "./credential.js";
import { EXIT, type ExitCode, Interrupted, UsageError } from "./exit.js";
import { readText, stopOnSignals } from "./io.js";
import { checkSettings, type Flags } from "./settings.js";
import { json, plural } from "./text.js";
import type { Outputs } from "./ui/output.js";
import { createProgress, spinner } from "./ui/progress.js";
import { canAsk } from "./ui/question.js";

const INTERVAL_MS = 5_000;
/** --for decides by all answers of this last stretch of time, and needs at least this many. */
const WINDOW_MS = 60_000;
const MIN_ANSWERS = 10;

/** What the command ends with, the most severe first. */
const CODES = { active: EXIT.notFound, unknown: EXIT.unreachable, inactive: EXIT.ok } as const;

interface Secret {
  secret: string;
  /** Where it was read: it is never shown itself. */
  name: string;
  answers: (Verification & { time: number })[];
}

/** @throws {UsageError} when nothing was sent. */
export async function verify(flags: Flags, outputs: Outputs): Promise<ExitCode> {
  const { io, stdout, stderr } = outputs;
  const { baseUrl, openClient } = await checkSettings(flags, io);
  const { for: forMs = 0, secretFile, tokenFile } = flags;
  if (secretFile === "-" && tokenFile === "-") {
    throw new UsageError("Standard input cannot give both the secrets and the credential.");
  }
  const secrets = await readSecrets(secretFile, outputs);
  const control = await openControl(tokenFile, baseUrl, outputs, forMs);
  const stop = stopOnSignals(io);
  const { signal } = stop;
  const { verifyMany } = openClient(control.token);
  stderr.tell(`Asking about ${plural(secrets.length, "secret")} at ${baseUrl}`);

  /** Asks about each of them, and the person for a control where the answers need one. */
  async function ask(asked: readonly Secret[]): Promise<void> {
    const progress = createProgress(stderr, spinner("asking"));
    const accepted = secrets.filter(({ answers }) => answers.at(-1)?.validity === "active").length;
    if (secrets[0]?.answers[0]) progress.notice = `${accepted} of ${secrets.length} accepted so far`;
    const texts = asked.map(({ secret }) => secret);
    const found = await verifyMany(texts, { signal }).finally(progress.end);
    const isOpen = (index: number) => control.isMissing() && found[index]?.validity === "unknown";
    for (const [index, answer] of found.entries()) {
      if (!isOpen(index)) asked[index]?.answers.push({ ...answer, time: io.now() });
    }
    const again = asked.filter((_, index) => isOpen(index));
    if (again.length === 0) return;
    await control.askFor(signal);
    await ask(again);
  }
  try {
    const end = io.now() + forMs;
    for (let next = io.now(); next <= end; ) {
      // From one beginning to the next: answers may take their time.
      next = io.now() + INTERVAL_MS;
      await ask(secrets);
      if (io.now() < end) await io.sleep(Math.max(next - io.now(), 0), signal);
    }
  } catch (error) {
    if (!signal.aborted && !(error instanceof Interrupted)) throw error;
    stop.end();
  }

  const reasons = new Map<string, string[]>();
  const validities = secrets.map(({ name, answers }) => {
    const last = answers.at(-1);
    const validity = forMs > 0 ? decide(answers) : (last?.validity ?? "unknown");
    const lastAccepted = answers.findLast((answer) => answer.validity === "active")?.at ?? null;
    const isEarly = validity === "unknown" && last?.validity !== "unknown";
    const why = last === undefined ? "There is no answer yet." : isEarly ? TOO_FEW : last.reason;
    const reason = signal.aborted ? `Interrupted. ${why} Ask again to be sure.` : why;
    const { canRevoke, at, traceId } = last ?? {};
    const members = { canRevoke, reason, at, traceId, checks: answers.length, lastAccepted };
    const line = [validity, name, baseUrl].join("\t");
    stdout.line(flags.json ? json({ baseUrl, secret: name, validity, ...members }) : line);
    const seen = ` (${plural(answers.length, "answer")}, last accepted: ${lastAccepted ?? "never"})`;
    const told = `${reason}${forMs > 0 ? seen : ""}`;
    reasons.set(told, [...(reasons.get(told) ?? []), name]);
    return validity;
  });
  for (const [told, names] of reasons) stderr.tell(`${names.join(", ")}: ${told}`);
  if (validities.includes("inactive") && forMs === 0) stderr.tell(FIVE_MINUTES);
  await stdout.flushed(signal);
  if (signal.aborted) return EXIT.interrupted;
  if (stdout.undelivered() > 0) return EXIT.other;
  return CODES[(["active", "unknown"] as const).find((each) => validities.includes(each)) ?? "inactive"];
}

const TOO_FEW = "It takes ten answers within a minute, all of them refusals, to say that it is not accepted.";
const FIVE_MINUTES = "Other servers may accept a revoked token for up to 5 minutes: --for 5m keeps asking.";

function decide(answers: Secret["answers"]): Verification["validity"] {
  const end = answers.at(-1)?.time ?? 0;
  const recent = answers.filter(({ time }) => time > end - WINDOW_MS);
  if (recent.some(({ validity }) => validity === "active")) return "active";
  const isProof = recent.length >= MIN_ANSWERS && recent.every(({ validity }) => validity === "inactive");
  return isProof ? "inactive" : "unknown";
}

/** Never from KAITEN_AUTH_TOKEN: that is somebody's own credential. */
async function readSecrets(path: string | undefined, outputs: Outputs): Promise<Secret[]> {
  if (path === undefined) {
    if (!canAsk(outputs.io))
      throw new UsageError("There is no secret: pass --secret-file PATH, or - for standard input.");
    return [{ secret: await askForSecret("Leaked secret (hidden): ", outputs), name: "the secret", answers: [] }];
  }
  const lines = (await readText(path, outputs.io, "--secret-file")).split("\n");
  const secrets = lines.map((line, index) => ({ secret: line.trim(), name: `line ${index + 1}`, answers: [] }));
  const given = secrets.filter(({ secret }) => secret !== "");
  const faults = given.flatMap(({ secret, name }) => (tokenFault(secret) ? [`${name} ${tokenFault(secret)}`] : []));
  if (given.length === 0) throw new UsageError("There is no secret in the file of --secret-file.");
  if (faults.length === 0) return given;
  const words = `${plural(faults.length, "line")} of --secret-file cannot be asked about. It has one secret on each line.`;
  throw new UsageError([...faults.slice(0, 10), words].join("\n"));
}

/** The client's own credential, which must be accepted where a secret is refused. Without one, it is asked for then. */
async function openControl(tokenFile: string | undefined, baseUrl: string, outputs: Outputs, forMs: number) {
  const { io, stderr } = outputs;
  const isGiven = tokenFile !== undefined || Boolean(io.env.KAITEN_AUTH_TOKEN);
  const given = isGiven ? await openCredential(tokenFile, baseUrl, outputs, false) : undefined;
  const endsEarly = (secret: string) => forMs > 0 && expiryOf(secret) < io.now() + forMs;
  if (given && !given.isFile && endsEarly(given.secret)) throw new UsageError(ENDS_EARLY);
  let typed = "";
  let isMissing = false;
  return {
    isMissing: () => isMissing && canAsk(io),
    async token(request: TokenRequest): Promise<string> {
      if (given) return given.token(request);
      // The question comes after the answers: a person may need longer than an attempt may take.
      isMissing = typed === "" || typed === request.rejected;
      if (isMissing) throw new Error(NO_CREDENTIAL);
      return typed;
    },
    async askFor(signal: AbortSignal): Promise<void> {
      stderr.tell(typed === "" ? NEEDED : "That credential was refused, too.");
      do {
        typed = await askForSecret("Another credential, not the leaked one (hidden): ", outputs, signal);
      } while (endsEarly(typed) && stderr.tell(ENDS_EARLY) === undefined);
    },
  };
}

const NEEDED =
  "The API refuses the secret, as it does everybody when it cannot reach its database. Another credential shows whether it can.";
const ENDS_EARLY =
  "The credential is a JWT that expires before the time of --for is over: pass one that is renewed, with --token-file, or an access token.";
