// Compiles generated code as strictly as a user may.
import { join } from "node:path";
import ts from "typescript";
import { put } from "./test-kit.js";

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  erasableSyntaxOnly: true,
  noEmit: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  types: [],
};

/** A compiler host that reads what never changes, the types of the platform, once for all programs. */
function sharingHost(): ts.CompilerHost {
  const host = ts.createCompilerHost(OPTIONS);
  const read = host.getSourceFile.bind(host);
  const libraries = new Map<string, ts.SourceFile | undefined>();
  host.getSourceFile = (name, ...rest) => {
    if (!name.includes("/typescript/lib/")) return read(name, ...rest);
    if (!libraries.has(name)) libraries.set(name, read(name, ...rest));
    return libraries.get(name);
  };
  return host;
}
const HOST = sharingHost();

/** What the strict compiler says of files, `name.ts(line): message`, with every check that a user may have on. */
export function compile(folder: string, files: Record<string, string> = {}): string[] {
  put(folder, files);
  const names = ["generated/client.ts", "generated/schema.ts", ...Object.keys(files)];
  const program = ts.createProgram(
    names.map((name) => join(folder, name)),
    OPTIONS,
    HOST,
  );
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = file ? ts.getLineAndCharacterOfPosition(file, start).line + 1 : 0;
    return `${file?.fileName.split("/").at(-1)}(${line}): ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}
