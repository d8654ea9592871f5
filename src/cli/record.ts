// Asks the API for the record of every service account that is named, and sorts the tokens by what it says.
import { type KaitenClient, KaitenError, type ServiceAccount, type Token, type TokenRef } from "../index.js";
import { EXIT } from "./exit.js";
import type { Io } from "./io.js";
import type { Targets } from "./list.js";
import { type Line, whenAndBy } from "./report.js";

/** What one read brought. */
type Reading =
  | { kind: "record"; tokens: ReadonlyMap<string, Token>; at: string; error?: undefined }
  | { kind: "no-account" | "unread"; tokens?: undefined; at: string; error: KaitenError };
type Readings = ReadonlyMap<string, Reading>;

export const isRevoked = ({ revokedAt }: Token): boolean => revokedAt !== undefined;

/** By slug. Of two by one name, the active one counts. */
function tokensOf({ tokens }: ServiceAccount): Map<string, Token> {
  const inOrder = [...tokens.filter(isRevoked), ...tokens.filter((token) => !isRevoked(token))];
  return new Map(inOrder.map((token) => [token.slug, token]));
}

export function activeRefs(serviceAccountSlug: string, reading: Reading | undefined): TokenRef[] {
  const active = [...(reading?.tokens?.values() ?? [])].filter((token) => !isRevoked(token));
  return active.map(({ slug: tokenSlug }) => ({ serviceAccountSlug, tokenSlug }));
}

export type Plan = ReturnType<typeof sortTargets>;

/** What the records say of the tokens that were named: to be sent, revoked before, or not there. */
export function sortTargets(targets: Targets, readings: Readings) {
  const plan = { readings, send: [] as TokenRef[], before: [] as Line[], absent: [] as Line[] };
  for (const ref of targets.values()) {
    const { kind = "unread", tokens, at } = readings.get(ref.serviceAccountSlug) ?? {};
    const token = tokens?.get(ref.tokenSlug);
    if (kind === "unread" || (token && !isRevoked(token))) plan.send.push(ref);
    else if (token) {
      const { revokedAt, revokedBy } = token;
      const members = { before: true, attempts: 0, at, revokedAt, revokedBy };
      plan.before.push({ ref, outcome: "revoked", note: whenAndBy(token), why: "", code: EXIT.ok, members });
    } else {
      const [note, why] = kind === "record" ? NO_TOKEN : NO_ACCOUNT;
      const members = { before: false, attempts: 0, at, message: why };
      plan.absent.push({ ref, outcome: "absent", note, why, code: EXIT.notFound, members });
    }
  }
  return plan;
}

/** The fourth field, and the whole of it. */
type Words = readonly [note: string, why: string];
const NO_ACCOUNT: Words = [
  "unknown service account",
  "The API knows no such service account, so nothing was sent for its token. It is misspelt, of another organization, or its membership has ended: then the token may still work. Verify its secret to be sure.",
];
const NO_TOKEN: Words = [
  "not in the record",
  "The record has no such token, so nothing was sent for it. It is misspelt, of another organization, or deleted some time after it was revoked or expired (by default 90 days). It may also be beyond this API, and still work: verify its secret to be sure.",
];

const AT_ONCE = 8;
/** In ms. The person waits for the question. */
const TIMEOUT = 5_000;
/** Between two reads that are refused by a rate limit, and for how long they are repeated, in ms. */
const PAUSE = 1_000;
const PATIENCE = 60_000;

/** Told how many were read, and what is waited for. */
type OnProgress = (done: number, notice: string) => void;

/** If the first reads fail alike, so will the others: no more are made. @throws {KaitenError} for a refused credential (401). */
export async function readRecords(
  client: KaitenClient,
  accounts: Iterable<string>,
  { io, timeout, signal, onProgress }: { io: Io; timeout: number; signal: AbortSignal; onProgress: OnProgress },
): Promise<Readings> {
  const readings = new Map<string, Reading>();
  const refused = new AbortController();
  const options = { timeout: Math.min(timeout, TIMEOUT), signal: AbortSignal.any([signal, refused.signal]) };
  const end = io.now() + PATIENCE;
  let hopeless: Reading | undefined;

  async function read(account: string): Promise<Reading> {
    for (;;) {
      try {
        const tokens = tokensOf(await client.serviceAccounts.get(account, options));
        return { kind: "record", tokens, at: new Date(io.now()).toISOString() };
      } catch (error) {
        if (!(error instanceof KaitenError) || error.status === 401 || options.signal.aborted) throw error;
        const isUnknown = "code" in error && error.code === "ServiceAccount.NotFound";
        const isLimited = error.status === 429 && io.now() < end;
        if (!isLimited) return { kind: isUnknown ? "no-account" : "unread", at: error.at, error };
      }
      onProgress(readings.size, "the server limits the rate");
      await io.sleep(PAUSE, options.signal);
    }
  }
  /** Shared by all that read. */
  const left = new Set(accounts).values();
  async function work(): Promise<void> {
    for (const account of left) {
      const reading = hopeless ?? (await read(account));
      readings.set(account, reading);
      onProgress(readings.size, "");
      const isEighth = reading.kind === "unread" && readings.size === AT_ONCE;
      if (isEighth && new Set(Array.from(readings.values(), alike)).size === 1) hopeless = reading;
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return readings;
  } catch (error) {
    refused.abort();
    throw error;
  }
}

const alike = ({ kind, error }: Reading): string => `${kind} ${error?.name} ${error?.status}`;
