// The record of a service account: whether a body is one that counts, and what it says of each token.
import type { ServiceAccount, User } from "../types.js";

/** The documented members, and no others. */
const ACCOUNT = ["id", "name", "slug", "externalId", "createdBy", "createdAt", "tokens"];
const TOKEN = [
  ...["id", "name", "slug", "scopes", "serviceAccountId", "expiresAt", "createdAt", "createdBy"],
  ...["revokedAt", "revokedBy"],
];
const USER = ["id", "name"];

/** A record that counts. */
export interface AccountRecord {
  /** Without secrets, and without members that are not documented. */
  account: ServiceAccount;
  /** By the slugs as they came: a name that repeats a credential is still a name to compare with. */
  tokens: ReadonlyMap<string, TokenState>;
}

/** The entries of one slug, as one: revoked only if every one is. */
type TokenState = { revokedAt: string; revokedBy: User | undefined } | "active";

interface Body {
  status: number;
  headers: Headers;
  json: unknown;
}

type Clean = (json: unknown) => unknown;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const pick = (value: Record<string, unknown>, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.filter((name) => Object.hasOwn(value, name)).map((name) => [name, value[name]]));

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
export function readRecord(slug: string, { status, headers, json }: Body, clean: Clean): AccountRecord | undefined {
  // RFC 9111 §5.1: an answer with an age comes from a cache.
  const isFresh = Number(headers.get("age") ?? 0) === 0;
  const isJson = /^\s*application\/json\s*(;|$)/i.test(headers.get("content-type") ?? "");
  if (status !== 200 || !isFresh || !isJson || !isObject(json) || json.slug !== slug) return undefined;
  const { tokens: entries } = json;
  if (!Array.isArray(entries) || !entries.every((entry) => isObject(entry) && typeof entry.slug === "string")) {
    return undefined;
  }
  const tokens = new Map<string, TokenState>();
  for (const entry of entries as Record<string, unknown>[]) {
    const { revokedAt, revokedBy } = withUsers(pick(entry, TOKEN));
    const by = isObject(revokedBy) ? (clean(revokedBy) as User) : undefined;
    const state = isTime(revokedAt) ? { revokedAt, revokedBy: by } : "active";
    const earlier = tokens.get(entry.slug as string);
    tokens.set(entry.slug as string, earlier === undefined || state === "active" ? state : earlier);
  }
  const account = withUsers({ ...pick(json, ACCOUNT), tokens: entries.map((entry) => withUsers(pick(entry, TOKEN))) });
  return { account: clean(account) as ServiceAccount, tokens };
}
