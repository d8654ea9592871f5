// The house: who may import whom. An import that points up, or in a circle, is named.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

/** From the ground up: a room imports only rooms that stand before it, and its own files. */
const ROOMS = [
  ...[
    "generated",
    "version.ts",
    "is-a.ts",
    "secret.ts",
    "slug.ts",
    "headers.ts",
    "errors",
    "types.ts",
    "check.ts",
    "answer",
    "call",
  ],
  ...["run", "client.ts", "index.ts", "undici.ts", "testing", "cli"],
];

const files = ["src", "generated"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => normalize(join(folder, file))),
);

function importsOf(file: string): string[] {
  const code = readFileSync(file, "utf8");
  const paths = Array.from(code.matchAll(/(?:from|import\()\s*"(\.[^"]+)\.js"/g), ([, path]) => `${path}.ts`);
  return paths.map((path) => normalize(join(dirname(file), path)));
}

const imports = new Map(files.map((file) => [file, importsOf(file)]));
const arrows = files.flatMap((from) => (imports.get(from) ?? []).map((to) => ({ from, to })));
const roomOf = (file: string) => file.split(/[/\\]/)[file.startsWith("src") ? 1 : 0] ?? "";

test("every file has a room", () => {
  expect(files.filter((file) => !ROOMS.includes(roomOf(file)))).toEqual([]);
});

test("an import points down", () => {
  expect(arrows.filter(({ from, to }) => ROOMS.indexOf(roomOf(from)) < ROOMS.indexOf(roomOf(to)))).toEqual([]);
});

test("no import closes a circle", () => {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    expect(path).not.toContain(file);
    if (done.has(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});
