// Reads a journal, so that a run can continue it.
import { createReadStream, statSync } from "node:fs";
import type { JournalLine, RunInfo, RunLine } from "./journal.js";
import { splitLines } from "./lines.js";
import { createHistory, type Known } from "./plan.js";
import type { TokenMap } from "./targets.js";
import { UsageError } from "./usage-error.js";

/** In ms: 30 days. The server keeps the name of a revoked token for 90 days. Then a new token can have it. */
const MAX_AGE = 30 * 24 * 60 * 60 * 1000;

/**
 * What earlier runs left, for `createPlan`. Creates nothing: without a file, nothing is known.
 *
 * @throws {UsageError} if this run cannot continue the journal.
 */
export async function readJournal(
  file: string,
  run: Pick<RunInfo, "baseUrl" | "sender">,
  now = Date.now(),
): Promise<TokenMap<Known>> {
  const history = createHistory(run.sender);
  let latest: RunLine | undefined;
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat && !stat.isFile()) throw new Error("it is not a regular file");
    for await (const line of stat ? readLines(createReadStream(file, "utf8")) : []) {
      if (line.kind === "run") {
        if (line.format !== 1) throw new Error("another version of this program wrote it");
        if (normalize(line.baseUrl) !== normalize(run.baseUrl)) {
          throw new Error(`its base URL is ${line.baseUrl}, and the one of this run is ${run.baseUrl}`);
        }
        latest = line;
      }
      history.add(line);
    }
    if (latest && !(now - Date.parse(latest.at) <= MAX_AGE)) {
      throw new Error(
        "its last run was more than 30 days ago. Since then, names of revoked tokens can have been used again",
      );
    }
  } catch (error) {
    const why = `Cannot continue the journal ${file}: ${(error as Error).message}.`;
    throw new UsageError(`${why} Keep this file, and pass --journal FILE with a new name. Nothing was sent.`);
  }
  return history.known();
}

const normalize = (url: string) => new URL(url).href.replace(/\/+$/, "");

const HEADER_START = '{"kind":"run"';

/** @throws an Error for a line that does not parse where no run can have died. */
async function* readLines(text: AsyncIterable<string>): AsyncGenerator<JournalLine> {
  let number = 0;
  let unreadable = 0;
  let isFirst = true;
  for await (const part of splitLines(text)) {
    number++;
    if (part.trim() === "") continue;
    const line = parseLine(part);
    // A run that dies can leave its last line torn, also its header. The next run begins with a line end and its header.
    const isHeader = line?.kind === "run" || part.startsWith(HEADER_START) || HEADER_START.startsWith(part);
    if (isFirst && !isHeader) throw new Error("it does not begin like a journal");
    if (unreadable && !isHeader) throw new Error(`line ${unreadable} is not a line of a journal`);
    isFirst = false;
    unreadable = line ? 0 : number;
    if (line) yield line;
  }
}

const OUTCOMES: readonly unknown[] = ["revoked", "absent", "not-revoked", "unknown"];

function parseLine(text: string): JournalLine | undefined {
  try {
    const line: JournalLine = JSON.parse(text);
    const isWhole = line.kind === "result" ? OUTCOMES.includes(line.outcome) : ["run", "sending"].includes(line.kind);
    return isWhole ? line : undefined;
  } catch {
    return undefined;
  }
}
