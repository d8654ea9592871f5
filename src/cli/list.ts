// Reads a list of tokens (`--from`): CSV, NDJSON or a JSON array. All of it is checked before anything is sent. What it has in
// the place of a slug is never shown: it may be a secret.
import { CsvError, parse } from "csv-parse/sync";
import type { TokenRef } from "../index.js";
import { canExist, slugFault } from "../slug.js";
import { EXIT, UsageError } from "./exit.js";
import { type Io, open } from "./io.js";
import { plural } from "./text.js";

/** Tokens, each once. */
export type Targets = Map<string, TokenRef>;

/** No slug has a line break. */
export const keyOf = ({ serviceAccountSlug, tokenSlug }: TokenRef): string => `${serviceAccountSlug}\n${tokenSlug}`;

export interface List {
  targets: Targets;
  /** How many entries `skipBad` left out. */
  skipped: number;
  /** What the person should know, a line each. */
  notices: readonly string[];
}

interface ListOptions {
  /** An argument: then the list needs no column for it. */
  account?: string | undefined;
  /** A result of our own with another one is of another deployment. */
  baseUrl: string;
  skipBad?: boolean | undefined;
}

const MAX_FAULTS = 10;

/**
 * @param from a path, or `-` for standard input.
 * @throws {UsageError} when the list cannot be used.
 */
export async function readList(from: string, io: Io, options: ListOptions): Promise<List> {
  const name = from === "-" ? "standard input" : from;
  const entries = createEntries(options);
  try {
    readEntries(await decode(open(from, io)), entries);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? NOT_TEXT : message.replace(/\.$/, "");
    throw new UsageError(`Cannot use the list ${name}: ${why}.`);
  }
  const { targets, revoked, faults, duplicates } = entries;
  const notices = faults.slice(0, MAX_FAULTS).map(({ place, words }) => `${name}:${place}: ${words}`);
  const more = faults.length - notices.length;
  if (more > 0) notices.push(`and ${more.toLocaleString("en")} more`);
  const cause = faults[0]?.cause ?? ACCEPTED;
  if (faults.length > 0 && !options.skipBad) {
    const advice = "Correct the list, or pass --skip-bad to leave these lines out.";
    throw new UsageError(`${plural(faults.length, "fault")} in ${name}. ${cause} ${advice}`, EXIT.usage, notices);
  }
  if (targets.size + revoked.size === 0) {
    throw new UsageError(`No token is named in ${name}. ${ACCEPTED}`, EXIT.usage, notices);
  }
  if (faults.length > 0) notices.push(`${plural(faults.length, "line")} skipped. ${cause}`);
  if (duplicates() > 0) notices.push(`${plural(duplicates(), "duplicate")} left out.`);
  if (revoked.size > 0) notices.push(`${plural(revoked.size, "token")} left out: revoked already, says the list.`);
  return { targets, skipped: faults.length, notices };
}

const NOT_TEXT = "it is not UTF-8 text. Export it as CSV in UTF-8";

/** Without a byte order mark. */
async function decode(stream: AsyncIterable<Uint8Array | string>): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array);
    // UTF-16 without a byte order mark is valid UTF-8, full of these.
    if (bytes.includes(0)) throw new Error(NOT_TEXT);
    text += decoder.decode(bytes, { stream: true });
  }
  return text + decoder.decode();
}

type Column = "serviceAccountSlug" | "tokenSlug" | "revokedAt";
type Row = Partial<Record<Column, unknown>>;

/** Without capitals, spaces, `_` and `-`. */
const NAMES: readonly (readonly [name: RegExp, column: Column])[] = [
  [/^(service)?account(slug)?$/, "serviceAccountSlug"],
  [/^(token|tokenslug|slug)$/, "tokenSlug"],
  [/^revokedat$/, "revokedAt"],
];

/** The column that a cell of a header or a member of a JSON object names. */
const columnOf = (name: string): Column | undefined =>
  NAMES.find(([pattern]) => pattern.test(name.toLowerCase().replace(/[\s_-]/g, "")))?.[1];

const ACCEPTED =
  "Columns are named account, service account or service account slug; and token, token slug or slug (capitals, spaces, _ and - do not matter).";

/** What is likely to help. */
const CAUSES = {
  slug: `The columns may be named wrongly. A list has names (slugs) of tokens, never secrets. ${ACCEPTED}`,
  cells: "A cell with the delimiter in it must be in quotes.",
  object: "Write one object on each line, or one array of all.",
  account: "Leave the argument out.",
} as const;

type Entries = ReturnType<typeof createEntries>;

