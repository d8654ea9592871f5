// Reads the record of a service account: to check a revocation, or for the caller.
import { getServiceAccount } from "../../generated/client.js";
import { type AccountRecord, readRecord } from "../answer/record.js";
import type { AttemptResult } from "../answer/result.js";
import { toError } from "../answer/to-error.js";
import { describeAnswer, sentence } from "../answer/words.js";
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

/** @returns the record, or why it is none. */
function recordOf(result: AttemptResult): AccountRecord | string {
  if (result.kind === "failure") return result.reason;
  if (result.kind === "problem" || result.redirected || result.status !== 200) return describeAnswer(result);
  return result.value as AccountRecord | string;
}

const isNoAccount = (result: AttemptResult): boolean =>
  result.kind === "problem" && result.status === 404 && result.problem.code === "ServiceAccount.NotFound";

function toReading(result: AttemptResult, at: string): Reading {
  if (isNoAccount(result)) return { kind: "no-account" };
  const record = recordOf(result);
  return typeof record === "string"
    ? { kind: "unreadable", reason: record }
    : { kind: "record", tokens: record.tokens, at };
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
const nextOf = (result: AttemptResult): Next => verdict(result, false).next;

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
  if (typeof record === "object") return record.account;
  if (result?.kind === "failure" && result.why === "argument") throw new SlugError(result.reason, ended.attempts - 1);
  const { timeout, signal } = settings;
  const [meaning, scope] =
    result && isNoAccount(result)
      ? [NO_ACCOUNT, undefined]
      : record !== undefined && result?.status === 200
        ? [`${UNREAD}: ${sentence(record)} Reading changes nothing.`, undefined]
        : [`${UNREAD}. Reading changes nothing.`, "read:tokens"];
  throw toError({ ...ended, outcome: "not-revoked", ref: slugs, meaning, scope, timeout, signal });
}

const NO_ACCOUNT =
  "There is no service account by this name in the organization of the credential: it is misspelt, of another organization, or its membership has ended.";
const UNREAD = "The record of the service account could not be read";
