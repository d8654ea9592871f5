// The record of a service account: read from the API, checked, and what it says of a token.
import { getServiceAccount } from "../../generated/client.js";
import type { AttemptResult } from "../answer/result.js";
import { toError } from "../answer/to-error.js";
import { describeAnswer } from "../answer/words.js";
import type { Outcome, ServiceAccount, User } from "../types.js";
import type { Transport } from "./attempt.js";
import type { CallCredential } from "./credential.js";
import { type Call, type CallOperation, type CallSettings, createCall, perform } from "./perform.js";
import { type Finding, type Next, type Verdict, verdict } from "./verdict.js";

/** The API gives all tokens of an account at once. In bytes. */
const LIMIT = 16 * 1024 * 1024;

/** The documented members, and no others. */
const ACCOUNT = ["id", "name", "slug", "externalId", "createdBy", "createdAt", "tokens"];
const TOKEN = [
  ...["id", "name", "slug", "scopes", "serviceAccountId", "expiresAt", "createdAt", "createdBy"],
  ...["revokedAt", "revokedBy"],
];
const USER = ["id", "name"];

/** A record that counts. */
interface AccountRecord {
  /** Without secrets, and without members that are not documented. */
  account: ServiceAccount;
  /** By the slugs as they came: a name that repeats a credential is still a name to compare with. */
  tokens: ReadonlyMap<string, TokenState>;
}

/** The entries of one slug, as one: revoked only if every one is. */
type TokenState = { revokedAt: string; revokedBy: User | undefined } | "active";

/** What a read brought: it speaks for every token of the account. */
export type Reading =
  | { kind: "record"; tokens: AccountRecord["tokens"]; at: string }
  | { kind: "no-account" }
  | { kind: "unreadable"; reason: string };

interface Body {
  status: number;
  headers: Headers;
  json: unknown;
}

type Clean = (json: unknown) => unknown;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const pick = (value: unknown, names: readonly string[]): Record<string, unknown> =>
  isObject(value)
    ? Object.fromEntries(names.filter((name) => Object.hasOwn(value, name)).map((name) => [name, value[name]]))
    : {};

const withUsers = (value: Record<string, unknown>): Record<string, unknown> => {
  for (const name of ["createdBy", "revokedBy"]) if (isObject(value[name])) value[name] = pick(value[name], USER);
  return value;
};

/** RFC 3339 §5.6. */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** Zero times, of Go or of Unix, are how some servers write "never". It is never compared with the local clock. */
const isTime = (value: unknown): value is string =>
  typeof value === "string" && DATE_TIME.test(value) && Date.parse(value) > 0;

/** @returns undefined for what is not the record of this account, or may not be as it is now. */
function readRecord(slug: string, { status, headers, json }: Body, clean: Clean): AccountRecord | undefined {
  // RFC 9111 §5.1: an answer with an age comes from a cache.
  const isFresh = !(Number(headers.get("age") ?? 0) > 0);
  const isJson = /^\s*application\/json\s*(;|$)/i.test(headers.get("content-type") ?? "");
  if (status !== 200 || !isFresh || !isJson || !isObject(json) || json.slug !== slug) return undefined;
  const { tokens: entries } = json;
  if (!Array.isArray(entries) || !entries.every((entry) => isObject(entry) && typeof entry.slug === "string")) {
    return undefined;
  }
  const tokens = new Map<string, TokenState>();
  for (const entry of entries as Record<string, unknown>[]) {
    const { revokedAt, revokedBy } = withUsers(pick(entry, TOKEN));
    const state = isTime(revokedAt) ? { revokedAt, revokedBy: clean(revokedBy) as User | undefined } : "active";
    const earlier = tokens.get(entry.slug as string);
    tokens.set(entry.slug as string, earlier === undefined || state === "active" ? state : earlier);
  }
  const account = withUsers({ ...pick(json, ACCOUNT), tokens: entries.map((entry) => withUsers(pick(entry, TOKEN))) });
  return { account: clean(account) as ServiceAccount, tokens };
}

