// The entries of a list: each is a token that can be sent, or has a fault. Faults are data; their words are at the end.
import { canExist, slugFault } from "../slug.js";
import { createTokenMap, type Targets } from "./targets.js";

export type Column = "serviceAccountSlug" | "tokenSlug";
type Row = Partial<Record<Column, unknown>>;

const COLUMNS: readonly Column[] = ["serviceAccountSlug", "tokenSlug"];
/** In small letters. */
const NAMES: Record<string, Column> = {
  account: "serviceAccountSlug",
  serviceaccountslug: "serviceAccountSlug",
  service_account: "serviceAccountSlug",
  token: "tokenSlug",
  tokenslug: "tokenSlug",
  token_slug: "tokenSlug",
  slug: "tokenSlug",
};

/** Words that name columns in other lists. They look like slugs, but a line of nothing else is no token. */
const OTHER_NAMES = /^(name|id|uid|uuid|bot|user|key|secret|value|owner|description|type|status|created|service)$/i;

/** The column that a cell of a header or a member of a JSON object names. */
function columnOf(name: string): Column | undefined {
  const key = name.trim().toLowerCase();
  return Object.hasOwn(NAMES, key) ? NAMES[key] : undefined;
}

interface Fault {
  kind: keyof typeof FAULTS;
  /** The number of the line; in a JSON array `entry 3`. */
  place: number | string;
  column?: Column;
  /** What is wrong with a slug; never the slug, which may be a secret. */
  slugFault?: string;
}

const MAX_FAULTS = 10;

export interface EntriesOptions {
  /** An argument: then the list needs no column for it. */
  account?: string | undefined;
  /** A slug that contains one is refused. */
  credentials: readonly string[];
}

export function createEntries({ account, credentials }: EntriesOptions) {
  const targets: Targets = createTokenMap();
  const faults: Fault[] = [];
  const counts = new Map<Fault["kind"], number>();
  const found = { targets, faults, counts, bad: 0, duplicates: 0, alreadyRevoked: 0 };

  function refuse(fault: Fault): void {
    found.bad++;
    counts.set(fault.kind, (counts.get(fault.kind) ?? 0) + 1);
    if (faults.length < MAX_FAULTS) faults.push(fault);
  }

  /** @throws an Error for a first line that would be taken for a token. */
  function columnsOf(cells: readonly string[]): { isHeader: boolean; columns: readonly (Column | undefined)[] } {
    const needed = account === undefined ? COLUMNS : COLUMNS.slice(1);
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
    throw new Error(`its first line does not name the columns. Begin the list with a line such as ${example}`);
  }

  function add(place: Fault["place"], row: Row): void {
    const ref = { serviceAccountSlug: account, ...row };
    const fault = faultOf(ref);
    if (fault) refuse({ place, ...fault });
    else if (targets.get(ref as Record<Column, string>)) found.duplicates++;
    else targets.set(ref as Record<Column, string>, true);
  }
  function faultOf(ref: Row): Omit<Fault, "place"> | undefined {
    for (const column of COLUMNS) {
      const fault = ref[column] === undefined ? "is missing" : slugFault(ref[column], credentials);
      if (fault) return { kind: "slug", column, slugFault: fault };
    }
    return account === undefined || ref.serviceAccountSlug === account ? undefined : { kind: "account" };
  }

  function addObject(place: Fault["place"], value: unknown): void {
    const members = typeof value === "object" && value !== null ? Object.entries(value) : undefined;
    const named = members?.map(([name, member]) => [columnOf(name), member] as const).filter(([column]) => column);
    const row: Row = Object.fromEntries(named ?? []);
    if (!named || named.length > Object.keys(row).length) refuse({ kind: "object", place });
    else if (isPast(Object.fromEntries(members ?? []).revokedAt)) found.alreadyRevoked++;
    else add(place, row);
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

export type Entries = ReturnType<typeof createEntries>;

const WORDS: Record<Column, string> = { serviceAccountSlug: "service account", tokenSlug: "token" };

/** What is wrong, and what is likely to help. */
const FAULTS = {
  cells: ["has more or fewer cells than the first line", "A cell with the delimiter in it must be in quotes."],
  object: ["is not a JSON object that names each column once", "Write one object on each line, or one array of all."],
  slug: ["", "Check the names of the columns. A list has names (slugs) of tokens, never secrets."],
  account: ["is of another service account than the argument", "Leave the argument out."],
} as const;

/** The first faults, a line each, and the likely cause of most. */
export function explain({ faults, bad, counts }: Entries, name: string): { lines: string[]; likelyCause: string } {
  const lines = faults.map(({ kind, place, column, slugFault = FAULTS[kind][0] }) => {
    return `${name}:${place}: ${column ? `the ${WORDS[column]}` : "it"} ${slugFault}`;
  });
  if (bad > lines.length) lines.push(`and ${(bad - lines.length).toLocaleString("en")} more`);
  const [kind = "slug"] = [...counts].sort(([, one], [, other]) => other - one)[0] ?? [];
  return { lines, likelyCause: FAULTS[kind][1] };
}
