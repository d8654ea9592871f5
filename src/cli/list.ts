// Reads a list of tokens (`--from`): CSV, NDJSON or a JSON array. All of it is checked before anything is sent.
import { createReadStream } from "node:fs";
import { CsvError, parse } from "csv-parse/sync";
import { createEntries, type Entries, type EntriesOptions, explain } from "./entries.js";
import { UsageError } from "./errors.js";
import type { Input } from "./io.js";
import type { Targets } from "./targets.js";
import { plural } from "./text.js";

export interface List {
  targets: Targets;
  /** How many entries `skipBad` left out. */
  skipped: number;
  /** What the person should know, a line each. */
  notices: readonly string[];
}

/**
 * @param from a path, or `-` for standard input.
 * @throws {UsageError} when the list cannot be used.
 */
export async function readList(
  from: string,
  stdin: Input,
  { skipBad, ...options }: EntriesOptions & { skipBad?: boolean | undefined },
): Promise<List> {
  const name = from === "-" ? "standard input" : from;
  const entries = createEntries(options);
  try {
    readEntries(await decode(from === "-" ? stdin : createReadStream(from)), entries);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? NOT_TEXT : message;
    throw new UsageError(`Cannot use the list ${name}: ${why.replace(/\.$/, "")}. Nothing was sent.`);
  }
  const { targets, revoked, bad, duplicates } = entries;
  const { lines, likelyCause } = explain(entries, name);
  if (bad > 0 && !skipBad) {
    const advice = "Correct the list, or pass --skip-bad to leave these lines out. Nothing was sent.";
    throw new UsageError(`${plural(bad, "fault")} in ${name}. ${likelyCause} ${advice}`, { details: lines });
  }
  if (targets.size + revoked.size === 0) {
    throw new UsageError(`No token is named in ${name}. ${likelyCause} Nothing was sent.`, { details: lines });
  }
  const notices = [...lines];
  if (bad > 0) notices.push(`${plural(bad, "line")} skipped. ${likelyCause}`);
  if (duplicates > 0) notices.push(`${plural(duplicates, "duplicate")} left out.`);
  if (revoked.size > 0) notices.push(`${plural(revoked.size, "token")} left out: revoked already, says the list.`);
  return { targets, skipped: bad, notices };
}

const NOT_TEXT = "it is not UTF-8 text. Export it as CSV in UTF-8";

/** Without a byte order mark. */
async function decode(stream: AsyncIterable<Uint8Array | string>): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const parts: string[] = [];
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array);
    // UTF-16 without a byte order mark is valid UTF-8, full of these.
    if (bytes.includes(0)) throw new Error(NOT_TEXT);
    parts.push(decoder.decode(bytes, { stream: true }));
  }
  return parts.join("") + decoder.decode();
}

function readEntries(text: string, entries: Entries): void {
  const first = /\S/.exec(text)?.[0];
  if (first === "[") readJsonArray(text, entries);
  else if (first === "{") readNdjson(text, entries);
  else readCsv(text, entries);
}

/** With a fault in its syntax, it is refused as a whole: nobody knows what the rest means. */
function readJsonArray(text: string, entries: Entries): void {
  const values = parseJson(text);
  if (!Array.isArray(values)) throw new Error("it begins like a JSON array, but is not valid JSON");
  for (const [index, value] of values.entries()) entries.addObject(`entry ${index + 1}`, value);
}

function readNdjson(text: string, entries: Entries): void {
  // One object on several lines.
  const whole = text.trimEnd().endsWith("}") ? parseJson(text) : undefined;
  if (whole) entries.addObject(1, whole);
  else
    for (const [index, line] of text.split("\n").entries()) {
      if (line.trim() !== "") entries.addObject(index + 1, parseJson(line));
    }
}

/** Drops the error: it contains what was read, which may be a secret. */
function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** What a spreadsheet writes above the header to name the delimiter. */
const SEP = /^\s*"?sep=([,;\t])"?\s*$/i;

/** The first line from there on that is not blank. */
function lineFrom(text: string, offset: number): { line: string; end: number } {
  const start = offset + Math.max(text.slice(offset).search(/\S/), 0);
  const end = text.indexOf("\n", start);
  return { line: text.slice(start, end < 0 ? undefined : end), end: end < 0 ? text.length : end };
}

function readCsv(text: string, entries: Entries): void {
  let first = lineFrom(text, 0);
  const [, separator] = SEP.exec(first.line) ?? [];
  const skipped = separator === undefined ? 0 : text.slice(0, first.end).split("\n").length;
  if (separator) first = lineFrom(text, first.end);
  const cellsOf = (delimiter: string) => first.line.split(delimiter).length;
  const likely = [",", ";", "\t"].reduce((best, other) => (cellsOf(other) > cellsOf(best) ? other : best));
  const delimiter = separator ?? likely;
  let columns: ReturnType<Entries["columnsOf"]>["columns"] | undefined;
  let line = 1;

  function readRecord(raw: string[]): void {
    const place = line;
    line += raw.reduce((sum, cell) => sum + cell.split("\n").length - 1, 1);
    // Without its closing quote, a cell takes in the lines after it.
    if (raw.some((cell, index) => cell.includes("\n") && (columns?.[index] || cell.includes(delimiter)))) {
      throw new Error(`a quoted cell of line ${place} has several lines. Its closing quote may be missing`);
    }
    // Also within quotes, and what is no-break.
    const cells = raw.map((cell) => cell.trim());
    if (place <= skipped || cells.every((cell) => cell === "")) return;
    if (!columns) {
      const first = entries.columnsOf(cells);
      columns = first.columns;
      if (first.isHeader) return;
    }
    const named = columns.flatMap((column, index) => (column ? [[column, cells[index]] as const] : []));
    if (cells.length === columns.length) entries.add(place, Object.fromEntries(named));
    else entries.refuse({ kind: "cells", place });
  }
  // White space around cells is left out, and so is the \r before a line end.
  const format = { delimiter, record_delimiter: "\n", relax_column_count: true, trim: true };
  try {
    parse(text, { ...format, on_record: (cells: string[]) => void readRecord(cells) });
  } catch (error) {
    // The message of csv-parse contains the cell.
    if (error instanceof CsvError) throw new Error(`a quote is missing or misplaced in line ${line}, or after it`);
    throw error;
  }
}
