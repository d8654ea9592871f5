// The entries of a list: each is a token that can be sent, or has a fault. Faults are data; their words are at the end.
import { canExist, slugFault } from "../slug.js";
import { createTargets } from "./targets.js";

export type Column = "serviceAccountSlug" | "tokenSlug" | "revokedAt";
type Slug = Exclude<Column, "revokedAt">;
type Row = Partial<Record<Column, unknown>>;

const SLUGS: readonly Slug[] = ["serviceAccountSlug", "tokenSlug"];

/** Without capitals, spaces, `_` and `-`. */
const NAMES: Readonly<Record<string, Column>> = {
  account: "serviceAccountSlug",
  serviceaccount: "serviceAccountSlug",
  serviceaccountslug: "serviceAccountSlug",
  token: "tokenSlug",
  tokenslug: "tokenSlug",
  slug: "tokenSlug",
  revokedat: "revokedAt",
};

export const ACCEPTED =
  "Names of columns: account, service account or service account slug; and token, token slug or slug. Capitals, spaces, _ and - do not matter.";

/** Words that name columns in other lists. They look like slugs, but a line of nothing else is no token. */
const OTHER_NAMES = /^(name|id|uid|uuid|bot|user|key|secret|value|owner|description|type|status|created|service)$/i;

/** The column that a cell of a header or a member of a JSON object names. */
function columnOf(name: string): Column | undefined {
  const key = name.toLowerCase().replace(/[\s_-]/g, "");
  return Object.hasOwn(NAMES, key) ? NAMES[key] : undefined;
}

interface Fault {
  kind: keyof typeof FAULTS;
  /** The number of the line; in a JSON array `entry 3`. */
  place: number | string;
  column?: Slug;
  /** What is wrong with a slug; never the slug, which may be a secret. */
  slugFault?: string;
}

const MAX_FAULTS = 10;

export interface EntriesOptions {
  /** An argument: then the list needs no column for it. */
  account?: string | undefined;
  /** A result of our own with another one is of another deployment. */
  baseUrl: string;
}

export type Entries = ReturnType<typeof createEntries>;

export function createEntries({ account, baseUrl }: EntriesOptions) {
  const targets = createTargets();
  /** Said by the list to be revoked: not sent, wherever else it is named. */
  const revoked = createTargets();
  const faults: Fault[] = [];
  const counts = new Map<Fault["kind"], number>();
  const found = { targets, revoked, faults, counts, bad: 0, duplicates: 0 };

  function refuse(fault: Fault): void {
    found.bad++;
    counts.set(fault.kind, (counts.get(fault.kind) ?? 0) + 1);
    if (faults.length < MAX_FAULTS) faults.push(fault);
  }

  /** @throws an Error for a first line that would be taken for a token. */
  function columnsOf(cells: readonly string[]): { isHeader: boolean; columns: readonly (Column | undefined)[] } {
    const needed = account === undefined ? SLUGS : SLUGS.slice(1);
    const columns = cells.map(columnOf);
    const named = columns.filter((column) => column !== undefined);
    if (new Set(named).size === named.length && needed.every((column) => named.includes(column))) {
      return { isHeader: true, columns };
    }
    if (
      named.length === 0 &&
      cells.length === needed.length &&
      cells.every(canExist) &&
      !cells.every((cell) => OTHER_NAMES.test(cell))
    ) {
      return { isHeader: false, columns: needed };
    }
    const example = account === undefined ? "account,token" : "token";
    throw new Error(
      `its first line does not name the columns. Begin the list with a line such as ${example}. ${ACCEPTED}`,
    );
  }

  /** @param isRevoked whether the list says so in another way than `revokedAt`. */
  function add(place: Fault["place"], row: Row, isRevoked = false): void {
    const { revokedAt, ...slugs } = { serviceAccountSlug: account, ...row };
    const fault = faultOf(slugs);
    const ref = slugs as Record<Slug, string>;
    if (fault) refuse({ place, ...fault });
    else if (isRevoked || isPast(revokedAt)) {
      revoked.add(ref);
      targets.remove(ref);
    } else if (targets.has(ref)) found.duplicates++;
    else if (!revoked.has(ref)) targets.add(ref);
  }
  function faultOf(ref: Row): Omit<Fault, "place"> | undefined {
    for (const column of SLUGS) {
      const fault = ref[column] === undefined ? "is missing" : slugFault(ref[column]);
      if (fault) return { kind: "slug", column, slugFault: fault };
    }
    return account === undefined || ref.serviceAccountSlug === account ? undefined : { kind: "account" };
  }

  /** @throws an Error for an object that holds a list itself. */
  function addObject(place: Fault["place"], value: unknown): void {
    const members = typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
    if (members && ["tokens", "items"].some((name) => name in members && Array.isArray(members[name as never]))) {
      throw new Error(
        "it holds an object with a list in it, such as the API's own JSON of a service account. To revoke all tokens of an account: kaiten-service-accounts revoke <account> --all",
      );
    }
    const named = Object.entries(members ?? {}).flatMap(([name, member]) => {
      const column = columnOf(name);
      return column ? [[column, typeof member === "string" ? member.trim() : member] as const] : [];
    });
    const row: Row = Object.fromEntries(named);
    const { outcome, baseUrl: sentTo } = (members ?? {}) as Record<string, unknown>;
    if (!members || named.length > Object.keys(row).length) refuse({ kind: "object", place });
    else add(place, row, outcome === "revoked" && sentTo === baseUrl);
  }
  return Object.assign(found, { columnsOf, refuse, add, addObject });
}

/** Text that is no date: `Date.parse` finds a year in "0", and in "not before 1". */
const ISO_DATE = /^\d{4}-\d\d-\d\dT/;
/** No token is older. A date of zero, in whatever form and time zone, means none. */
const EARLIEST = Date.UTC(2000, 0);

function isPast(date: unknown): boolean {
  const time = typeof date === "string" && ISO_DATE.test(date) ? Date.parse(date) : 0;
  return time > EARLIEST && time <= Date.now();
}

const WORDS: Record<Slug, string> = { serviceAccountSlug: "service account", tokenSlug: "token" };

/** What is wrong, and what is likely to help. */
const FAULTS = {
  cells: ["has more or fewer cells than the first line", "A cell with the delimiter in it must be in quotes."],
  object: ["is not a JSON object that names each column once", "Write one object on each line, or one array of all."],
  slug: ["", "The columns may be named wrongly. A list has names (slugs) of tokens, never secrets."],
  account: ["is of another service account than the argument", "Leave the argument out."],
} as const;

/** The first faults, a line each, and the likely cause of most. */
export function explain({ faults, bad, counts }: Entries, name: string): { lines: string[]; likelyCause: string } {
  const lines = faults.map(({ kind, place, column, slugFault = FAULTS[kind][0] }) => {
    return `${name}:${place}: ${column ? `the ${WORDS[column]}` : "it"} ${slugFault}`;
  });
  if (bad > lines.length) lines.push(`and ${(bad - lines.length).toLocaleString("en")} more`);
  const [kind = "slug"] = [...counts].sort(([, one], [, other]) => other - one)[0] ?? [];
  return { lines, likelyCause: `${FAULTS[kind][1]} ${ACCEPTED}` };
}
