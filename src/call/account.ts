// Reads the record of a service account: to check a revocation, or for the caller.
import { getServiceAccount } from "../../generated/client.js";
import { type AccountRecord, readRecord } from "../answer/record.js";
import type { AttemptResult } from "../answer/result.js";
import { toError } from "../answer/to-error.js";
import { describeAnswer } from "../answer/words.js";
import { SlugError } from "../slug.js";
import type { Outcome, ServiceAccount } from "../types.js";
import type { Transport } from "./attempt.js";
import type { CallCredential } from "./credential.js";
import { type Call, type CallOperation, type CallSettings, createCall, perform } from "./perform.js";
import { type Finding, type Next, type Verdict, verdict } from "./verdict.js";

/** The API gives all tokens of an account at once. In bytes. */
const LIMIT = 16 * 1024 * 1024;

/** What a read brought: it speaks for every token of the account. */
export type Reading =
  | { kind: "record"; tokens: AccountRecord["tokens"]; at: string }
  | { kind: "no-account" }
  | { kind: "unreadable"; reason: string };

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
  const result = ended.last?.result;
  const record = result && recordOf(result);
  if (record) return record.account;
  if (result?.kind === "failure" && result.why === "argument") throw new SlugError(result.reason, ended.attempts - 1);
  const { timeout, signal } = settings;
  const noAccount = result && isNoAccount(result);
  const meaning = noAccount
    ? "There is no service account by this name in the organization of the credential: it is misspelt, of another organization, or its membership has ended."
    : "The record of the service account could not be read. Reading changes nothing.";
  const scope = noAccount ? undefined : "read:tokens";
  throw toError({ ...ended, outcome: "not-revoked", ref: slugs, meaning, scope, timeout, signal });
}
