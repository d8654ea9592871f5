// What the person sees before anything is destroyed, or instead of it.
import type { Token, TokenRef } from "../index.js";
import { type Credential, claimsOf, describe } from "./credential.js";
import type { Io } from "./io.js";
import { activeRefs, type Plan } from "./record.js";
import { plural } from "./text.js";

/** More names than these are too many to read before answering. */
export const MAX_NAMES = 10;
const MAX_ACCOUNTS = 20;

/** @param isAll whether all tokens of an account are meant. */
export function overview(
  plan: Plan,
  credential: Credential,
  { baseUrl, isAll, io }: { baseUrl: string; isAll: boolean; io: Io },
) {
  const { send, before, absent } = plan;
  const counts = new Map<string, number>();
  for (const { serviceAccountSlug } of send) counts.set(serviceAccountSlug, (counts.get(serviceAccountSlug) ?? 0) + 1);
  const names = send.slice(0, MAX_NAMES).map((ref) => `${nameOf(ref)}  ${recordNote(plan, ref, io)}`.trimEnd());
  const missing = absent.map(({ ref }) => nameOf(ref));
  const accounts = Array.from(counts, ([account, count]) => `${account}  ${plural(count, "token")}`);
  return [
    `Base URL:   ${baseUrl}`,
    `Credential: ${describe(credential)}`,
    ...(before.length > 0 ? [`Revoked already: ${plural(before.length, "token")}, not sent again`] : []),
    ...(absent.length > 0 ? [`Not in the record: ${plural(absent.length, "token")}, not sent`] : []),
    ...indented(missing),
    `To revoke:  ${plural(send.length, "token")} of ${plural(counts.size, "service account")}`,
    ...(send.length > MAX_NAMES ? indented(accounts, MAX_ACCOUNTS, "service account") : indented(names)),
    ...(isAll && send.length > 0 && !claimsOf(credential.secret) ? [MAY_BE_OWN] : []),
  ];
}

const MAY_BE_OWN =
  "The credential is an access token, which may be one of these. If it is, it is refused in the middle of the run.";

const nameOf = ({ serviceAccountSlug, tokenSlug }: TokenRef): string => `${serviceAccountSlug}  ${tokenSlug}`;

function indented(names: readonly string[], most = MAX_NAMES, word = "token"): string[] {
  const more = names.length > most ? [`and ${plural(names.length - most, `more ${word}`)}`] : [];
  return [...names.slice(0, most), ...more].map((name) => `  ${name}`);
}

/** What the record knows of a token, as far as it matters for the question. */
export function recordNote({ readings }: Plan, { serviceAccountSlug, tokenSlug }: TokenRef, io: Io): string {
  const token = readings.get(serviceAccountSlug)?.tokens?.get(tokenSlug);
  if (!token) return "";
  const day = (time: string) => time.slice(0, 10);
  const word = hasExpired(token, io) ? "expired" : "expires";
  const expiry = token.expiresAt ? `${word} ${day(token.expiresAt)}` : "never expires";
  return [`created ${day(token.createdAt)}`, expiry, token.scopes.join(" ")].filter(Boolean).join(", ");
}

export const hasExpired = ({ expiresAt = "" }: Token, io: Io): boolean => Date.parse(expiresAt) <= io.now();

/** Why the list is wrong as a whole, so that nothing is sent of it; empty where it is not. */
export function whyNothing({ readings, send, before, absent }: Plan): string[] {
  const unknown = [...readings].flatMap(([account, { kind }]) => (kind === "no-account" ? [account] : []));
  if (unknown.length > 0) {
    return [
      "Nothing was revoked. The API does not know these service accounts: they are misspelt, of another organization than the credential, or their membership has ended.",
      ...indented(unknown, MAX_NAMES, "service account"),
      "Correct the list, or take their tokens out, then run the same command again.",
    ];
  }
  if (absent.length === 0 || send.length + before.length > 0) return [];
  const active = [...readings].flatMap(([account, reading]) => activeRefs(account, reading).map(nameOf));
  return [
    "Nothing was revoked. None of these tokens is in the record of its service account.",
    active.length > 0 ? "Active tokens there:" : "There is no active token, either.",
    ...indented(active),
  ];
}
