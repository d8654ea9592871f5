// Asks whether secrets are still accepted, by an operation that destroys nothing. A refusal counts only with a control: an API
// that cannot reach its database refuses everybody, and says the same.
import { deleteServiceAccountToken } from "../../generated/client.js";
import type { Answer, Attempt, AttemptResult, Failure } from "../answer/result.js";
import { adviceFor, describeAnswer, sentence } from "../answer/words.js";
import type { Verification } from "../types.js";
import type { Transport } from "./attempt.js";
import { type CallCredential, fixedCredential } from "./credential.js";
import { type CallSettings, createCall, perform } from "./perform.js";
import { secureHex } from "./platform.js";
import { ACCEPTED_BUT_REFUSED, isAbsent, verdict } from "./verdict.js";

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
  // None may be repeated in an answer about another.
  const guarded = withSecrets(control, secrets);
  const ask = (secret: string) => question(transport, fixedCredential(secret, guarded.secrets), settings);
  const first = await eachOf(secrets, ask);
  if (!first.some(isRefused)) return first;
  const controlled = await question(transport, guarded, settings);
  const why = controlled.canRevoke ? undefined : CONTROL_FAILED(controlled);
  return eachOf([...secrets.keys()], async (index) => {
    const [secret, before] = [secrets[index] as string, first[index] as Verification];
    if (!isRefused(before)) return before;
    const useless = secret === control.current ? OWN : why;
    return useless ? { ...before, validity: "unknown", reason: `${ALONE} ${useless}` } : ask(secret);
  });
}

const isRefused = ({ validity }: Verification): boolean => validity === "inactive";

const ALONE =
  "The API refused the secret, which alone proves nothing: it says the same when it cannot reach its database.";
const OWN = "The secret is the client's own credential: another one is needed as its control.";
const CONTROL_FAILED = ({ validity, reason }: Verification): string => {
  // In words that nobody takes for the verdict on the secret.
  const refused = { inactive: "it was refused, too.", active: "it may not revoke tokens.", unknown: reason };
  return `The control, the same request with the client's own credential, failed: ${refused[validity]} Use one that may revoke tokens, or try again later.`;
};
const INACTIVE =
  "The API refused the secret twice, and accepted the client's own credential in between: the secret is revoked, expired, mistyped or of another deployment. Other replicas may accept it for up to five minutes after its revocation.";

async function eachOf<Item, Result>(items: readonly Item[], ask: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(ask))));
  }
  return results;
}

function withSecrets(credential: CallCredential, more: readonly string[]): CallCredential {
  const get = () => ({ ...credential.secrets, credentials: [...credential.secrets.credentials, ...more] });
  return Object.create(credential, { secrets: { get } });
}

/**
 * Sends a DELETE for a token that cannot exist: its name and its account's are 128 random bits each.
 *
 * @returns `inactive` for a refusal, which alone proves nothing.
 * @throws the signal's reason.
 */
async function question(
  transport: Transport,
  credential: CallCredential,
  settings: CallSettings,
): Promise<Verification> {
  const ref = { serviceAccountSlug: `verify-${secureHex(16)}`, tokenSlug: `verify-${secureHex(16)}` };
  const call = createCall(
    transport,
    {
      ...{ credential, slugs: ref, judge: verdict },
      send: (client, init) => deleteServiceAccountToken(client, { params: { path: ref }, ...init }),
    },
    settings,
  );
  const { last, aborted } = await perform(call, settings);
  if (aborted || !last) throw settings.signal?.reason;
  const { at, traceId } = last;
  return { ...read(last), at, ...(traceId !== undefined && { traceId }) };
}

function read({ result, request }: Attempt): Omit<Verification, "at" | "traceId"> {
  if (isAbsent(result)) {
    return { validity: "active", canRevoke: true, reason: "The API accepts the secret, and it may revoke tokens." };
  }
  if (result.kind === "problem") {
    const { status, problem, isNamed } = result;
    const { code = "" } = problem;
    if (status === 403 && ACCEPTED_BUT_REFUSED.includes(code)) {
      const reason = `The gateway accepts the secret. It may not revoke tokens here (${code}).`;
      return { validity: "active", canRevoke: false, reason };
    }
    if (status === 401 && (code === "ValidateToken.Invalid" || !isNamed))
      return { validity: "inactive", reason: INACTIVE };
  }
  return { validity: "unknown", reason: whyUnknown(result, request.url) };
}

/** What happened, what it means, and what to do. */
function whyUnknown(result: AttemptResult, url: string): string {
  const [what, advice] =
    result.kind === "failure"
      ? [result.reason, AFTER_FAILURE[result.why]]
      : [describeAnswer(result), adviceOn(result, url)];
  return [sentence(what), "This says nothing about the secret.", advice].filter(Boolean).join(" ");
}

function adviceOn(answer: Answer, url: string): string {
  if (verdict(answer, false).outcome === "revoked") return NO_PROOF;
  return answer.kind === "response" && answer.status === 401 ? OF_GATEWAY : adviceFor(answer, url, "write:tokens");
}

const OF_GATEWAY = "A gateway refused it before the API saw it, as it does with a JWT that has expired.";
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
