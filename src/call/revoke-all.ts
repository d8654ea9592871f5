// Revokes many tokens: one result per reference as it settles, whatever becomes of the others.
import { KaitenError, KaitenProblemError } from "../errors/errors.js";
import type { BulkRef, BulkRefs, PaceEvent, TokenRef, TokenResult } from "../types.js";
import type { Transport } from "./attempt.js";
import type { CallCredential } from "./credential.js";
import { createPace } from "./pace.js";
import { notify } from "./perform.js";
import { isoTime } from "./platform.js";
import { createQueue } from "./queue.js";
import { type RevokeSettings, revoke } from "./revoke.js";
import { SlugError } from "./slug.js";
import { openSource } from "./source.js";
import { notAttempted } from "./to-error.js";

export interface RunSettings extends Omit<RevokeSettings, "maybeRevoked"> {
  concurrency: number;
  onPace: ((event: PaceEvent) => void) | undefined;
}

/** What a run needs of its client. */
export interface RunContext {
  transport: Transport;
  openCredential: () => CallCredential;
  /** @throws {TypeError} for a bad reference. */
  check: (ref: BulkRef) => { checked: TokenRef; maybeRevoked: boolean };
}

/** Results that need no waiting could keep timers, sockets and signals from being served for longer. In ms. */
const MAX_BLOCKING = 10;

/**
 * A pool of calls over one queue. Whoever stops listening, by `break` or by the signal, waits for the requests in flight:
 * none of them is left without a result.
 */
export async function* revokeAll(
  { transport, openCredential, check }: RunContext,
  refs: BulkRefs,
  { signal, concurrency, onPace, ...settings }: RunSettings,
): AsyncGenerator<TokenResult, void, undefined> {
  signal?.throwIfAborted();
  const pace = createPace({
    ...{ concurrency, maxRetryAfter: settings.maxRetryAfter, now: () => performance.now() },
    onPace: (event) => onPace && notify(() => onPace(event)),
  });
  const queue = createQueue(pace, { ...settings, onReady: () => fill() });
  const source = openSource(refs);
  // Without the signal: requests in flight finish.
  const defaults: RevokeSettings = { ...settings, maybeRevoked: false, signal: undefined };
  const active = new Set<Promise<void>>();
  const results: TokenResult[] = [];
  let taking = 0;
  /** What stopped the run: the references that are left get no attempt. */
  let cause: KaitenError | undefined;
  let aborted = false;
  let wake = () => {};

  async function settle(ref: BulkRef): Promise<TokenResult> {
    let named: ReturnType<typeof check>;
    try {
      named = check(ref);
    } catch (thrown) {
      return unreadable(ref, "not-revoked", thrown);
    }
    const { checked, maybeRevoked } = named;
    const gate = queue.open();
    try {
      const call = maybeRevoked ? { ...defaults, maybeRevoked } : defaults;
      const revocation = await revoke(transport, openCredential(), checked, call, gate);
      if (revocation) return Object.assign(revocation, { ref }) as TokenResult;
      throw notAttempted(checked, maybeRevoked ? "unknown" : "not-revoked", cause ?? signal?.reason);
    } catch (thrown) {
      return failed(ref, thrown);
    } finally {
      gate.close();
    }
  }

  function failed(ref: BulkRef, thrown: unknown): TokenResult {
    if (thrown instanceof KaitenError) {
      if (pace.stopped || refusesAll(thrown)) stop(thrown);
      const { outcome, attempts, at, traceId } = thrown;
      const { status, errorId } = thrown as Partial<KaitenProblemError>;
      return {
        ...{ ref, outcome, attempts, at, error: thrown },
        ...(status !== undefined && { status }),
        ...(traceId !== undefined && { traceId }),
        ...(errorId !== undefined && { errorId }),
      } as TokenResult;
    }
    // The slug is the provider's token, so nothing was sent. Whatever else is thrown proves nothing.
    if (thrown instanceof SlugError) return unreadable(ref, "not-revoked", thrown, thrown.attempts);
    return unreadable(ref, "unknown", thrown);
  }

  function unreadable(ref: BulkRef, outcome: "not-revoked" | "unknown", thrown: unknown, attempts = 0): TokenResult {
    const error =
      thrown instanceof TypeError ? thrown : new TypeError("The reference cannot be read.", { cause: thrown });
    return { ref, outcome, attempts, at: isoTime(), error };
  }

  function stop(error: KaitenError): void {
    cause ??= error;
    queue.halt();
  }

  function start(ref: BulkRef): void {
    const call = settle(ref).then((result) => {
      active.delete(call);
      results.push(result);
      fill();
    });
    active.add(call);
  }

  function taken(next: { ref: BulkRef } | undefined): void {
    taking--;
    if (next) start(next.ref);
  }

  /** Starts as many calls as may run. Results that nobody has taken count too: that is the back-pressure. */
  function fill(): void {
    while (!source.ended && queue.ready && active.size - queue.held + taking + results.length < concurrency) {
      taking++;
      const next = source.take();
      if (!(next instanceof Promise)) {
        taken(next);
        continue;
      }
      void next.then((later) => {
        taken(later);
        fill();
      });
    }
    if (source.ended && taking === 0) queue.finish();
    wake();
  }

  const change = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  const abort = () => {
    aborted = !source.ended || active.size + taking > 0;
    source.close();
    queue.halt();
    wake();
  };
  signal?.addEventListener("abort", abort);
  let lastPause = performance.now();
  try {
    fill();
    while (results.length > 0 || active.size > 0 || taking > 0 || !source.ended) {
      for (let result = results.shift(); result; result = results.shift()) {
        yield result;
        if (performance.now() - lastPause < MAX_BLOCKING) continue;
        await new Promise((resolve) => setTimeout(resolve));
        lastPause = performance.now();
      }
      fill();
      if (results.length > 0 || (active.size + taking === 0 && source.ended)) continue;
      await change();
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    source.close();
    queue.halt();
    while (taking > 0) await change();
    await Promise.all(active);
  }
  if (source.failure) throw source.failure.error;
  if (aborted) throw signal?.reason;
}

/** Whether no other token will fare better: the credential is refused, or lacks its scope. */
function refusesAll(error: KaitenError): boolean {
  return error instanceof KaitenProblemError && (error.status === 401 || error.code === "Auth.MissingScope");
}
