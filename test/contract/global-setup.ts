// Mocks the API from openapi.yaml, once for the whole run. Where Prism does not start, no test runs.
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startPrism } from "../../scripts/prism.js";

declare module "vitest" {
  interface ProvidedContext {
    prism: {
      /** The base URL of the mock. */
      url: string;
      /** The file that holds what Prism says of each request. */
      log: string;
    };
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "prism-"));
  // Not after the tests: they may be interrupted.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const log = join(folder, "log");
  let stopped = false;
  try {
    const prism = await startPrism("openapi.yaml", { onLine: (line) => appendFileSync(log, `${line}\n`) });
    project.provide("prism", { url: prism.url, log });
    prism.ended.then((words) => {
      if (!stopped) console.error(`The mock has ended by itself: ${words}`);
    });
    return () => {
      stopped = true;
      return prism.stop();
    };
  } catch (error) {
    // Thrown, it would be shown with a stack, below a claim that there are no tests.
    console.error(`No test has run. ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}
