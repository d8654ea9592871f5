// The line at the bottom of a terminal while something is under way: a bar for many tokens, a spinner for one.
import { stripVTControlCharacters } from "node:util";
import type { Outcome } from "../../index.js";
import type { Colour, Output } from "./output.js";

export type Counts = Record<Outcome, number>;
export const COLOURS = {
  revoked: "green",
  absent: "cyan",
  "not-revoked": "yellow",
  unknown: "red",
} as const satisfies Record<Outcome, Colour>;

const REDRAW_MS = 100;
const ERASE = "\r\u001b[2K";

/** @param notice what the run waits for, such as the end of a pause. */
type Picture = (columns: number, seconds: number, notice: string) => string;

export type Progress = ReturnType<typeof createProgress>;

/** Draws nothing where there is no terminal, or one that cannot erase. */
export function createProgress(output: Output, picture: Picture) {
  const started = performance.now();
  const draw = () => {
    if (!output.isSmart) return;
    // The last column stays free: a line that wraps cannot be erased.
    const line = picture(output.columns() - 1, (performance.now() - started) / 1000, progress.notice);
    output.write(ERASE + line);
  };
  const progress = {
    notice: "",
    /** Takes the line away, prints others, and draws it again. */
    above(print: () => void): void {
      if (output.isSmart) output.write(ERASE);
      print();
      draw();
    },
    /** Takes the line away: what it says is in the summary. */
    end(): void {
      clearInterval(timer);
      if (output.isSmart) output.write(ERASE);
    },
  };
  const timer = setInterval(draw, REDRAW_MS);
  draw();
  return progress;
}

const WIDTH = 24;
/** With short names for a narrow terminal. */
const BAD = [
  ["absent", "abs"],
  ["not-revoked", "not"],
  ["unknown", "unk"],
] as const;

/** The counts of bad outcomes are never left out, however narrow the terminal is. */
export function bar(counts: Readonly<Counts>, total: number, paint: Output["paint"]): Picture {
  const sum = () => Object.values(counts).reduce((sum, count) => sum + count, 0);
  /** What was settled before anything was sent says nothing of the time that is left. */
  const before = sum();
  return (columns, seconds, notice) => {
    const done = sum();
    const full = Math.round((WIDTH * done) / total);
    const blocks = `${"█".repeat(full)}${"░".repeat(WIDTH - full)}`;
    const revoked = counts.revoked > 0 && `revoked ${counts.revoked}`;
    const left = done > before && `${clock((seconds / (done - before)) * (total - done))} left`;
    const bad = BAD.filter(([outcome]) => counts[outcome] > 0);
    const long = bad.map(([outcome]) => paint(COLOURS[outcome], `${outcome} ${counts[outcome]}`));
    const short = bad.map(([outcome, name]) => paint(COLOURS[outcome], `${name} ${counts[outcome]}`));
    const lines = [
      [blocks, `${done}/${total}`, notice, revoked, left, ...long],
      [`${done}/${total}`, notice, revoked, left, ...long],
      [`${done}/${total}`, notice, revoked, ...long],
      [`${done}/${total}`, notice, ...long],
      [`${done}/${total}`, notice, ...short],
    ].map((parts) => parts.filter(Boolean).join("  "));
    const fits = (line: string) => stripVTControlCharacters(line).length <= columns;
    return lines.find(fits) ?? [`${done}/${total}`, ...short].join(" ");
  };
}

function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

export const spinner =
  (label: string): Picture =>
  (columns, seconds, notice) => {
    const frame = FRAMES[Math.floor(seconds * 10) % FRAMES.length];
    return `${frame} ${label}, ${Math.floor(seconds)} s${notice && `, ${notice}`}`.slice(0, columns);
  };
