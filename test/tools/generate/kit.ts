// What the tests of the generator share: folders, specs, and a strict TypeScript compiler.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { onTestFinished } from "vitest";
import { generate } from "../../../scripts/generate.js";

/** A folder with these files, from which generated code can import openapi-fetch. It is removed after the test. */
export function folderWith(files: Record<string, string>): string {
  mkdirSync("node_modules/.cache", { recursive: true });
  const folder = mkdtempSync(join(process.cwd(), "node_modules/.cache/generate-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

export const specOf = (paths: string, rest = "") =>
  `openapi: 3.1.0\ninfo: { title: Test, version: "1" }\npaths:\n${paths}\n${rest}`;

export const optionsFor = (folder: string) => ["--spec", join(folder, "openapi.yaml"), "--out", folder];

/** A folder with a spec, and what the generator writes. */
export async function generated(spec: string, files: Record<string, string> = {}): Promise<string> {
  const folder = folderWith({ "openapi.yaml": spec, ...files });
  await generate(optionsFor(folder));
  return folder;
}

/** What TypeScript says about code that uses the generated files. */
export function compile(folder: string, use: string): string[] {
  writeFileSync(join(folder, "use.ts"), use);
  const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
  const modern = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, types: [], skipLibCheck: true };
  const program = ts.createProgram([join(folder, "use.ts")], { ...strict, ...modern, noEmit: true });
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}
