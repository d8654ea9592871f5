// Revokes one token: what is sent, what the answers and the record prove, and the words for it.
import { deleteServiceAccountToken } from "../../generated/client.js";
import type { Attempt } from "../answer/result.js";
import { toError } from "../answer/to-error.js";
import { sentence } from "../answer/words.js";
import { canExist, SlugError } from "../slug.js";
import type { Revocation, TokenRef } from "../types.js";
import { find, openRecordRead, type Reading, readingOf } from "./account.js";
import type { Transport } from "./attempt.js";
import { type CallCredential, fixedCredential } from "./credential.js";
import { pause } from "./deadline.js";
import { type Call, type CallSettings, type CallState, createCall, perform, shownRef } from "./perform.js";
import { backoff } from "./retry.js";
import { type Finding, isForRecord, settle, verdict } from "./verdict.js";

/** What is sent: the DELETE. */
export function openRevoke(
  transport: Transport,
  credential: CallCredential,
  ref: TokenRef,
  settings: CallSettings,
): Call {
  const operation = {
    ...{ credential, slugs: ref, judge: verdict },
    send: (client, init) => deleteServiceAccountToken(client, { params: { path: ref }, ...init }),
  } satisfies Parameters<typeof createCall>[1];
  return createCall(transport, operation, settings);
}

/** Whether the record is to be asked about a call that has ended. */
export function isOpen({ last, aborted, ...state }: CallState): boolean {
  return last !== undefined && !aborted && isForRecord(state, last.result);
}

/** Asks the record about a call that is open, with the credential that its last attempt was sent with. */
export function openCheck(
  transport: Transport,
  credential: CallCredential,
  ref: TokenRef,
  { outcome, traceId }: CallState,
  settings: CallSettings,
): Call {
  const { current = "", secrets } = credential;
  const judge = (reading: Reading) => settle(outcome, find(reading, ref.tokenSlug));
  const same = fixedCredential(current, secrets);
  return openRecordRead(transport, { credential: same, slugs: ref, traceId, judge }, settings);
}

/** @throws as {@link conclude}. */
export async function revoke(
  transport: Transport,
  credential: CallCredential,
  ref: TokenRef,
  settings: CallSettings,
): Promise<Revocation> {
  const ended = await perform(openRevoke(transport, credential, ref, settings), settings);
  const { signal } = settings;
  if (!isOpen(ended) || signal?.aborted) return conclude(ended, undefined, ref, settings);
  const check = openCheck(transport, credential, ref, ended, settings);
  let reading: Reading;
  // The API found no such token, and that alone leaves most open: one more read is worth it.
  for (let left = ended.outcome === "absent" ? 1 : 0; ; left--) {
    const { result } = await check.attempt();
    reading = readingOf(result);
    const isLast = left === 0 || reading.kind !== "unreadable" || check.state.aborted;
    const delay = isLast ? undefined : backoff(0);
    check.report(delay);
    if (delay === undefined) break;
    await pause(delay, signal);
    if (signal?.aborted) break;
  }
  const finding = find(reading, ref.tokenSlug);
  // What was read in time is not hidden by an abort that came later.
  const aborted = signal?.aborted === true && finding.kind === "unreadable";
  return conclude({ ...ended, aborted }, finding, ref, settings);
}

/**
 * What a call that has ended means.
 *
 * @param finding what the record says of the token; undefined where it was not asked.
 * @throws {KaitenError} where the revocation is not recorded.
 * @throws {TypeError} when a slug is the token that the provider returned.
 */
export function conclude(
  ended: CallState,
  finding: Finding | undefined,
  ref: TokenRef,
  { timeout, signal }: CallSettings,
): Revocation {
  const { last, attempts } = ended;
  const result = last?.result;
  const outcome = finding ? settle(ended.outcome, finding) : ended.outcome;
  if (outcome === "revoked") {
    // Nothing is revoked without an attempt.
    const { at, traceId } = last as Attempt;
    const errorId = result?.kind === "problem" ? result.problem.errorId : undefined;
    const { revokedAt, revokedBy } = finding?.kind === "revoked" ? finding : {};
    return {
      ...{ ref, outcome, attempts, at },
      ...(result?.status !== undefined && { status: result.status }),
      ...(traceId !== undefined && { traceId }),
      ...(errorId !== undefined && { errorId }),
      ...(revokedAt !== undefined && { revokedAt }),
      ...(revokedBy !== undefined && { revokedBy }),
    };
  }
  if (result?.kind === "failure" && result.why === "argument" && outcome === "not-revoked") {
    throw new SlugError(result.reason, attempts - 1);
  }
  const meaning = meaningOf(outcome, { finding, ref, wasOpen: ended.wasOpen });
  // Of a token that is not there, what the answer usually means was said already.
  const scope = outcome === "absent" ? undefined : "write:tokens";
  throw toError({ ...ended, outcome, ref: shownRef(ref, result), meaning, scope, timeout, signal });
}

const SURE = "Verify the token's secret to be sure.";
const ELSEWHERE =
  "misspelt, of another organization, or deleted some time after it was revoked or expired (by default 90 days). It may also be beyond this API, and still work: the platform's own, or of a membership that has ended.";

function meaningOf(
  outcome: Exclude<CallState["outcome"], "revoked">,
  { finding, ref, wasOpen }: { finding: Finding | undefined; ref: TokenRef; wasOpen: boolean },
): string {
  const unread = finding?.kind === "unreadable" ? `The record could not be read: ${sentence(finding.reason)}` : "";
  const listed = finding?.kind === "active" ? `The record listed the token as active at ${finding.at}` : "";
  if (outcome === "not-revoked") {
    const active = listed ? `${listed}.` : "If the token was active, it still is.";
    return ["The request was not carried out.", active, unread].filter(Boolean).join(" ");
  }
  if (outcome === "unknown") {
    const known = listed
      ? `${listed}, but a request may still be under way.`
      : "The token may be revoked or not: treat it as active.";
    return [known, unread, "Revoke it again: that is always safe."].filter(Boolean).join(" ");
  }
  const isPossible = canExist(ref.serviceAccountSlug) && canExist(ref.tokenSlug);
  const impossible = isPossible ? "" : "The API creates only names of lower-case letters, digits and hyphens.";
  if (finding?.kind === "no-account") {
    return ["There is no service account by this name: it is", ELSEWHERE, impossible, SURE].filter(Boolean).join(" ");
  }
  if (finding?.kind === "no-token") {
    const where = "The service account has no token by this name: it is";
    return [where, ELSEWHERE, impossible, SURE].filter(Boolean).join(" ");
  }
  const ours = wasOpen ? "An earlier attempt of this call may have revoked it." : "";
  const what = "The API finds no active token by this name: it is revoked already, misspelt, or beyond this API.";
  return [what, ours, impossible, unread, SURE].filter(Boolean).join(" ");
}
