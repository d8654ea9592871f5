// Reads a journal, so that a run can continue it: what it proves of each token.
import { createReadStream, statSync } from "node:fs";
import type { TokenRef } from "../index.js";
import type { JournalLine, ResultLine, RunInfo, RunLine } from "./journal.js";
import { splitLines } from "./lines.js";
import { createTokenMap, type TokenMap } from "./targets.js";
import { UsageError } from "./usage-error.js";

/** In ms: 30 days. The server keeps the name of a revoked token for 90 days. Then a new token can have it. */
const MAX_AGE = 30 * 24 * 60 * 60 * 1000;

const isRecent = (at: string, now: number): boolean => now - Date.parse(at) <= MAX_AGE;

/** What a journal can prove of a token. The stronger one wins, whatever the order of the lines. */
const STRENGTH = {
  active: 0,
  /** Not found: revoked before, or misspelt. */
  absent: 0,
  /** A request may have revoked it. */
  unknown: 1,
  /** Not found after a request that may have revoked it. */
  gone: 2,
  revoked: 3,
} as const;

export type State = keyof typeof STRENGTH;

/**
 * What the sender of this run found out, and what other senders did. They can belong to another organization, where the
 * same name is another token.
 */
export type Known = { readonly mine?: State; readonly others?: State };

function stateOf({ outcome, maybeRevoked }: ResultLine, whose: keyof Known): State {
  if (outcome === "not-revoked") return "active";
  if (outcome !== "absent") return outcome;
  // In another organization, no token of ours is found.
  if (whose === "others") return maybeRevoked ? "unknown" : "active";
  return maybeRevoked ? "gone" : "absent";
}

/** Takes the lines of a journal, one after the other. */
export function createHistory(sender: string, now: number) {
  const known = createTokenMap<Known>();
  const senders = new Map<string, string>();
  const unanswered = new Map<string, { ref: TokenRef; whose: keyof Known }>();
  let latestRun = "";

  function learn(ref: TokenRef, whose: keyof Known, state: State): void {
    const before = known.get(ref);
    if (STRENGTH[state] >= STRENGTH[before?.[whose] ?? "active"]) known.set(ref, { ...before, [whose]: state });
  }
  return {
    add(line: JournalLine): void {
      if (line.kind === "run") {
        latestRun = line.run ?? `${senders.size}`;
        senders.set(latestRun, line.sender);
        return;
      }
      const { run = latestRun } = line;
      const whose = senders.get(run) === sender ? "mine" : "others";
      // Two runs may have sent a request for one token. Only the result of the same run tells how it ended.
      const request = JSON.stringify([run, line.serviceAccountSlug, line.tokenSlug]);
      if (line.kind === "sending") unanswered.set(request, { ref: line, whose });
      else {
        unanswered.delete(request);
        const state = stateOf(line, whose);
        const isClaim = state === "revoked" || state === "gone";
        if (!isClaim || isRecent(line.at, now)) learn(line, whose, state);
      }
    },
    /** After the last line. */
    known(): TokenMap<Known> {
      for (const { ref, whose } of unanswered.values()) learn(ref, whose, "unknown");
      return known;
    },
  };
}

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
  const history = createHistory(run.sender, now);
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
    if (latest && !isRecent(latest.at, now)) {
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