/** A call that reads a record. @param slugs whose account it is; also for the observer. */
function openRead(
  transport: Transport,
  { slugs, ...call }: Omit<CallOperation, "send" | "reads">,
  settings: CallSettings,
): Call {
  const { serviceAccountSlug } = slugs;
  const operation: CallOperation = {
    ...{ slugs, ...call },
    send: (client, init) => getServiceAccount(client, { params: { path: { serviceAccountSlug } }, ...init }),
    reads: { limit: LIMIT, value: (body, clean) => readRecord(serviceAccountSlug, body, clean) },
  };
  return createCall(transport, operation, settings);
}

const recordOf = (result: AttemptResult): AccountRecord | undefined =>
  result.kind === "response" && !result.redirected ? (result.value as AccountRecord | undefined) : undefined;

const isNoAccount = (result: AttemptResult): boolean =>
  result.kind === "problem" && result.status === 404 && result.problem.code === "ServiceAccount.NotFound";

function whyUnreadable(result: AttemptResult): string {
  if (result.kind === "failure") return result.reason;
  return result.status === 200 ? "the answer is no fresh record of this service account" : describeAnswer(result);
}

function toReading(result: AttemptResult, at: string): Reading {
  const record = recordOf(result);
  if (record) return { kind: "record", tokens: record.tokens, at };
  return isNoAccount(result) ? { kind: "no-account" } : { kind: "unreadable", reason: whyUnreadable(result) };
}

/** What a reading says of one token. */
export function find(reading: Reading, tokenSlug: string): Finding {
  if (reading.kind !== "record") return reading;
  const state = reading.tokens.get(tokenSlug);
  if (state === undefined) return { kind: "no-token" };
  return state === "active" ? { kind: "active", at: reading.at } : { kind: "revoked", ...state };
}

/** An answer is waited for no longer than this, in ms: the person waits for the outcome. */
const TIMEOUT_MS = 5_000;

/**
 * A call that reads the record to check a revocation.
 *
 * @param credential the one that the revocation was sent with.
 * @param judge what is known of the token, given what was read.
 */
export function openRecordRead(
  transport: Transport,
  { judge, ...call }: Omit<CallOperation, "send" | "reads" | "judge"> & { judge: (reading: Reading) => Outcome },
  settings: CallSettings,
): Call {
  const judgeResult = (result: AttemptResult): Verdict => ({
    outcome: judge(toReading(result, "")),
    next: nextOf(result),
  });
  const timeout = Math.min(settings.timeout, TIMEOUT_MS);
  return openRead(transport, { ...call, judge: judgeResult }, { ...settings, timeout });
}

/** What the last attempt of such a call brought. */
export const readingOf = ({ state: { last } }: Call): Reading =>
  last ? toReading(last.result, last.at) : { kind: "unreadable", reason: "it was not asked for" };

/** A read changes nothing, so any refusal or failure that may pass can be tried again. */
const nextOf = (result: AttemptResult): Next => (isNoAccount(result) ? "stop" : verdict(result, false).next);

/**
 * Reads the record of a service account.
 *
 * @throws {KaitenError} where no record came.
 */
export async function getAccount(
  transport: Transport,
  credential: CallCredential,
  serviceAccountSlug: string,
  settings: CallSettings,
): Promise<ServiceAccount> {
  const slugs = { serviceAccountSlug, tokenSlug: "" };
  const judge = (result: AttemptResult): Verdict => ({ outcome: "not-revoked", next: nextOf(result) });
  const call = openRead(transport, { credential, slugs, judge }, settings);
  const ended = await perform(call, settings);
  const record = ended.last && recordOf(ended.last.result);
  if (record) return record.account;
  const { timeout, signal } = settings;
  const noAccount = ended.last && isNoAccount(ended.last.result);
  const meaning = noAccount
    ? "There is no service account by this name in the organization of the credential: it is misspelt, of another organization, or its membership has ended."
    : "The record of the service account could not be read. Reading changes nothing.";
  const scope = noAccount ? undefined : "read:tokens";
  throw toError({ ...ended, outcome: "not-revoked", ref: slugs, meaning, scope, timeout, signal });
}
