// Figures and tables, as BENCHMARKS.md has them.

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export const times = (value: number, base: number): string => `${(value / base).toFixed(2)} ×`;

/** A table in Markdown: numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

/** A part of BENCHMARKS.md. */
export interface Section {
  title: string;
  text: string;
}
