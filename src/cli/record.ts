// Asks the API for the record of every service account that is named, and sorts the tokens by what it says: revoked before,
// not there, or to be sent.
import { isTime } from "../call/account.js";
import {
  type KaitenClient,
  KaitenError,
  KaitenProblemError,
  type ServiceAccount,
  type Token,
  type TokenRef,
  type User,
} from "../index.js";
import { Interrupted } from "./errors.js";
import type { Io } from "./io.js";
import type { Targets } from "./targets.js";

export interface Before {
  ref: TokenRef;
  revokedAt: string;
  revokedBy: User | undefined;
  /** When the record was read. */
  at: string;
}

/** What the records say of the tokens that were named, in their order. */
export interface Plan {
  send: TokenRef[];
  /** Of the first tokens to be sent, as the record has them. */
  known: Map<TokenRef, Token>;
  before: Before[];
  /** Their account has no such token. */
  absent: { ref: TokenRef; at: string }[];
  /** Accounts that the API does not know. */
  unknownAccounts: string[];
  /** The other active tokens of accounts that lack one that was named. */
  active: TokenRef[];
  /** How many accounts' records could not be read, and why one of them could not. */
  unread: { count: number; error: KaitenError | undefined };
}

/** What one read brought. */
type Reading = { at: string } & (
  | { kind: "record"; account: ServiceAccount }
  | { kind: "no-account" }
  | { kind: "unread"; error: KaitenError }
);

/** So many names are shown at most. */
export const MAX_NAMES = 10;

export const isRevoked = ({ revokedAt }: Token): boolean => isTime(revokedAt);

/** The active tokens of an account. Of two entries by one name, either is. */
export const activeTokens = ({ tokens }: ServiceAccount): Token[] => {
  const bySlug = new Map(tokens.filter((token) => !isRevoked(token)).map((token) => [token.slug, token]));
  return [...bySlug.values()];
};

export interface RecordOptions {
  io: Io;
  /** In ms, of an attempt of the run. */
  timeout: number;
  signal: AbortSignal;
  /** Told when a record was read, or the rate is limited. */
  onProgress: (done: number, notice: string) => void;
}

/**
 * @param targets an account without tokens stands for all that are active.
 * @throws {KaitenError} where the credential is refused (401).
 * @throws {Interrupted}
 */
export async function planFrom(client: KaitenClient, targets: Targets, options: RecordOptions): Promise<Plan> {
  const parts = new Map<string, Plan>();
  const accounts = targets.accounts();
  await readRecords(client, accounts, options, (account, reading) => {
    parts.set(account, sort(account, targets.tokensOf(account), reading));
  });
  const plan = emptyPlan();
  for (const account of accounts) {
    const part = parts.get(account) ?? { ...emptyPlan(), send: refsOf(account, targets.tokensOf(account)) };
    for (const name of ["send", "before", "absent", "unknownAccounts", "active"] as const) {
      for (const item of part[name]) (plan[name] as unknown[]).push(item);
    }
    for (const [ref, token] of part.known) if (plan.known.size < MAX_NAMES) plan.known.set(ref, token);
    plan.unread.error ??= part.unread.error;
    plan.unread.count += parts.has(account) ? part.unread.count : 1;
  }
  return plan;
}

const emptyPlan = (): Plan => ({
  ...{ send: [], known: new Map(), before: [], absent: [], unknownAccounts: [], active: [] },
  unread: { count: 0, error: undefined },
});

const refsOf = (serviceAccountSlug: string, tokens: Iterable<string>): TokenRef[] =>
  Array.from(tokens, (tokenSlug) => ({ serviceAccountSlug, tokenSlug }));

/** @param named the tokens of the account; none: all that are active. */
function sort(account: string, named: ReadonlySet<string>, reading: Reading): Plan {
  const plan = emptyPlan();
  const { at } = reading;
  const isAll = named.size === 0 && reading.kind === "record";
  const refs = refsOf(account, isAll ? activeTokens(reading.account).map((token) => token.slug) : named);
  if (reading.kind === "unread") {
    return { ...plan, send: refs, unread: { count: 1, error: reading.error } };
  }
  if (reading.kind === "no-account") {
    return { ...plan, unknownAccounts: [account], absent: refs.map((ref) => ({ ref, at })) };
  }
  const active = new Map(activeTokens(reading.account).map((token) => [token.slug, token]));
  const bySlug = new Map(reading.account.tokens.map((token) => [token.slug, token]));
  for (const ref of refs) {
    const token = active.get(ref.tokenSlug) ?? bySlug.get(ref.tokenSlug);
    if (!token) plan.absent.push({ ref, at });
    else if (active.has(token.slug)) {
      plan.send.push(ref);
      if (plan.known.size < MAX_NAMES) plan.known.set(ref, token);
    } else plan.before.push({ ref, at, revokedAt: token.revokedAt ?? "", revokedBy: token.revokedBy });
  }
  if (plan.absent.length > 0) plan.active = refsOf(account, active.keys()).filter((ref) => !named.has(ref.tokenSlug));
  return plan;
}

const AT_ONCE = 8;
/** In ms. The person waits for the question. */
const TIMEOUT = 5_000;
/** Between two reads that are refused by a rate limit, and how long that may go on. In ms. */
const PAUSE = 1_000;
const MAX_PAUSES = 60;

/** If the first reads fail alike, so will the others: no more are made. */
async function readRecords(
  client: KaitenClient,
  accounts: readonly string[],
  { io, timeout, signal, onProgress }: RecordOptions,
  onReading: (account: string, reading: Reading) => void,
): Promise<void> {
  /** Shared by all that read. */
  const queue = accounts.values();
  const failures = new Map<string, number>();
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let done = 0;
  let isHopeless = false;

  async function read(account: string): Promise<Reading> {
    for (let pauses = 0; ; pauses++) {
      try {
        const options = { timeout: Math.min(timeout, TIMEOUT), signal: either };
        const record = await client.serviceAccounts.get(account, options);
        return { kind: "record", account: record, at: new Date(io.now()).toISOString() };
      } catch (error) {
        if (either.aborted) throw new Interrupted();
        if (!(error instanceof KaitenError) || error.status === 401) throw error;
        const { at, status } = error;
        const code = error instanceof KaitenProblemError ? error.code : undefined;
        if (status === 404 && code === "ServiceAccount.NotFound") return { kind: "no-account", at };
        if (status !== 429 || pauses >= MAX_PAUSES) return { kind: "unread", error, at };
      }
      onProgress(done, "the server limits the rate");
      await io.sleep(PAUSE, either);
    }
  }
  async function work(): Promise<void> {
    for (const account of queue) {
      const reading = await read(account);
      done++;
      onReading(account, reading);
      if (reading.kind === "unread") {
        const why = `${reading.error.name} ${reading.error.status}`;
        failures.set(why, (failures.get(why) ?? 0) + 1);
        isHopeless ||= done >= AT_ONCE && failures.get(why) === done;
      }
      onProgress(done, "");
      if (isHopeless) return;
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } catch (error) {
    stop.abort();
    throw signal.aborted ? new Interrupted() : error;
  }
}