function createEntries({ account, baseUrl }: ListOptions) {
  const targets: Targets = new Map();
  /** Said by the list to be revoked: not sent, wherever else it is named. */
  const revoked: Targets = new Map();
  const faults: { place: number | string; cause: string; words: string }[] = [];
  let duplicates = 0;

  /** @param place the number of the line; in a JSON array `entry 3`. */
  function add(place: number | string, { serviceAccountSlug = account, tokenSlug, revokedAt }: Row, isRevoked = false) {
    const ref = { serviceAccountSlug, tokenSlug } as TokenRef;
    const refuse = (cause: string, words: string) => void faults.push({ place, cause, words });
    for (const [what, slug] of [
      ["service account", serviceAccountSlug],
      ["token", tokenSlug],
    ]) {
      const fault = slug === undefined ? "is missing" : slugFault(slug);
      if (fault) return refuse(CAUSES.slug, `the ${what} ${fault}`);
    }
    if (account !== undefined && serviceAccountSlug !== account) {
      return refuse(CAUSES.account, "it is of another service account than the argument");
    }
    const isDone = isRevoked || isPast(revokedAt) || revoked.has(keyOf(ref));
    if (isDone) targets.delete(keyOf(ref));
    else if (targets.has(keyOf(ref))) duplicates++;
    (isDone ? revoked : targets).set(keyOf(ref), ref);
  }

  /** @throws an Error for an object that holds a list itself. */
  function addObject(place: number | string, value: unknown): void {
    const members = Object.entries(Array.isArray(value) ? {} : Object(value));
    const { tokens, items, outcome, baseUrl: sentTo } = Object.fromEntries(members);
    if (Array.isArray(tokens) || Array.isArray(items)) throw new Error(IS_ACCOUNT);
    const columns = members.flatMap(([name, member]) => {
      const column = columnOf(name);
      return column ? [[column, typeof member === "string" ? member.trim() : member] as const] : [];
    });
    const row: Row = Object.fromEntries(columns);
    if (columns.length > 0 && columns.length === Object.keys(row).length) {
      add(place, row, outcome === "revoked" && sentTo === baseUrl);
    } else faults.push({ place, cause: CAUSES.object, words: "it is not a JSON object that names each column once" });
  }

  /** @throws an Error for a first line that neither names the columns nor can be a token. */
  function columnsOf(cells: readonly string[]): { isHeader: boolean; columns: readonly (Column | undefined)[] } {
    const needed = NAMES.slice(account === undefined ? 0 : 1, 2).map(([, column]) => column);
    const columns = cells.map(columnOf);
    const known = columns.filter((column) => column !== undefined);
    const isHeader = new Set(known).size === known.length && needed.every((column) => known.includes(column));
    if (isHeader) return { isHeader, columns };
    if (known.length === 0 && cells.length === needed.length && cells.every(canExist))
      return { isHeader, columns: needed };
    const example = account === undefined ? "account,token" : "token";
    throw new Error(`its first line does not name the columns. Begin with a line such as ${example}. ${ACCEPTED}`);
  }
  return { targets, revoked, faults, add, addObject, columnsOf, duplicates: () => duplicates };
}

const IS_ACCOUNT =
  "an object in it has a list of its own, as the API's JSON of a service account. To revoke all tokens of an account: kaiten-service-accounts revoke <account> --all";

/** Text that is no date: `Date.parse` finds a year in "0". A date of zero, in whatever form and time zone, means none. */
function isPast(date: unknown): boolean {
  const time = typeof date === "string" && /^\d{4}-\d\d-\d\dT/.test(date) ? Date.parse(date) : 0;
  return time > Date.UTC(2000, 0) && time <= Date.now();
}

function readEntries(text: string, entries: Entries): void {
  const first = /\S/.exec(text)?.[0];
  const whole = first === "[" || first === "{" ? parseJson(text) : undefined;
  // With a fault in its syntax, an array is refused as a whole: nobody knows what the rest means.
  if (first === "[" && !Array.isArray(whole)) throw new Error("it begins like a JSON array, but is not valid JSON");
  if (Array.isArray(whole))
    for (const [index, value] of whole.entries()) entries.addObject(`entry ${index + 1}`, value);
  else if (whole !== undefined) entries.addObject(1, whole);
  else if (first !== "{") readCsv(text, entries);
  else {
    for (const [index, line] of text.split("\n").entries()) {
      if (line.trim() !== "") entries.addObject(index + 1, parseJson(line));
    }
  }
}

/** Drops the error: it contains what was read. */
function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** What a spreadsheet writes above the header to name the delimiter. */
const SEPARATOR = /^\s*"?sep=([,;\t])"?[^\S\n]*(\n|$)/i;

function readCsv(text: string, entries: Entries): void {
  const [above = "", separator] = SEPARATOR.exec(text) ?? [];
  const [firstLine = ""] = text.slice(above.length).trimStart().split("\n", 1);
  const cellsOf = (delimiter: string) => firstLine.split(delimiter).length;
  const likely = [",", ";", "\t"].reduce((best, other) => (cellsOf(other) > cellsOf(best) ? other : best));
  const delimiter = separator ?? likely;
  let columns: ReturnType<Entries["columnsOf"]>["columns"] | undefined;
  let line = above.split("\n").length;

  function readRecord(raw: string[]): void {
    const place = line;
    line += raw.reduce((sum, cell) => sum + cell.split("\n").length - 1, 1);
    // Without its closing quote, a cell takes in the lines after it.
    if (raw.some((cell, index) => cell.includes("\n") && (columns?.[index] || cell.includes(delimiter)))) {
      throw new Error(`a quoted cell of line ${place} has several lines. Its closing quote may be missing`);
    }
    // Also within quotes, and what is no-break.
    const cells = raw.map((cell) => cell.trim());
    if (cells.every((cell) => cell === "")) return;
    if (!columns) {
      const first = entries.columnsOf(cells);
      columns = first.columns;
      if (first.isHeader) return;
    }
    const named = columns.flatMap((column, index) => (column ? [[column, cells[index]] as const] : []));
    if (cells.length === columns.length) entries.add(place, Object.fromEntries(named));
    else entries.faults.push({ place, cause: CAUSES.cells, words: "it has more or fewer cells than the first line" });
  }
  // White space around cells is left out, and so is the \r before a line end.
  const format = { delimiter, record_delimiter: "\n", relax_column_count: true, trim: true };
  try {
    parse(text.slice(above.length), { ...format, on_record: (cells: string[]) => void readRecord(cells) });
  } catch (error) {
    // The message of csv-parse contains the cell.
    if (error instanceof CsvError) throw new Error(`a quote is missing or misplaced in line ${line}, or after it`);
    throw error;
  }
}
