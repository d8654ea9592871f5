// Text for a terminal: what came from a list or a server may not move the cursor, nor pass for something else.

/** The unit of JSON's escapes: a character beyond the first 65 536 has two. */
const escaped = (characters: string): string =>
  Array.from({ length: characters.length }, (_, index) => characters.charCodeAt(index))
    .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
    .join("");

/**
 * Control characters, and those that are not seen or change the direction of a text, are written as JSON would escape
 * them: so that JSON remains the same JSON.
 */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);

/** A line of JSON: no character in it can do anything to a terminal. */
export const json = (value: object): string => printable(JSON.stringify(value));

export const plural = (count: number, word: string): string =>
  `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

/** Breaks a line between words. The lines after the first are indented as it is. A longer word stays whole. */
export function wrap(text: string, columns: number): string {
  const [indent = ""] = /^ */.exec(text) ?? [];
  const lines: string[] = [];
  let line = indent;
  for (const word of text.slice(indent.length).split(" ")) {
    const isFirst = line === indent;
    if (!isFirst && line.length + 1 + word.length >= columns) {
      lines.push(line);
      line = indent + word;
    } else line += isFirst ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}

/** Cells in columns that stand below each other. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
