// Type-checks the project with other files in the place of some, again and again: what has not changed is kept.
import { join } from "node:path";
import ts from "typescript";

/** @returns what `tsc` would say, a line each. */
export type TypeCheck = (files: Record<string, string>) => string[];

export function createTypeCheck(): TypeCheck {
  const root = process.cwd();
  const config = ts.getParsedCommandLineOfConfigFile(join(root, "tsconfig.json"), undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, "\n"));
    },
  });
  if (!config) throw new Error("There is no tsconfig.json.");
  const options = { ...config.options, incremental: true, noEmit: true };
  const overlay = new Map<string, string>();
  const host = ts.createIncrementalCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (file) => overlay.get(file) ?? readFile(file);
  host.fileExists = (file) => overlay.has(file) || fileExists(file);
  const kept = new Map<string, ts.SourceFile | undefined>();
  host.getSourceFile = (file, ...rest) => {
    if (overlay.has(file)) return getSourceFile(file, ...rest);
    if (!kept.has(file)) kept.set(file, getSourceFile(file, ...rest));
    return kept.get(file);
  };
  let before: ts.SemanticDiagnosticsBuilderProgram | undefined;

  return (files) => {
    overlay.clear();
    for (const [path, content] of Object.entries(files)) overlay.set(join(root, path).replaceAll("\\", "/"), content);
    const names = [...new Set([...config.fileNames, ...overlay.keys()])];
    before = ts.createSemanticDiagnosticsBuilderProgram(names, options, host, before);
    const found = [
      ...before.getSyntacticDiagnostics(),
      ...before.getGlobalDiagnostics(),
      ...before.getSemanticDiagnostics(),
    ];
    return found.map((diagnostic) => ts.formatDiagnostic(diagnostic, host).trim());
  };
}
