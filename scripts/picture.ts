// Draws docs/command.svg: the built command in a terminal, at work against the fake, which has a bad day.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { spawn } from "@lydell/node-pty";
import { createFakeKaiten } from "kaiten-service-accounts/testing";

const LIST = ["deploy-key", "release-key", "backup-key", "old-key"];
const COLUMNS = 110;
const ROW = new RegExp(`.{1,${COLUMNS}}(?: |$)`, "g");
const COLOURS: Record<string, string> = { "36": "#76d7ea", "33": "#f5d76e", "31": "#ff8a80", "39": "#e6e6e6" };

const fake = createFakeKaiten({
  tokens: LIST.slice(0, 3).map((tokenSlug) => ({ serviceAccountSlug: "ci-bot", tokenSlug })),
});
fake.play("lost-after-commit", { ref: { serviceAccountSlug: "ci-bot", tokenSlug: "release-key" } });
const { url, close } = await fake.listen(4010);
const cwd = mkdtempSync(join(tmpdir(), "picture-"));
writeFileSync(join(cwd, "leak.csv"), LIST.map((token) => `ci-bot,${token}\n`).join(""));

const env = { PATH: process.env.PATH, KAITEN_BASE_URL: url, KAITEN_AUTH_TOKEN: fake.credential };
const parameters = [resolve("dist/cli/main.js"), "revoke", "--from", "leak.csv"];
const terminal = spawn(process.execPath, parameters, { cwd, env, name: "xterm-256color", cols: COLUMNS, rows: 30 });
let raw = "";
terminal.onData((data) => {
  if (data.includes("Type yes")) terminal.write("yes\r");
  // A character that regular expressions may contain.
  raw += data.replaceAll("\u001b", "␛");
});
await new Promise((ended) => terminal.onExit(ended));
await close();
rmSync(cwd, { recursive: true });

/** SVG takes white space together. */
const toText = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(" ", "\u00a0");
const piece = (text: string, code = "39") => `<tspan fill="${COLOURS[code] ?? COLOURS["39"]}">${toText(text)}</tspan>`;

/** What the terminal shows of a line in the end: the text after it was last erased. A long line has one colour. */
function toRows(line: string): string[] {
  const shown = (line.split(/␛\[(?:2K|0J)/).at(-1) ?? "").replace(/\r|␛\[\d+G/g, "").replaceAll("\t", "  ");
  const [first = "", ...coloured] = shown.split(/␛\[(\d+)m/);
  const text = shown.replace(/␛\[\d+m/g, "");
  if (text.length > COLUMNS) return (text.match(ROW) ?? []).map((row) => piece(row, first ? "39" : coloured[0]));
  const pairs = coloured.flatMap((code, index) => (index % 2 === 0 ? [piece(coloured[index + 1] ?? "", code)] : []));
  return [piece(first) + pairs.join("")];
}

const rows = [
  piece("$ npx kaiten-service-accounts revoke --from leak.csv"),
  ...raw.trimEnd().split("\n").flatMap(toRows),
];
const [width, height] = [COLUMNS * 7.9 + 32, rows.length * 19 + 28];
const lines = rows.map((row, index) => `  <text x="16" y="${28 + index * 19}">${row}</text>`);
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="The command in a terminal" font-family="ui-monospace, monospace" font-size="13">
  <rect width="100%" height="100%" rx="6" fill="#1b1f27"/>
${lines.join("\n")}
</svg>
`;
writeFileSync("docs/command.svg", svg);
