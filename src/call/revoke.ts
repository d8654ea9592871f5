// Revokes one token: what is sent, what a result proves, and the words for it.
import { deleteServiceAccountToken } from "../../generated/client.js";
import { type Meaning, toError } from "../answer/to-error.js";
import { canExist, SlugError } from "../slug.js";
import type { AttemptEvent, Revocation, TokenRef } from "../types.js";
import type { Attempt, Transport } from "./attempt.js";
import type { CallCredential } from "./credential.js";
import {
  type Call,
  type CallOperation,
  type CallSettings,
  createCall,
  type Ended,
  perform,
  shownRef,
} from "./perform.js";
import { type AttemptResult, verdict } from "./verdict.js";

const MISSPELT_OR_GONE = "it is misspelt, or an old token that is already gone. Verify the token's secret to be sure.";

const MEANING: Meaning = {
  absent: `The API finds no active token by this name: ${MISSPELT_OR_GONE}`,
  "not-revoked": "The request was not carried out. If the token was active, it still is.",
  scope: "write:tokens",
  unknown:
    "The token may still be active. Revoke it again as maybe revoked; absent then means revoked, or no longer found by the API.",
};

/** The API creates no such slugs: then `absent` is usually the answer to a misspelling. */
const IMPOSSIBLE: Meaning = {
  ...MEANING,
  absent: `The API finds no active token by this name, and creates only names of lower-case letters, digits and hyphens: ${MISSPELT_OR_GONE}`,
};

export interface RevokeSettings extends CallSettings {
  ignoreAbsent: boolean;
  maybeRevoked: boolean;
  onAttempt: ((event: AttemptEvent) => void) | undefined;
}

/** @throws as {@link conclude}. */
export async function revoke(
  transport: Transport,
  credential: CallCredential,
  ref: TokenRef,
  settings: RevokeSettings,
): Promise<Revocation> {
  return conclude(await perform(openCall(transport, credential, ref, settings), settings), ref, settings);
}

export function openCall(
  transport: Transport,
  credential: CallCredential,
  ref: TokenRef,
  settings: RevokeSettings,
): Call {
  const { maybeRevoked, onAttempt } = settings;
  const operation: CallOperation = {
    slugs: ref,
    send: (client, init) => deleteServiceAccountToken(client, { params: { path: ref }, ...init }),
    judge: (result, maybe) => verdict(result, maybe, transport.inBrowser),
    ...{ credential, maybeRevoked, onAttempt },
  };
  return createCall(transport, operation, settings);
}

/**
 * What a call that has ended means.
 *
 * @throws {KaitenError} without proof that the token is revoked or gone.
 * @throws {TypeError} when a slug is the token that the provider returned.
 */
export function conclude(ended: Ended, ref: TokenRef, settings: RevokeSettings): Revocation {
  const { timeout, signal, ignoreAbsent } = settings;
  const { last, attempts, outcome } = ended;
  const possible = canExist(ref.serviceAccountSlug) && canExist(ref.tokenSlug);
  const isGone = outcome === "absent" && possible && (ended.maybeRevoked || ignoreAbsent);
  if (outcome === "revoked" || isGone) return toRevocation(ref, outcome, attempts, last as Answered);
  if (outcome === "not-revoked" && last?.result.kind === "failure" && last.result.why === "argument") {
    throw new SlugError(last.result.reason, attempts - 1);
  }
  const meaning = possible ? MEANING : IMPOSSIBLE;
  throw toError(ended, { ref: shownRef(ref, last?.result), meaning, timeout, signal });
}

/** Without an answer, nothing is revoked or absent. */
type Answered = Attempt & { result: Exclude<AttemptResult, { kind: "failure" }> };

function toRevocation(
  ref: TokenRef,
  outcome: Revocation["outcome"],
  attempts: number,
  { result, at, traceId }: Answered,
): Revocation {
  const revocation: Revocation = { ref, outcome, attempts, at, status: result.status };
  if (traceId !== undefined) revocation.traceId = traceId;
  if (result.kind === "problem" && result.problem.errorId !== undefined) revocation.errorId = result.problem.errorId;
  return revocation;
}
