// Asks whether secrets are still accepted, by an operation that destroys nothing. A refusal counts only with a control: an API
// that cannot reach its database refuses everybody, and says the same.
import { deleteServiceAccountToken } from "../../generated/client.js";
import type { Secrets } from "../answer/redact.js";
import type { Attempt, AttemptResult, Failure } from "../answer/result.js";
import { adviceFor, describeAnswer, sentence } from "../answer/words.js";
import type { Verification } from "../types.js";
import type { Transport } from "./attempt.js";
import { type CallCredential, fixedCredential } from "./credential.js";
import { type CallSettings, createCall, perform } from "./perform.js";
import { secureHex } from "./platform.js";
import { ACCEPTED_BUT_REFUSED, isAbsent, verdict } from "./verdict.js";

/** What one question says of the secret. `refused`: it needs a control. */
type Answered =
  | { kind: "accepted"; canRevoke: boolean; reason: string }
  | { kind: "refused" }
  | { kind: "unclear"; reason: string };

type Asked = Answered & Pick<Verification, "at" | "traceId">;

/** So many secrets are asked about at once. */
const AT_ONCE = 8;

/**
 * Three questions: is the secret refused, is the control accepted, is the secret refused once more. One control serves all
 * secrets, and is asked only after a refusal.
 *
 * @param control the credential that is known to be good: the client's own.
 * @returns one for each secret, in their order.
 * @throws the signal's reason.
 */
export async function verifyAll(
  transport: Transport,
  secrets: readonly string[],
  control: CallCredential,
  settings: CallSettings,
): Promise<Verification[]> {
  const { values } = control.secrets;
  const ask = (secret: string) =>
    question(transport, fixedCredential(secret, { credentials: control.secrets.credentials, values }), false, settings);
  const first = await eachOf(secrets, ask);
  const isOpen = (asked: Asked) => asked.kind === "refused";
  if (!first.some(isOpen)) return first.map(conclude);

  const isOwn = (secret: string) => secret === control.current;
  const isControlUseless = secrets.every((secret, index) => isOwn(secret) || !isOpen(first[index] as Asked));
  const controlled = isControlUseless
    ? undefined
    : await question(transport, withSecrets(control, { credentials: secrets, values: [] }), true, settings);
  return eachOf([...secrets.keys()], async (index) => {
    const secret = secrets[index] as string;
    const before = first[index] as Asked;
    if (!isOpen(before)) return conclude(before);
    if (isOwn(secret)) return conclude({ ...before, kind: "unclear", reason: OWN });
    if (controlled && !(controlled.kind === "accepted" && controlled.canRevoke)) {
      const why = controlled.kind === "unclear" ? controlled.reason : WHY_NO_CONTROL[controlled.kind];
      const reason = `${ALONE} The control, the same request with the client's own credential, failed: ${sentence(why)} Use a control that may revoke tokens, or try again later.`;
      return conclude({ ...before, kind: "unclear", reason });
    }
    const again = await ask(secret);
    if (!isOpen(again)) return conclude(again);
    const { at, traceId } = again;
    return { validity: "inactive", reason: INACTIVE, at, ...(traceId !== undefined && { traceId }) };
  });
}

const ALONE =
  "The API refused the secret, which alone proves nothing: it says the same when it cannot reach its database.";
/** In words that nobody takes for the verdict on the secret. */
const WHY_NO_CONTROL = { refused: "it was refused, too", accepted: "it may not revoke tokens" };
const OWN = `${ALONE} The secret is the client's own credential: another one is needed as its control.`;
const INACTIVE =
  "The API refused the secret twice, and accepted the client's own credential in between: the secret is revoked, expired, mistyped or of another deployment. Other replicas may accept it for up to five minutes after its revocation.";

async function eachOf<Item, Result>(items: readonly Item[], ask: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(ask))));
  }
  return results;
}

function conclude({ at, traceId, ...answered }: Asked): Verification {
  const when = { at, ...(traceId !== undefined && { traceId }) };
  if (answered.kind === "accepted") {
    const { canRevoke, reason } = answered;
    return { validity: "active", canRevoke, reason, ...when };
  }
  return { validity: "unknown", reason: answered.kind === "unclear" ? answered.reason : ALONE, ...when };
}

/** Also what must not be repeated of others. */
function withSecrets(credential: CallCredential, more: Secrets): CallCredential {
  return {
    get secrets() {
      const { credentials, values } = credential.secrets;
      return { credentials: [...credentials, ...more.credentials], values: [...values, ...more.values] };
    },
    get current() {
      return credential.current;
    },
    getToken: (signal) => credential.getToken(signal),
    refresh: (signal) => credential.refresh(signal),
  };
}

/**
 * Sends a DELETE for a token that cannot exist: its name and its account's are 128 random bits each.
 *
 * @param refreshes whether a refused token may be replaced: not where the question is about this very token.
 * @throws the signal's reason.
 */
async function question(
  transport: Transport,
  credential: CallCredential,
  refreshes: boolean,
  settings: CallSettings,
): Promise<Asked> {
  const ref = { serviceAccountSlug: `verify-${secureHex(16)}`, tokenSlug: `verify-${secureHex(16)}` };
  const call = createCall(
    transport,
    {
      ...{ credential, slugs: ref },
      send: (client, init) => deleteServiceAccountToken(client, { params: { path: ref }, ...init }),
      judge(result, isOpen) {
        const { outcome, next } = verdict(result, isOpen);
        return { outcome, next: next === "refresh" && !refreshes ? "stop" : next };
      },
    },
    settings,
  );
  const { last, aborted } = await perform(call, settings);
  if (aborted || !last) throw settings.signal?.reason;
  const { at, traceId } = last;
  return { ...read(last), at, ...(traceId !== undefined && { traceId }) };
}

function read({ result, request }: Attempt): Answered {
  if (isAbsent(result)) {
    return { kind: "accepted", canRevoke: true, reason: "The API accepts the secret, and it may revoke tokens." };
  }
  if (result.kind === "problem") {
    const { status, problem, isNamed } = result;
    const { code = "" } = problem;
    if (status === 403 && ACCEPTED_BUT_REFUSED.includes(code)) {
      const reason = `The gateway accepts the secret. It may not revoke tokens here (${code}).`;
      return { kind: "accepted", canRevoke: false, reason };
    }
    if (status === 401 && (code === "ValidateToken.Invalid" || !isNamed)) return { kind: "refused" };
  }
  return { kind: "unclear", reason: whyUnclear(result, request.url) };
}

/** What happened, what it means, and what to do. */
function whyUnclear(result: AttemptResult, url: string): string {
  const [what, advice] =
    result.kind === "failure"
      ? [result.reason, AFTER_FAILURE[result.why]]
      : [describeAnswer(result), result.status === 204 ? NO_PROOF : adviceFor(result, url, "write:tokens")];
  return [sentence(what), "This says nothing about the secret.", advice].filter(Boolean).join(" ");
}

const NO_PROOF =
  "The server confirmed the revocation of a token that cannot exist, so none of its answers are proof. Check the base URL: it may lead to a mock or a proxy.";

const AFTER_FAILURE: Record<Failure["why"], string> = {
  argument: "Nothing was sent.",
  credential: "Nothing was sent: the token provider must return a token.",
  connection: "Check the base URL and the network, then try again.",
  timeout: "Try again, or allow a longer timeout.",
  abort: "Try again.",
  stopped: "Try again.",
};
