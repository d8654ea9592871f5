// The progress bar: one line at the bottom of a terminal, redrawn in place.
import type { Outcome } from "../index.js";
import type { Output } from "./output.js";

export type Counts = Record<Outcome, number>;

export const COLORS = { revoked: "green", absent: "cyan", "not-revoked": "yellow", unknown: "red" } as const;

export interface Bar {
  /** At most ten times a second, unless it must be. */
  draw(counts: Counts, now?: boolean): Promise<void>;
  /** Makes room for a line. */
  erase(): Promise<void>;
}

const WIDTH = 24;
const NARROWEST = 4;
/** In ms. */
const EVERY = 100;
const ERASE = "\r\u001b[2K";

export function createBar(output: Output, total: number): Bar {
  const began = performance.now();
  let drawn = Number.NEGATIVE_INFINITY;
  return {
    async draw(counts, now = false) {
      const time = performance.now();
      if (!now && time - drawn < EVERY) return;
      drawn = time;
      await output.write(ERASE + picture(output, counts, total, (time - began) / 1000));
    },
    async erase() {
      drawn = Number.NEGATIVE_INFINITY;
      await output.write(ERASE);
    },
  };
}

function picture(output: Output, counts: Counts, total: number, seconds: number): string {
  const done = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const rate = done / Math.max(seconds, 0.001);
  const left = done > 0 ? clock((total - done) / rate) : "-:--";
  const labels: [Outcome | undefined, string][] = [
    [undefined, `${done}/${total}  ${rate.toFixed(rate < 10 ? 1 : 0)}/s  ${left} left`],
  ];
  for (const [outcome, count] of Object.entries(counts) as [Outcome, number][]) {
    if (count > 0) labels.push([outcome, `  ${outcome} ${count}`]);
  }
  // What does not fit is left out, the blocks first: a line that wraps cannot be erased.
  let room = output.columns - 1;
  let line = "";
  for (const [outcome, label] of labels) {
    if (label.length > room) continue;
    room -= label.length;
    line += outcome ? output.paint(COLORS[outcome], label) : label;
  }
  const width = Math.min(WIDTH, room - 1);
  if (width < NARROWEST) return line;
  const full = Math.round((width * done) / total);
  return `${"█".repeat(full)}${"░".repeat(width - full)} ${line}`;
}

function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [first, ...rest] = parts[0] ? parts : parts.slice(1);
  return [first, ...rest.map((part) => String(part).padStart(2, "0"))].join(":");
}
