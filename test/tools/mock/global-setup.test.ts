// What a person sees of the tests where Prism does not start.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";

test("where Prism does not start, no test runs, and one line says so", async () => {
  // A folder without an openapi.yaml, from which these very tests are run.
  const folder = mkdtempSync(join(tmpdir(), "no-spec-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const vitest = join(process.cwd(), "node_modules", "vitest", "vitest.mjs");
  const run = spawn(process.execPath, [vitest, "run", "--root", process.cwd(), "test/contract"], { cwd: folder });
  const [stdout, stderr, [code]] = await Promise.all([text(run.stdout), text(run.stderr), once(run, "exit")]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^No test has run\. Prism cannot mock openapi\.yaml: Error opening file .*$/m);
  expect(stderr).not.toMatch(/❯|Unhandled|No test files/);
  expect(stdout).not.toMatch(/passed|✓/);
});
