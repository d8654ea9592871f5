// The written files: put in place all or none, or compared with what is there.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { InputError, shown } from "./input-error.js";

/** Name of a file in the folder, and its text. */
export type Files = Record<string, string>;

const clip = (line: string | undefined): string =>
  line === undefined ? "missing" : JSON.stringify(line.length > 100 ? `${line.slice(0, 100)}…` : line);

/** The first line in which two texts differ, for a message. */
function firstDifference(committed: string, fresh: string): string {
  const [old, now] = [committed.split("\n"), fresh.split("\n")];
  const lines = Array.from({ length: Math.max(old.length, now.length) }, (_, index) => index);
  const at = lines.find((index) => old[index] !== now[index]) ?? 0;
  return `line ${at + 1} is ${clip(old[at])}, by the spec it is ${clip(now[at])}`;
}

/** A message for each file of the folder that is not what it should be. A README.md may stand beside them. */
export function findDrift(files: Files, folder: string): string[] {
  const entries = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  const present = new Set(entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name));
  const stray = entries
    .map(({ name }) => name)
    .filter((name) => !present.has(name) || (!Object.hasOwn(files, name) && name !== "README.md"))
    .sort();
  const drifted = Object.entries(files).flatMap(([name, fresh]) => {
    const file = shown(join(folder, name));
    if (!present.has(name)) return [`${file} is missing`];
    const committed = readFileSync(join(folder, name), "utf8");
    return committed === fresh ? [] : [`${file} has drifted: ${firstDifference(committed, fresh)}`];
  });
  return [...drifted, ...stray.map((name) => `${shown(join(folder, name))} is not made from the spec: remove it`)];
}

/** All or none: every file is whole on the disk before the first takes its place, and nothing else stays behind. */
export function writeFiles(files: Files, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const names = Object.keys(files);
  const blocked = names.find((name) => lstatSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory());
  if (blocked) throw new InputError(`${shown(join(folder, blocked))} cannot be written: it is a folder.`);
  const stage = mkdtempSync(join(folder, ".new-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(stage, name), text);
    for (const name of names) renameSync(join(stage, name), join(folder, name));
  } finally {
    rmSync(stage, { recursive: true });
  }
}
