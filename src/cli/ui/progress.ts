// The line at the bottom of a terminal while something is under way: a bar for many tokens, a spinner for one.
import type { Outcome } from "../../index.js";
import type { Output } from "./output.js";

export type Counts = Record<Outcome, number>;

const REDRAW_MS = 100;
const ERASE = "\r\u001b[2K";

/** @param notice what is waited for, such as the end of a pause. */
export type Picture = (columns: number, seconds: number, notice: string) => string;
export type Progress = ReturnType<typeof createProgress>;

/** Draws nothing where there is no terminal, or one that cannot erase. */
export function createProgress(output: Output, picture: Picture) {
  const started = performance.now();
  const erase = () => output.write(ERASE);
  // The last column stays free: a line that wraps cannot be erased.
  const draw = () =>
    output.write(ERASE + picture(output.columns() - 1, (performance.now() - started) / 1000, progress.notice));
  /** Takes the line away: what it says is in the summary. */
  const end = () => {
    clearInterval(timer);
    output.bottom.line = undefined;
    erase();
  };
  const progress = { notice: "", end };
  const timer = setInterval(draw, REDRAW_MS);
  output.bottom.line = { erase, draw };
  draw();
  return progress;
}

const WIDTH = 24;
const BAD = ["absent", "not-revoked", "unknown"] as const;

/** The counts of bad outcomes are never left out, however narrow the terminal is. */
export const bar =
  (counts: Readonly<Counts>, total: number): Picture =>
  (columns, _, notice) => {
    const done = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const full = Math.round((WIDTH * done) / total);
    const blocks = `${"█".repeat(full)}${"░".repeat(WIDTH - full)}`;
    const of = `${done}/${total}`;
    const bad = BAD.filter((outcome) => counts[outcome] > 0);
    const long = bad.map((outcome) => `${outcome} ${counts[outcome]}`);
    const short = bad.map((outcome) => `${outcome.slice(0, 3)} ${counts[outcome]}`);
    const lines = [
      [blocks, of, notice, ...long],
      [of, notice, ...long],
      [of, notice, ...short],
    ];
    const texts = lines.map((parts) => parts.filter(Boolean).join("  "));
    return texts.find((text) => text.length <= columns) ?? [of, ...short].join(" ");
  };

const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

export const spinner =
  (label: string): Picture =>
  (columns, seconds, notice) => {
    const frame = FRAMES[Math.floor(seconds * 10) % FRAMES.length];
    return `${frame} ${label}, ${Math.floor(seconds)} s${notice && `, ${notice}`}`.slice(0, columns);
  };
