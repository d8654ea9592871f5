// What the generator's tests share: temporary folders, and the real command in a process of its own.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const JITI = join(REPOSITORY, "node_modules/jiti/lib/jiti-cli.mjs");
const SCRIPT = join(REPOSITORY, "scripts/generate.ts");

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder of the test's own, from which generated code can import openapi-fetch; gone when the test file is done. */
export function temporaryFolder(): string {
  const cache = join(REPOSITORY, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "generate-"));
  folders.push(folder);
  return folder;
}

/** Writes files, by name within the folder: text as it is, anything else as JSON (which is YAML too). */
export function put(folder: string, files: Record<string, unknown>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content, null, 2));
  }
}

/** Every file below a folder, with its text. */
export function contents(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [relative(folder, file), readFileSync(file, "utf8")];
    }),
  );
}

export interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

/** `npm run generate -- …args`, as a person in `folder` would run it. */
export function generate(folder: string, ...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [JITI, SCRIPT, ...args], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

/** An OpenAPI document around these paths. */
export function spec(paths: object, rest: object = {}): object {
  return { openapi: "3.1.0", info: { title: "Test", version: "1" }, paths, ...rest };
}

/** A new folder with what the command makes of a spec in it. */
export async function generated(document: object | string, files: Record<string, unknown> = {}): Promise<string> {
  const folder = temporaryFolder();
  put(folder, { "openapi.yaml": document, ...files });
  const { code, stderr } = await generate(folder);
  if (code !== 0) throw new Error(stderr);
  return folder;
}
