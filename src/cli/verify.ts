// What happens when `verify` is typed: asks whether leaked secrets are still accepted, once or for a while. Nothing is revoked.
import { createReadStream } from "node:fs";
import type { Verification } from "../index.js";
import { tokenFault } from "../secret.js";
import { askFor, NO_CREDENTIAL, openCredential, readInput } from "./credential.js";
import { Interrupted, UsageError } from "./errors.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import type { Io } from "./io.js";
import { expiryOf } from "./jwt.js";
import type { Outputs } from "./revoke.js";
import { checkSettings, type Flags } from "./settings.js";
import { stopOnSignals } from "./stop.js";
import { json, plural } from "./text.js";
import type { Output } from "./ui/output.js";
import { createProgress, spinner } from "./ui/progress.js";
import { canAsk } from "./ui/question.js";

const INTERVAL_MS = 5_000;
/** --for decides by all answers of this last stretch of time, and needs at least this many. */
const WINDOW_MS = 60_000;
const MIN_ANSWERS = 10;

const CODES = { inactive: EXIT.ok, active: EXIT.notFound, unknown: EXIT.unreachable } as const;

interface Secret {
  secret: string;
  /** Where it was read: it is never shown itself. */
  name: string;
  answers: (Verification & { time: number })[];
}

/** @throws {UsageError} when nothing was sent. */
export async function verify(flags: Flags, { io, stdout, stderr }: Outputs): Promise<ExitCode> {
  const settings = checkSettings(flags, io);
  const { baseUrl } = settings;
  const forMs = flags.for ?? 0;
  if (flags.secretFile === "-" && flags.tokenFile === "-") {
    throw new UsageError("Standard input cannot give both the secrets and the credential. Nothing was sent.");
  }
  const secrets = await readSecrets(flags.secretFile, io, stderr);
  const control = await openControl(flags.tokenFile, io, stderr, forMs);
  const { signal } = stopOnSignals(io);
  const { verifyMany } = settings.openClient(control.token);

  stderr.tell(`Asking about ${plural(secrets.length, "secret")} at ${baseUrl}`);
  const label = "asking";
  let progress = createProgress(stderr, spinner(label));
  /** Asks about each of them, and asks the person for a control where the answers need one. */
  async function ask(asked: readonly Secret[]): Promise<void> {
    const found = await verifyMany(
      asked.map(({ secret }) => secret),
      { signal },
    );
    const time = io.now();
    if (control.isMissing() && canAsk(io)) {
      progress.end();
      await control.askFor(signal);
      progress = createProgress(stderr, spinner(label));
      for (const [index, answer] of found.entries()) {
        if (answer.validity !== "unknown") asked[index]?.answers.push({ ...answer, time });
      }
      return ask(asked.filter((_, index) => found[index]?.validity === "unknown"));
    }
    for (const [index, answer] of found.entries()) asked[index]?.answers.push({ ...answer, time });
  }

  const end = io.now() + forMs;
  let isInterrupted = false;
  try {
    for (;;) {
      await ask(secrets);
      const latest = secrets.map(({ answers }) => answers.at(-1)?.validity);
      const count = (validity: string) => latest.filter((each) => each === validity).length;
      progress.notice = `${plural(secrets[0]?.answers.length ?? 0, "answer")}, now ${count("active")} active, ${count("unknown")} unknown`;
      if (io.now() >= end) break;
      await io.sleep(INTERVAL_MS, signal);
    }
  } catch (error) {
    isInterrupted = signal.aborted || error instanceof Interrupted;
    if (!isInterrupted) throw error;
  }
  progress.end();

  const validities = secrets.map((secret) =>
    report(secret, { isLong: forMs > 0, isInterrupted, flags, baseUrl, stdout, stderr }),
  );
  if (validities.includes("inactive") && forMs === 0) {
    stderr.tell("Other servers may accept a revoked token for up to 5 minutes: --for 5m keeps asking.");
  }
  await stdout.flushed(signal);
  if (isInterrupted) return EXIT.interrupted;
  if (stdout.undelivered() > 0) return EXIT.other;
  return CODES[(["active", "unknown"] as const).find((each) => validities.includes(each)) ?? "inactive"];
}

