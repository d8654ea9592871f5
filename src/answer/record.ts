// The record of a service account: whether a body is one that counts, and what it says of each token.
import type { ServiceAccount, Token, User } from "../types.js";

/** The documented members, and no others. */
const ACCOUNT = ["id", "name", "slug", "externalId", "createdBy", "createdAt"];
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

/** RFC 3339 §5.6. */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** Zero times, of Go or of Unix, are how some servers write "never". It is never compared with the local clock. */
const isTime = (value: unknown): value is string =>
  typeof value === "string" && DATE_TIME.test(value) && Date.parse(value) > 0;

/** The documented members; an optional one that says nothing, such as a null or a zero time, is left out. */
function pickToken(entry: Record<string, unknown>): Record<string, unknown> {
  const token = pickWithUsers(entry, TOKEN);
  for (const name of ["expiresAt", "revokedAt"]) if (!isTime(token[name])) delete token[name];
  return token;
}

function pickWithUsers(value: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const picked = pick(value, names);
  for (const name of ["createdBy", "revokedBy"]) {
    const user = picked[name];
    if (isObject(user)) picked[name] = pick(user, USER);
    else delete picked[name];
  }
  return picked;
}

/** @returns the record; or a text, why this is not the record of this account, or may not be as it is now. */
export function readRecord(slug: string, { status, headers, json }: Body, clean: Clean): AccountRecord | string {
  const isJson = /^\s*application\/json\s*(;|$)/i.test(headers.get("content-type") ?? "");
  if (status !== 200 || !isJson || !isObject(json) || json.slug !== slug || !isEntries(json.tokens)) {
    return "the answer is no record of this service account, so check the base URL";
  }
  // RFC 9111 §5.1: an answer with an age comes from a cache.
  if (Number(headers.get("age") ?? 0) !== 0) return "a cache on the way answered with an old record";
  const entries = json.tokens.map((entry) => ({ slug: entry.slug, token: clean(pickToken(entry)) as Token }));
  const tokens = new Map<string, TokenState>();
  for (const { slug, token } of entries) {
    const { revokedAt, revokedBy } = token;
    const state = revokedAt === undefined ? "active" : { revokedAt, revokedBy };
    const earlier = tokens.get(slug);
    tokens.set(slug, earlier === undefined || state === "active" ? state : earlier);
  }
  const account = clean(pickWithUsers(json, ACCOUNT)) as ServiceAccount;
  return { account: { ...account, tokens: entries.map(({ token }) => token) }, tokens };
}

type Entry = Record<string, unknown> & { slug: string };

const isEntries = (value: unknown): value is Entry[] =>
  Array.isArray(value) && value.every((entry) => isObject(entry) && typeof entry.slug === "string");
