// The code in the README and in docs/ compiles as it stands, beside the names that the text around it explains.
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import ts from "typescript";
import * as vitest from "vitest";
import * as library from "../../../src/index.js";
import * as testing from "../../../src/testing/index.js";

const { expect, test } = vitest;

/** What a block may use without declaring it. */
const EXPLAINED = `
  import * as library from "kaiten-service-accounts";
  import * as testing from "kaiten-service-accounts/testing";
  import * as vitest from "vitest";
  declare global {
    const { createKaitenClient, isProblem }: typeof library;
    const { createFakeKaiten }: typeof testing;
    const { expect }: typeof vitest;
    const kaiten: library.KaitenClient;
    const vault: { read(name: string): Promise<string> };
    const baseUrl: string, token: string, leakedSecret: string;
    const ref: library.TokenRef, refs: library.TokenRef[];
    const error: unknown, signal: AbortSignal;
    const tracer: {
      startSpan(
        name: string,
        options: { startTime: number; attributes: Record<string, string | number | undefined> },
      ): { end(time: number): void };
    };
    interface Message {
      body: library.TokenRef;
      accept: () => Promise<void>;
      reject: () => Promise<void>;
    }
    const queue: AsyncIterable<Message>;
  }`;

const documents = ["README.md", ...readdirSync("docs", { encoding: "utf8" }).map((name) => `docs/${name}`)];
const blocks = documents
  .filter((name) => name.endsWith(".md"))
  .flatMap((name) => {
    const found = readFileSync(name, "utf8").matchAll(/^```[jt]s\n(.*?)^```$/gms);
    return Array.from(found, ([, code], index) => [`${name}.${index + 1}.ts`, `${code}\nexport {};`] as const);
  });

/** @returns what TypeScript says of each block, a line each. */
function compile(): string[] {
  const files = new Map([["explained.ts", EXPLAINED], ...blocks].map(([name, code]) => [resolve(name), code]));
  const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, resolve());
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => files.has(resolve(file)) || fileExists(file);
  host.readFile = (file) => files.get(resolve(file)) ?? readFile(file);
  const program = ts.createProgram([...files.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => ts.formatDiagnostic(diagnostic, host).trim());
}

const MODULES: Record<string, object> = {
  "kaiten-service-accounts": library,
  "kaiten-service-accounts/testing": testing,
  vitest,
};

// Those that are tests are tests of this file.
for (const [, code] of blocks.filter(([, code]) => code.includes("\ntest("))) {
  const { outputText } = ts.transpileModule(code, { compilerOptions: { module: ts.ModuleKind.CommonJS } });
  new Function("require", "exports", "createKaitenClient", outputText)(
    (name: string) => MODULES[name],
    {},
    library.createKaitenClient,
  );
}

test("the examples of the README and of docs/ compile", () => {
  expect(blocks.length).toBeGreaterThan(5);
  expect(compile()).toEqual([]);
});
