// Asks the API for the record of every service account that is named, and sorts the tokens by what it says.
import { isTime } from "../call/account.js";
import {
  type KaitenClient,
  KaitenError,
  KaitenProblemError,
  type ServiceAccount,
  type Token,
  type TokenRef,
} from "../index.js";
import { Interrupted } from "./exit.js";
import type { Io } from "./io.js";
import type { Targets } from "./list.js";
import type { Line } from "./report.js";

/** What one read brought. */
export type Reading =
  | { kind: "record"; tokens: ReadonlyMap<string, Token>; at: string }
  | { kind: "no-account"; at: string }
  | { kind: "unread"; error: KaitenError };

export const isRevoked = ({ revokedAt }: Token): boolean => isTime(revokedAt);

/** By slug. Of two by one name, the active one counts. */
function tokensOf({ tokens }: ServiceAccount): Map<string, Token> {
  const inOrder = [...tokens.filter(isRevoked), ...tokens.filter((token) => !isRevoked(token))];
  return new Map(inOrder.map((token) => [token.slug, token]));
}

export function activeRefs(serviceAccountSlug: string, reading: Reading | undefined): TokenRef[] {
  if (reading?.kind !== "record") return [];
  const active = [...reading.tokens.values()].filter((token) => !isRevoked(token));
  return active.map(({ slug: tokenSlug }) => ({ serviceAccountSlug, tokenSlug }));
}

/** What the records say of the tokens that were named. */
export interface Plan {
  readings: ReadonlyMap<string, Reading>;
  send: TokenRef[];
  /** Revoked before. */
  before: Line[];
  /** Of a service account that has no such token. */
  absent: Line[];
}

export function sortTargets(targets: Targets, readings: ReadonlyMap<string, Reading>): Plan {
  const plan: Plan = { readings, send: [], before: [], absent: [] };
  for (const ref of targets.values()) {
    const reading = readings.get(ref.serviceAccountSlug);
    const token = reading?.kind === "record" ? reading.tokens.get(ref.tokenSlug) : undefined;
    if (!reading || reading.kind === "unread" || (token && !isRevoked(token))) plan.send.push(ref);
    else if (token) {
      const { revokedAt, revokedBy } = token;
      plan.before.push({ ...ref, outcome: "revoked", before: true, attempts: 0, at: reading.at, revokedAt, revokedBy });
    } else {
      plan.absent.push({ ...ref, outcome: "absent", before: false, attempts: 0, at: reading.at, message: NOT_THERE });
    }
  }
  return plan;
}

const NOT_THERE =
  "The record has no such token, so nothing was sent for it. It is misspelt, of another organization, or deleted some time after it was revoked or expired (by default 90 days). It may also be beyond this API, and still work: verify its secret to be sure.";

const AT_ONCE = 8;
/** In ms. The person waits for the question. */
const TIMEOUT = 5_000;
/** Between two reads that are refused by a rate limit, in ms, and how often. */
const PAUSE = 1_000;
const MAX_PAUSES = 60;

interface ReadOptions {
  io: Io;
  /** In ms, of an attempt of the run. */
  timeout: number;
  signal: AbortSignal;
  onProgress: (done: number, notice: string) => void;
}

/**
 * If the first reads fail alike, so will the others: no more are made.
 *
 * @throws {KaitenError} where the credential is refused (401).
 * @throws {Interrupted}
 */
export async function readRecords(
  client: KaitenClient,
  accounts: Iterable<string>,
  { io, timeout, signal, onProgress }: ReadOptions,
): Promise<Map<string, Reading>> {
  const readings = new Map<string, Reading>();
  const refused = new AbortController();
  const options = { timeout: Math.min(timeout, TIMEOUT), signal: AbortSignal.any([signal, refused.signal]) };
  let hopeless: Reading | undefined;

  async function read(account: string): Promise<Reading> {
    for (let pauses = 0; ; pauses++) {
      try {
        const tokens = tokensOf(await client.serviceAccounts.get(account, options));
        return { kind: "record", tokens, at: new Date(io.now()).toISOString() };
      } catch (error) {
        if (!(error instanceof KaitenError) || error.status === 401 || options.signal.aborted) throw error;
        const code = error instanceof KaitenProblemError ? error.code : undefined;
        if (code === "ServiceAccount.NotFound") return { kind: "no-account", at: error.at };
        if (error.status !== 429 || pauses >= MAX_PAUSES) return { kind: "unread", error };
      }
      onProgress(readings.size, "the server limits the rate");
      await io.sleep(PAUSE, options.signal);
    }
  }

  /** Shared by all that read. */
  const queue = new Set(accounts).values();
  async function work(): Promise<void> {
    for (const account of queue) {
      const reading = hopeless ?? (await read(account));
      readings.set(account, reading);
      onProgress(readings.size, "");
      const isUnread = reading.kind === "unread" && readings.size === AT_ONCE;
      if (isUnread && new Set(Array.from(readings.values(), alike)).size === 1) hopeless = reading;
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return readings;
  } catch (error) {
    refused.abort();
    throw signal.aborted ? new Interrupted() : error;
  }
}

const alike = (reading: Reading): string =>
  reading.kind === "unread" ? `${reading.error.name} ${reading.error.status}` : reading.kind;
