// Draws docs/command.svg: the built command in a terminal, at work against the fake.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { spawn } from "@lydell/node-pty";
import { createFakeKaiten } from "kaiten-service-accounts/testing";

const LIST = ["deploy-key", "release-key", "backup-key", "old-key"];
const COLUMNS = 110;

// The last one is misspelt, and the one before it was revoked by somebody else.
const before = { revokedAt: "2026-01-30T16:20:11Z", revokedBy: { id: "1", name: "Alice" } };
const tokens = LIST.slice(0, 3).map((tokenSlug) => ({
  ...{ serviceAccountSlug: "ci-bot", tokenSlug, createdAt: "2025-03-01T09:00:00Z" },
  ...(tokenSlug === "backup-key" && before),
}));
const fake = createFakeKaiten({ tokens });
const { url, close } = await fake.listen(4010);
const cwd = mkdtempSync(join(tmpdir(), "picture-"));
writeFileSync(join(cwd, "leak.csv"), LIST.map((token) => `ci-bot,${token}\n`).join(""));

const env = { PATH: process.env.PATH, KAITEN_BASE_URL: url, KAITEN_AUTH_TOKEN: fake.credential };
const parameters = [resolve("dist/cli/main.js"), "revoke", "--from", "leak.csv"];
const terminal = spawn(process.execPath, parameters, { cwd, env, name: "xterm-256color", cols: COLUMNS, rows: 30 });
let raw = "";
terminal.onData((data) => {
  if (data.includes("Type yes")) terminal.write("yes\r");
  raw += data;
});
await new Promise((ended) => terminal.onExit(ended));
await close();
rmSync(cwd, { recursive: true });

/** What the terminal shows of a line in the end: the text after it was last erased, in rows. */
function toRows(line: string): string[] {
  const shown = line.split("\u001b[2K").at(-1)?.split("\u001b[0J").at(-1) ?? "";
  const text = stripVTControlCharacters(shown).replaceAll("\r", "").replaceAll("\t", "  ");
  return text.match(new RegExp(`.{1,${COLUMNS}}(?: |$)`, "g")) ?? [""];
}

/** SVG takes white space together. */
const toText = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(" ", "\u00a0");
const rows = ["$ kaiten-service-accounts revoke --from leak.csv", ...raw.trimEnd().split("\n").flatMap(toRows)];
const [width, height] = [COLUMNS * 7.9 + 32, rows.length * 19 + 28];
const lines = rows.map((row, index) => `  <text x="16" y="${28 + index * 19}">${toText(row)}</text>`);
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="The command in a terminal" font-family="ui-monospace, monospace" font-size="13" fill="#e6e6e6">
  <rect width="100%" height="100%" rx="6" fill="#1b1f27"/>
${lines.join("\n")}
</svg>
`;
writeFileSync("docs/command.svg", svg);
