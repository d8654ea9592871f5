// Reads a list of tokens (`--from`): a line each, as JSON or as CSV. A stream of any length; every bad line is told.
import { createReadStream } from "node:fs";
import type { TokenRef } from "../index.js";
import type { Targets } from "./targets.js";
import { UsageError } from "./usage-error.js";

/** No slug is as long: a longer line says that this is another kind of file. */
const LONGEST_LINE = 64 * 1024;

const HEADERS = /^(account|serviceAccountSlug),(token|tokenSlug)$/i;
/** Two fields, each plain or in quotes, with quotes in it doubled (RFC 4180 §2). */
const CSV = /^(?:"((?:[^"]|"")*)"|([^",]*)),(?:"((?:[^"]|"")*)"|([^",]*))$/;

const NOT_TEXT = "it is not UTF-8 text";

/** Splits a stream of UTF-8 at its line ends, and refuses what is no text. */
async function* lines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const whole = (line: string) => {
    if (line.length > LONGEST_LINE) throw new Error("it has a line longer than 64 KiB, as no list has");
    return line.replace(/\r$/, "");
  };
  let rest = "";
  for await (const chunk of stream) {
    // UTF-16 without a byte order mark is valid UTF-8, full of these.
    if (chunk.includes(0)) throw new Error(NOT_TEXT);
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) yield whole(part);
    whole(rest);
  }
  rest += decoder.decode();
  if (rest) yield whole(rest);
}

/** @throws an Error that says what is wrong with the line; never the line, which may hold a secret. */
function readJson(line: string): Record<keyof TokenRef, unknown> {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error("is not JSON");
  }
}

/** @throws an Error that says what is wrong with the line; never the line, which may hold a secret. */
function readCsv(line: string): TokenRef {
  const fields = CSV.exec(line);
  if (!fields)
    throw new Error('is neither JSON nor CSV of two fields: account,token (quote a field with , or " in it)');
  const [, quotedAccount, account, quotedToken, token] = fields;
  for (const plain of [account, token]) {
    // RFC 4180 §2 counts it as part of the field; whoever types it means none, and would be told "absent".
    if (plain !== plain?.trim()) throw new Error("has white space around a field: remove it, or quote the field");
  }
  return {
    serviceAccountSlug: quotedAccount?.replaceAll('""', '"') ?? account ?? "",
    tokenSlug: quotedToken?.replaceAll('""', '"') ?? token ?? "",
  };
}

/** What was in a list. */
export interface Tally {
  /** How many lines named a token that an earlier line had named. */
  duplicates: number;
  /** How many lines name no token. */
  bad: number;
}

/**
 * Reads a whole list before anything is sent, so that what is confirmed is what is revoked.
 *
 * @param from a path, or `-` for standard input.
 * @param tellBad told of every bad line, with its number.
 * @throws {UsageError} when it cannot be read, or is no text.
 */
export async function readList(
  from: string,
  targets: Targets,
  tellBad: (fault: string) => Promise<void>,
): Promise<Tally> {
  const name = nameOf(from);
  const tally: Tally = { duplicates: 0, bad: 0 };
  let number = 0;
  let isFirst = true;
  try {
    for await (const line of lines(from === "-" ? process.stdin : createReadStream(from))) {
      number++;
      const text = line.trim();
      if (text === "") continue;
      try {
        const isHeader = isFirst && HEADERS.test(text.replaceAll('"', ""));
        isFirst = false;
        if (isHeader) continue;
        if (!targets.add(text.startsWith("{") ? readJson(text) : readCsv(line))) tally.duplicates++;
      } catch (error) {
        tally.bad++;
        await tellBad(`${name}:${number}: ${(error as Error).message.replace(" Nothing was sent.", "")}`);
      }
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? NOT_TEXT : message;
    throw new UsageError(`Cannot read ${name}: ${why}${number ? ` (after line ${number})` : ""}. Nothing was sent.`);
  }
  return tally;
}

export const nameOf = (from: string): string => (from === "-" ? "standard input" : from);
