// Values and words of a spec as TypeScript source that a person can read, and that no value can break out of.

const WIDTH = 110;

// ECMAScript ended lines at these inside strings until 2019; tools still do.
const escapeSeparators = (text: string): string => text.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");

const key = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name));

/** A JSON value as a literal: on one line where it fits, else a line a member. */
export function literal(value: unknown, indent = ""): string {
  if (typeof value !== "object" || value === null) return escapeSeparators(JSON.stringify(value));
  const inner = `${indent}  `;
  const rows = Array.isArray(value)
    ? value.map((item) => literal(item, inner))
    : Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .map(([name, member]) => `${key(name)}: ${literal(member, inner)}`);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return enclose(open, rows, close, indent);
}

/** Rows of code between brackets, wrapped where they are too long for a line. */
export function enclose(open: string, rows: string[], close: string, indent = ""): string {
  if (rows.length === 0) return open + close;
  const space = open.endsWith("{") ? " " : "";
  const line = `${open}${space}${rows.join(", ")}${space}${close}`;
  if (!line.includes("\n") && indent.length + line.length <= WIDTH) return line;
  return [open, ...rows.map((row) => `${indent}  ${row},`), indent + close].join("\n");
}

/** Wraps a line of Markdown, where that leaves its meaning: not before what would open a list or a quote. */
function wrap(line: string): string[] {
  if (line.length <= WIDTH || /^\s*\|/.test(line)) return [line.trimEnd()];
  const [lead = ""] = /^\s*(?:(?:[-+*]|\d+[.)])\s+)?/.exec(line) ?? [];
  const rows: string[] = [];
  let row = lead;
  for (const word of line.slice(lead.length).split(/ +(?![-+*>#|=~]|\d+[.)]|```)/)) {
    if (row.length > lead.length && row.length + word.length >= WIDTH) {
      rows.push(row.trimEnd());
      row = " ".repeat(lead.length);
    }
    row += row.length > lead.length ? ` ${word}` : word;
  }
  return [...rows, row.trimEnd()];
}

/** A TSDoc comment of Markdown paragraphs. */
export function comment(paragraphs: (string | undefined)[], tag?: string): string {
  let fenced = false;
  // Many specs say the same as summary and as description.
  const said = new Set(paragraphs.map((paragraph) => paragraph?.trim()).filter(Boolean));
  const lines = [...said]
    .join("\n\n")
    .split(/\r\n?|[\n\u2028\u2029]/)
    .flatMap((line) => {
      if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
      return fenced ? [line] : wrap(line);
    })
    // The spec's words must be able neither to end the comment nor to become a tag of it.
    .map((line) => line.replaceAll("*/", "*\\/").replace(/^(\s*)@/, "$1\\@"));
  const all = tag ? [...lines, "", tag] : lines;
  if (all.length === 1 && all[0] && all[0].length < WIDTH) return `/** ${all[0]} */`;
  return ["/**", ...all.map((line) => ` * ${line}`.trimEnd()), " */"].join("\n");
}
