// Reads a list of tokens (`--from`): CSV, NDJSON or a JSON array. All of it is checked before anything is sent.
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { CsvError, parse } from "csv-parse";
import { createEntries, type Entries, type EntriesOptions, explain } from "./entries.js";
import { splitLines } from "./lines.js";
import type { Targets } from "./targets.js";
import { plural } from "./text.js";
import { UsageError } from "./usage-error.js";

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
  options: EntriesOptions & { skipBad?: boolean | undefined },
): Promise<List> {
  const name = from === "-" ? "standard input" : from;
  const entries = createEntries(options);
  try {
    await readEntries(decode(from === "-" ? process.stdin : createReadStream(from)), entries);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? NOT_TEXT : message;
    throw new UsageError(`Cannot use the list ${name}: ${why}. Nothing was sent.`);
  }
  const { targets, bad, duplicates, alreadyRevoked } = entries;
  const { lines, likelyCause } = explain(entries, name);
  if (bad > 0 && !options.skipBad) {
    const advice = "Fix the list, or pass --skip-bad to leave these lines out. Nothing was sent.";
    throw new UsageError(`${plural(bad, "fault")} in ${name}. ${likelyCause} ${advice}`, lines);
  }
  if (targets.size + alreadyRevoked === 0) {
    throw new UsageError(`No token is named in ${name}. Nothing was sent.`, lines);
  }
  if (bad > 0) lines.push(`${plural(bad, "line")} skipped. ${likelyCause}`);
  if (duplicates > 0) lines.push(`${plural(duplicates, "duplicate")} left out.`);
  if (alreadyRevoked > 0) lines.push(`${plural(alreadyRevoked, "token")} left out: revoked already, says the list.`);
  return { targets, skipped: bad, notices: lines };
}

const NOT_TEXT = "it is not UTF-8 text. Export it as CSV in UTF-8";

async function* decode(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for await (const chunk of stream) {
    // UTF-16 without a byte order mark is valid UTF-8, full of these.
    if (chunk.includes(0)) throw new Error(NOT_TEXT);
    yield decoder.decode(chunk, { stream: true });
  }
  yield decoder.decode();
}

/** A longer first line is a JSON array. */
const MAX_LINE = 64 * 1024;

async function readEntries(text: AsyncGenerator<string, void>, entries: Entries): Promise<void> {
  const head: string[] = [];
  let start = "";
  while (!start.includes("\n") && start.length < MAX_LINE) {
    const { done, value } = await text.next();
    if (done) break;
    head.push(value);
    start = (start + value).trimStart();
  }
  const all = (async function* () {
    yield* head;
    yield* text;
  })();
  if (start.startsWith("[")) await readJsonArray(all, entries);
  else if (start.startsWith("{")) await readNdjson(all, entries);
  else await readCsv(all, start.split("\n", 1)[0] ?? "", entries);
}

/** With a fault in its syntax, it is refused as a whole: nobody knows what the rest means. */
async function readJsonArray(text: AsyncIterable<string>, entries: Entries): Promise<void> {
  let json = "";
  for await (const part of text) json += part;
  const values = parseJson(json);
  if (!Array.isArray(values)) throw new Error("it begins like a JSON array, but is not valid JSON");
  for (const [index, value] of values.entries()) entries.addObject(`entry ${index + 1}`, value);
}

async function readNdjson(text: AsyncIterable<string>, entries: Entries): Promise<void> {
  let number = 0;
  for await (const line of splitLines(text)) {
    number++;
    if (line.trim() !== "") entries.addObject(number, parseJson(line));
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

async function readCsv(text: AsyncIterable<string>, firstLine: string, entries: Entries): Promise<void> {
  const cellsOf = (delimiter: string) => firstLine.split(delimiter).length;
  const delimiter = [",", ";", "\t"].reduce((best, other) => (cellsOf(other) > cellsOf(best) ? other : best));
  let columns: ReturnType<Entries["columnsOf"]>["columns"] | undefined;
  let line = 1;

  function readRecord(cells: string[]): void {
    const place = line;
    line += cells.reduce((sum, cell) => sum + cell.split("\n").length - 1, 1);
    // Without its closing quote, a cell takes in the lines after it.
    if (cells.some((cell, index) => cell.includes("\n") && (columns?.[index] || cell.includes(delimiter)))) {
      throw new Error(`a quoted cell of line ${place} has several lines. Its closing quote may be missing`);
    }
    if (cells.every((cell) => cell === "")) return;
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
  const parser = parse({ ...format, on_record: (cells: string[]) => void readRecord(cells) });
  try {
    await pipeline(text, parser.resume());
  } catch (error) {
    // The message of csv-parse contains the cell.
    if (error instanceof CsvError) throw new Error(`a quote is missing or misplaced in line ${line}, or after it`);
    throw error;
  }
}
