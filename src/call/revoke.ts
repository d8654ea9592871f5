// Revokes one token: attempts, the verdict on each, and when to stop.

import type { CallSettings } from "../check.js";
import { explain, reasonOf } from "../errors/to-error.js";
import { type Attempt, attempt, type TokenRef, type Transport } from "./attempt.js";
import type { Credential, Lease } from "./credential.js";
import { pause, withDeadline } from "./deadline.js";
import { redact } from "./redact.js";
import { backoff, readRetryAfter } from "./retry.js";
import { type Outcome, verdict } from "./verdict.js";

/** The token is dead, or was never there. */
export interface Revocation {
  /**
   * `revoked`: this call revoked it. `absent`: the API has no active token by that slug, after an attempt that may have
   * revoked it, or because `ignoreAbsent` was set.
   */
  outcome: "revoked" | "absent";
  /** How many attempts were made. */
  attempts: number;
}

/** One attempt, as {@link ClientOptions.onAttempt} is told of it. Never holds the credential. */
export interface AttemptEvent {
  /** From 1. */
  number: number;
  /** Where the request went, or would have gone. */
  url: string;
  /** Of the answer, where a whole one came. */
  status?: number;
  /** Else what went wrong, in words. */
  error?: string;
  /** What is known of the token after this attempt. */
  outcome: Outcome;
  /** How long the attempt took, in ms. */
  ms: number;
  /** How long until the next attempt, in ms; undefined where this was the last. */
  delay?: number;
  /** The `Kaiten-TraceId` of the answer. */
  traceId?: string;
}

/**
 * A loop of our own, not p-retry: what `Retry-After` bounds from below, what a refreshed token adds, and what an earlier
 * attempt says of a later one are the subject here, and in a library's hooks they would be hidden.
 *
 * @throws {KaitenError} one of its kinds, when the call has ended and the token is not known to be dead.
 * @throws the signal's reason, when it aborts.
 */
export async function revoke(transport: Transport, ref: TokenRef, settings: CallSettings): Promise<Revocation> {
  const { timeout, retries, maxRetryAfter, ignoreAbsent, signal, onAttempt } = settings;
  const earlier: Outcome[] = [];
  const sent = new Set<string>();
  let lease: Lease | undefined;
  let retried = 0;

  for (let number = 1; ; number++) {
    const started = performance.now();
    const made = await attempt(transport, ref, { timeout, signal, lease });
    const ms = performance.now() - started;
    if (made.lease) sent.add(made.lease.token);

    const { outcome, retry, stained } = verdict(made.evidence, earlier);
    earlier.push(outcome);
    const reached = outcome === "revoked" || (outcome === "absent" && (stained || ignoreAbsent));

    let delay: number | undefined;
    if (made.answer?.status === 401 && !lease) {
      ({ lease, cause: made.cause } = await anotherToken(transport.credential, made.lease, settings));
      if (lease) delay = 0;
    } else if (retry && retried < retries) {
      const asked = readRetryAfter(made.answer?.headers.get("retry-after") ?? null) ?? 0;
      if (asked <= maxRetryAfter) delay = Math.max(asked, backoff(retried++));
    }

    if (onAttempt) {
      notify(() =>
        onAttempt({ number, ...describe(made, [...sent]), outcome, ms, ...(delay !== undefined && { delay }) }),
      );
    }
    if (reached) return { outcome, attempts: number };
    if (delay === undefined) throw explain({ attempt: made, outcome, attempts: number, timeout, secrets: [...sent] });
    await pause(delay, signal);
  }
}

/** What the provider gives in place of a refused token, if it is another one; or why it gave none. */
async function anotherToken(
  credential: Credential,
  refused: Lease | undefined,
  { timeout, signal }: CallSettings,
): Promise<{ lease?: Lease; cause?: unknown }> {
  const { replace } = credential;
  if (!replace || !refused) return {};
  try {
    const lease = await withDeadline(timeout, signal, (ending) => replace(refused, ending));
    return lease.token === refused.token ? {} : { lease };
  } catch (cause) {
    signal?.throwIfAborted();
    return { cause };
  }
}

function describe(
  { request, answer, cause }: Attempt,
  secrets: readonly string[],
): Omit<AttemptEvent, "number" | "outcome" | "ms"> {
  const url = redact(request.url, secrets);
  if (!answer) return { url, error: reasonOf(cause, secrets) };
  const traceId = answer.headers.get("kaiten-traceid");
  return { url, status: answer.status, ...(traceId && { traceId: redact(traceId, secrets) }) };
}

/** An observer cannot change what happened to the token: neither by throwing nor by rejecting. */
function notify(tell: () => unknown): void {
  new Promise((resolve) => resolve(tell())).catch(() => {});
}
