// Reads a list of tokens (`--from`): a line each, as JSON or as CSV. A stream of any length; every bad line is told.
import { createReadStream } from "node:fs";
import { assertSlug } from "../slug.js";
import { createTargets, type Targets } from "./targets.js";
import { plural, printable } from "./text.js";
import { UsageError } from "./usage-error.js";

/** No slug is as long: a longer line says that this is another kind of file. */
const LONGEST_LINE = 64 * 1024;
/** How many bad lines are told one by one. */
const TOLD = 1000;

const HEADERS = /^(account|serviceAccountSlug),(token|tokenSlug)$/i;
/** Two fields, each plain or in quotes, with quotes in it doubled (RFC 4180 §2). */
const CSV = /^(?:"((?:[^"]|"")*)"|([^",]*)),(?:"((?:[^"]|"")*)"|([^",]*))$/;

/** Splits a stream of UTF-8 at its line ends, and refuses what is no text. */
async function* lines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) yield part.replace(/\r$/, "");
    if (rest.length > LONGEST_LINE) throw new Error("it has a line longer than 64 KiB, is it the right file?");
  }
  rest += decoder.decode();
  if (rest) yield rest.replace(/\r$/, "");
}

/** @throws an Error that says what is wrong with the line. */
function readLine(line: string): { serviceAccountSlug: string; tokenSlug: string } {
  let serviceAccountSlug: unknown;
  let tokenSlug: unknown;
  if (line.startsWith("{")) {
    try {
      ({ serviceAccountSlug, tokenSlug } = JSON.parse(line));
    } catch {
      throw new Error("is not JSON");
    }
  } else {
    const fields = CSV.exec(line);
    if (!fields)
      throw new Error('is neither JSON nor CSV of two fields: account,token (quote a field that has , or " in it)');
    serviceAccountSlug = fields[1]?.replaceAll('""', '"') ?? fields[2];
    tokenSlug = fields[3]?.replaceAll('""', '"') ?? fields[4];
  }
  assertSlug("serviceAccountSlug", serviceAccountSlug);
  assertSlug("tokenSlug", tokenSlug);
  return { serviceAccountSlug, tokenSlug };
}

export interface List {
  targets: Targets;
  /** How many lines named a token that an earlier line had named. */
  duplicates: number;
  /** Every bad line, with its number, as far as they are told. */
  bad: string[];
}

/**
 * Reads a whole list before anything is sent, so that what is confirmed is what is revoked.
 *
 * @param from a path, or `-` for standard input.
 * @throws {UsageError} when it cannot be read, is no text, or has bad lines and they are not to be skipped.
 */
export async function readList(from: string, skipBad: boolean): Promise<List> {
  const name = from === "-" ? "standard input" : from;
  const targets = createTargets();
  const bad: string[] = [];
  let duplicates = 0;
  let badLines = 0;
  let number = 0;
  try {
    for await (const line of lines(from === "-" ? process.stdin : createReadStream(from))) {
      number++;
      const text = number === 1 ? line.replace(/^\uFEFF/, "") : line;
      if (text.trim() === "" || (number === 1 && HEADERS.test(text))) continue;
      try {
        if (!targets.add(readLine(text))) duplicates++;
      } catch (error) {
        badLines++;
        const fault = (error as Error).message.replace(" Nothing was sent.", "");
        if (bad.length < TOLD) bad.push(`${name}:${number}: ${printable(fault)}`);
      }
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? "it is not UTF-8 text" : message;
    throw new UsageError(`Cannot read ${name}: ${why}${number ? ` (after line ${number})` : ""}`);
  }
  if (badLines > bad.length) bad.push(`and ${plural(badLines - bad.length, "more bad line")}`);
  if (badLines && !skipBad) {
    throw new UsageError(
      `${bad.join("\n")}\n${plural(badLines, "bad line")} in ${name}. Mend them, or say --skip-bad.`,
    );
  }
  return { targets, duplicates, bad };
}
