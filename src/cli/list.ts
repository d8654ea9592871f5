// Reads a list of tokens (`--from`): CSV, NDJSON or a JSON array. All of it is checked before anything is sent. What it has in
// the place of a slug is never shown: it may be a secret.
import { CsvError, parse } from "csv-parse/sync";
import { sentence } from "../answer/words.js";
import type { TokenRef } from "../index.js";
import { canExist, slugFault } from "../slug.js";
import { UsageError } from "./exit.js";
import { type Io, read } from "./io.js";
import { plural } from "./text.js";

/** Tokens, each once. */
export type Targets = Map<string, TokenRef>;

/** No slug has a line break. */
export const keyOf = ({ serviceAccountSlug, tokenSlug }: TokenRef): string => `${serviceAccountSlug}\n${tokenSlug}`;

/** `skipped` is how many entries were left out, `notices` what the person should know. */
export type List = { targets: Targets; skipped: number; notices: readonly string[] };

/** With an account as argument, a list needs no column for it. A result of our own with another base URL does not count. */
type ListOptions = { account?: string | undefined; baseUrl: string; skipBad?: boolean | undefined };

const MAX_FAULTS = 10;

/** @param from a path, or `-` for standard input. @throws {UsageError} when the list cannot be used. */
export async function readList(from: string, io: Io, options: ListOptions): Promise<List> {
  const name = from === "-" ? "standard input" : from;
  const targets: Targets = new Map();
  /** Said by the list to be revoked: not sent, wherever else it is named. */
  const revoked: Targets = new Map();
  const faults: { place: number | string; fault: Fault }[] = [];
  let duplicates = 0;
  const needed: Column[] = options.account === undefined ? ["serviceAccountSlug", "tokenSlug"] : ["tokenSlug"];
  try {
    for (const row of rowsOf(decode(await read(from, io)), needed)) {
      const { fault, ref, isRevoked } = entryOf(row, options);
      const key = ref ? keyOf(ref) : "";
      if (!ref) faults.push({ place: row.place, fault });
      else if (isRevoked || revoked.has(key)) {
        targets.delete(key);
        revoked.set(key, ref);
      } else if (targets.has(key)) duplicates++;
      else targets.set(key, ref);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? NOT_TEXT : message;
    throw new UsageError(`Cannot use the list ${name}: ${sentence(why)}`);
  }
  const notices = faults.slice(0, MAX_FAULTS).map(({ place, fault: [words] }) => `${name}:${place}: ${words}`);
  const more = faults.length - notices.length;
  if (more > 0) notices.push(`and ${more.toLocaleString("en")} more`);
  const cause = faults[0]?.fault[1] ?? ACCEPTED;
  if (faults.length > 0 && !options.skipBad) {
    const advice = "Correct the list, or pass --skip-bad to leave these lines out.";
    notices.push(`${plural(faults.length, "fault")} in ${name}. ${cause} ${advice}`);
    throw new UsageError(notices.join("\n"));
  }
  const isEmpty = targets.size + revoked.size === 0;
  if (isEmpty) throw new UsageError([...notices, `No token is named in ${name}. ${ACCEPTED}`].join("\n"));
  if (faults.length > 0) notices.push(`${plural(faults.length, "line")} skipped. ${cause}`);
  if (duplicates > 0) notices.push(`${plural(duplicates, "duplicate")} left out.`);
  if (revoked.size > 0) notices.push(`${plural(revoked.size, "token")} left out: revoked already, says the list.`);
  return { targets, skipped: faults.length, notices };
}

const NOT_TEXT = "it is not UTF-8 text. Export it as CSV in UTF-8";

/** Without a byte order mark. */
function decode(bytes: Buffer): string {
  // UTF-16 without a byte order mark is valid UTF-8, full of these.
  if (bytes.includes(0)) throw new Error(NOT_TEXT);
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

type Column = "serviceAccountSlug" | "tokenSlug" | "revokedAt";

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

/** What is wrong with an entry, and what is likely to help. */
type Fault = readonly [words: string, cause: string];
const NOT_NAMED: Fault = ["it is not a JSON object that names each column once", "Write one object on each line."];
const OTHER_CELLS: Fault = ["it has more or fewer cells than the first line", "Put cells with a delimiter in quotes."];
const OTHER_ACCOUNT: Fault = ["it is of another service account than the argument", "Leave the argument out."];
const BAD_SLUG = `The columns may be named wrongly. A list has names (slugs) of tokens, never secrets. ${ACCEPTED}`;
const IS_ACCOUNT =
  "an object in it has a list of its own, as the API's JSON of a service account. To revoke all tokens of an account: kaiten-service-accounts revoke <account> --all";

/** A line of a list as an object. In a JSON array, the place is `entry 3`. */
type Row = { place: number | string; value?: unknown; fault?: Fault };
type Entry =
  | { fault: Fault; ref?: undefined; isRevoked?: undefined }
  | { fault?: undefined; ref: TokenRef; isRevoked: boolean };

/** @throws an Error for an object that holds a list itself. */
function entryOf({ value, fault }: Row, { account, baseUrl }: ListOptions): Entry {
  if (fault) return { fault };
  const members = Object.entries(Array.isArray(value) ? {} : Object(value));
  const { tokens, items, outcome, baseUrl: sentTo } = Object.fromEntries(members);
  if (Array.isArray(tokens) || Array.isArray(items)) throw new Error(IS_ACCOUNT);
  const named = members.flatMap(([name, member]) => {
    const column = columnOf(name);
    return column ? [[column, typeof member === "string" ? member.trim() : member] as const] : [];
  });
  const found: Partial<Record<Column, unknown>> = Object.fromEntries(named);
  if (named.length === 0 || named.length > Object.keys(found).length) return { fault: NOT_NAMED };
  const { serviceAccountSlug = account, tokenSlug, revokedAt } = found;
  for (const [what, slug] of Object.entries({ "service account": serviceAccountSlug, token: tokenSlug })) {
    const wrong = slug === undefined ? "is missing" : slugFault(slug);
    if (wrong) return { fault: [`the ${what} ${wrong}`, BAD_SLUG] };
  }
  if (account !== undefined && serviceAccountSlug !== account) return { fault: OTHER_ACCOUNT };
  const isRevoked = isPast(revokedAt) || (outcome === "revoked" && sentTo === baseUrl);
  return { ref: { serviceAccountSlug, tokenSlug } as TokenRef, isRevoked };
}

/** Text that is no date: `Date.parse` finds a year in "0". A date of zero, in whatever form and time zone, means none. */
function isPast(date: unknown): boolean {
  const time = typeof date === "string" && /^\d{4}-\d\d-\d\dT/.test(date) ? Date.parse(date) : 0;
  return time > Date.UTC(2000, 0) && time <= Date.now();
}

/** @param needed the columns that a list must name. */
function rowsOf(text: string, needed: readonly Column[]): Row[] {
  const first = /\S/.exec(text)?.[0];
  if (first !== "[" && first !== "{") return readCsv(text, needed);
  const whole = parseJson(text);
  if (Array.isArray(whole)) return whole.map((value, index) => ({ place: `entry ${index + 1}`, value }));
  // With a fault in its syntax, an array is refused as a whole: nobody knows what the rest means.
  if (first === "[") throw new Error("it begins like a JSON array, but is not valid JSON");
  if (whole !== undefined) return [{ place: 1, value: whole }];
  const lines = text.split("\n").map((line, index) => ({ place: index + 1, line }));
  return lines.flatMap(({ place, line }) => (line.trim() === "" ? [] : [{ place, value: parseJson(line) }]));
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

function readCsv(text: string, needed: readonly Column[]): Row[] {
  const [above = "", separator] = SEPARATOR.exec(text) ?? [];
  const [firstLine = ""] = text.slice(above.length).trimStart().split("\n", 1);
  const cellsOf = (delimiter: string) => firstLine.split(delimiter).length;
  const likely = [",", ";", "\t"].reduce((best, other) => (cellsOf(other) > cellsOf(best) ? other : best));
  const delimiter = separator ?? likely;
  const rows: Row[] = [];
  let names: readonly string[] | undefined;
  let line = above.split("\n").length;

  function readRecord(raw: readonly string[]): void {
    const place = line;
    line += raw.reduce((sum, cell) => sum + cell.split("\n").length - 1, 1);
    const isNeeded = (index: number) => columnOf(names?.[index] ?? "") !== undefined;
    // Without its closing quote, a cell takes in the lines after it.
    if (raw.some((cell, index) => cell.includes("\n") && (isNeeded(index) || cell.includes(delimiter)))) {
      throw new Error(`a quoted cell of line ${place} has several lines. Its closing quote may be missing`);
    }
    // Also within quotes, and what is no-break.
    const cells = raw.map((cell) => cell.trim());
    if (cells.every((cell) => cell === "")) return;
    const isFirst = names === undefined;
    names ??= namesOf(cells, needed);
    if (isFirst && names === cells) return;
    const value = Object.fromEntries(names.map((name, index) => [name, cells[index]]));
    rows.push(cells.length === names.length ? { place, value } : { place, fault: OTHER_CELLS });
  }
  // White space around cells is left out, and so is the \r before a line end.
  const format = { delimiter, record_delimiter: "\n", relax_column_count: true, trim: true };
  try {
    parse(text.slice(above.length), { ...format, on_record: (cells: string[]) => void readRecord(cells) });
    return rows;
  } catch (error) {
    // The message of csv-parse contains the cell.
    if (error instanceof CsvError) throw new Error(`a quote is missing or misplaced in line ${line}, or after it`);
    throw error;
  }
}

/** @returns the cells themselves, where they name the columns; else what they stand for. */
function namesOf(cells: readonly string[], needed: readonly Column[]): readonly string[] {
  const known = cells.map(columnOf).filter((column) => column !== undefined);
  if (new Set(known).size === known.length && needed.every((column) => known.includes(column))) return cells;
  if (known.length === 0 && cells.length === needed.length && cells.every(canExist)) return needed;
  const example = needed.length === 1 ? "token" : "account,token";
  throw new Error(`its first line does not name the columns. Begin with a line such as ${example}. ${ACCEPTED}`);
}
