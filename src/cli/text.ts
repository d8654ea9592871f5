// Text for a terminal: what came from a list or a server may not move the cursor, nor pass for something else.

/** By UTF-16 unit, as JSON has it. */
const escaped = (characters: string): string =>
  characters.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Escapes control characters, and those that are not seen or turn a text around, as JSON does: JSON remains the same JSON. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);

/** A line of JSON: no character in it can do anything to a terminal. */
export const json = (value: object): string => printable(JSON.stringify(value));

export const plural = (count: number, word: string): string =>
  `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

/** Breaks a line between words. The lines after the first are indented as it is. A longer word stays whole. */
export function wrap(text: string, columns: number): string {
  const [indent = ""] = /^ */.exec(text) ?? [];
  const most = Math.max(columns - indent.length - 2, 0);
  const lines = text.match(new RegExp(`(\\S.{0,${most}}|\\S+)(?= |$)`, "g")) ?? [];
  return lines.map((line) => indent + line.trimEnd()).join("\n");
}

/** Cells in columns that stand below each other. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const pad = (cell: string, column: number) => cell.padEnd(widths[column] ?? 0);
  return rows.map((row) => row.map(pad).join("  ").trimEnd());
}