/** One line of the result, and the reason for it. */
function report(
  { name, answers }: Secret,
  {
    isLong,
    isInterrupted,
    flags,
    baseUrl,
    stdout,
    stderr,
  }: { isLong: boolean; isInterrupted: boolean; flags: Flags; baseUrl: string } & Omit<Outputs, "io">,
): Verification["validity"] {
  const last = answers.at(-1);
  const validity = isLong ? decide(answers) : (last?.validity ?? "unknown");
  const lastAccepted = answers.findLast((answer) => answer.validity === "active")?.at ?? null;
  const isOpen = validity === "unknown" && last?.validity !== "unknown";
  const why = last === undefined ? "There is no answer yet." : isOpen ? TOO_FEW : last.reason;
  const reason = isInterrupted ? `Interrupted. ${why} Ask again to be sure.` : why;
  const members = { canRevoke: last?.canRevoke, reason, at: last?.at, traceId: last?.traceId };
  stdout.line(
    flags.json
      ? json({ validity, secret: name, baseUrl, ...members, checks: answers.length, lastAccepted })
      : [validity, name, baseUrl].join("\t"),
  );
  const seen =
    isLong && last
      ? ` ${plural(answers.length, "answer")} until ${last.at}, last accepted: ${lastAccepted ?? "never"}.`
      : "";
  stderr.tell(`${name}: ${reason}${seen}`);
  return validity;
}

const TOO_FEW =
  "It takes at least ten answers of the last minute, all of them refusals, to say that it is not accepted.";

function decide(answers: Secret["answers"]): Verification["validity"] {
  const end = answers.at(-1)?.time ?? 0;
  const recent = answers.filter(({ time }) => time > end - WINDOW_MS);
  if (recent.some(({ validity }) => validity === "active")) return "active";
  const isProof = recent.length >= MIN_ANSWERS && recent.every(({ validity }) => validity === "inactive");
  return isProof ? "inactive" : "unknown";
}

/** Never from KAITEN_AUTH_TOKEN: that is somebody's own credential. */
async function readSecrets(file: string | undefined, io: Io, stderr: Output): Promise<Secret[]> {
  if (file === undefined) {
    if (!canAsk(io)) throw new UsageError("There is no secret: pass --secret-file PATH, or - for standard input.");
    return [{ secret: await askFor("Leaked secret (hidden): ", io, stderr), name: "the secret", answers: [] }];
  }
  const lines = (await readText(file, io)).split("\n").map((line) => line.trim());
  const secrets = lines.flatMap((secret, index) =>
    secret ? [{ secret, name: `line ${index + 1}`, answers: [] }] : [],
  );
  if (secrets.length === 0) throw new UsageError("There is no secret in the file of --secret-file. Nothing was sent.");
  const faults = secrets.flatMap(({ secret, name }) => {
    const fault = tokenFault(secret);
    return fault ? [`${name} ${fault}`] : [];
  });
  if (faults.length > 0) {
    throw new UsageError(
      `${plural(faults.length, "line")} of --secret-file cannot be asked about. It has one secret on each line. Nothing was sent.`,
      { details: faults.slice(0, 10) },
    );
  }
  return secrets;
}

async function readText(file: string, io: Io): Promise<string> {
  if (file === "-") return readInput(io);
  try {
    return await readInput({ stdin: createReadStream(file) });
  } catch (error) {
    // Without the path: people paste secrets there by mistake.
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    throw new UsageError(`Cannot read the file of --secret-file (${code}). It has one secret on each line.`);
  }
}

/** The client's own credential, which must be accepted where a secret is refused. Without one, it is asked for when it is needed. */
async function openControl(tokenFile: string | undefined, io: Io, stderr: Output, forMs: number) {
  const isGiven = tokenFile !== undefined || Boolean(io.env.KAITEN_AUTH_TOKEN);
  const given = isGiven ? await openCredential(tokenFile, { io, stderr, isAttended: false }) : undefined;
  const endsEarly = (secret: string) => forMs > 0 && (expiryOf(secret) ?? Number.POSITIVE_INFINITY) < io.now() + forMs;
  if (given && !given.isRenewed && endsEarly(given.secret)) throw new UsageError(`${ENDS_EARLY} Nothing was sent.`);
  let typed: string | undefined;
  let isMissing = false;
  return {
    /** The prompt comes after the round: a person may need longer than an attempt. */
    token(request: { rejected?: string; signal: AbortSignal }): string | Promise<string> {
      if (given) return given.token(request);
      if (typed === undefined || typed === request.rejected) {
        isMissing = true;
        throw new Error(NO_CREDENTIAL);
      }
      return typed;
    },
    isMissing: () => isMissing,
    async askFor(signal: AbortSignal): Promise<void> {
      const isFirst = typed === undefined;
      stderr.tell(isFirst ? NEEDED : "This credential was refused, too.");
      do {
        typed = await askFor("Another credential, not the leaked one (hidden): ", io, stderr, signal);
        if (endsEarly(typed)) stderr.tell(ENDS_EARLY);
      } while (endsEarly(typed));
      isMissing = false;
    },
  };
}

const NEEDED =
  "The API refuses the secret, as it does everybody when it cannot reach its database. Another credential shows whether it can.";
const ENDS_EARLY =
  "The credential is a JWT that expires before the time of --for is over: pass one that is renewed, with --token-file, or an access token.";
