// The matrix in the README: what each runtime has seen, between two markers.
import type { Seen } from "./runtime.js";

export interface Row {
  name: string;
  version: string;
  seen: Seen;
}

const MARKED = /(?<=<!-- runtimes -->\n).*?(?=<!-- \/runtimes -->)/s;

const lineOf = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

/** @returns the README with these rows in place of those between its markers. */
export function withRows(readme: string, rows: readonly Row[]): string {
  if (!MARKED.test(readme)) throw new Error("README.md has lost its markers <!-- runtimes --> and <!-- /runtimes -->.");
  const head = ["runtime", "version", ...Object.keys(rows[0]?.seen ?? {})];
  const body = rows.map(({ name, version, seen }) => [name, version, ...Object.values(seen)]);
  const lines = [head, head.map(() => "---"), ...body].map(lineOf);
  return readme.replace(MARKED, () => `${lines.join("\n")}\n`);
}

/** @returns the rows that the README shows otherwise. It names the versions of when it was written, which may be others. */
export function outdated(readme: string, rows: readonly Row[]): Row[] {
  const shown = readme.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  return rows.filter(({ name, seen }) => {
    const [, , , ...cells] = shown.find(([, first]) => first === name) ?? [];
    return Object.values(seen).join() !== cells.slice(0, -1).join();
  });
}
