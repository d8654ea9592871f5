// Changes the spec in a copy of the project, and sees who notices: exactly those that the table says.
import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { CHANGES, type Noticing } from "./changes.js";
import { createScratch, edit } from "./scratch.js";
import { createTypeCheck } from "./types.js";

const PROBE = "test/contract/probe.test.ts";

const typeCheck = createTypeCheck();

describe("a change of the spec:", () => {
  test.concurrent.for(CHANGES)("$name", async ({ edits, notices, appears, probe }) => {
    await using scratch = await createScratch();
    await edit(scratch.file("openapi.yaml"), edits);
    if (probe) await writeFile(scratch.file(PROBE), probe);
    const noticed: Partial<Record<Noticing, string>> = {};

    const [lint, drift] = await Promise.all([scratch.run("check:spec"), scratch.run("generate", "--check")]);
    if (!lint.ok) noticed.lint = lint.said;
    const drifted = drift.said.includes("has drifted");
    if (drifted) noticed.drift = drift.said;
    else if (!drift.ok) noticed.generator = drift.said;

    if (!noticed.generator) {
      if (drifted) expect(await scratch.run("generate")).toMatchObject({ ok: true });
      const contract = scratch.contract();
      if (drifted) {
        const written = ["generated/schema.ts", "generated/client.ts"].map(
          async (path) => [path, await readFile(scratch.file(path), "utf8")] as const,
        );
        const files = Object.fromEntries(await Promise.all(written));
        const errors = typeCheck({ ...files, ...(probe && { [PROBE]: probe }) });
        if (errors.length > 0) noticed.types = errors.join("\n");
      }
      const { ok, said, passed, failed } = await contract;
      if (failed.length > 0) noticed.contract = failed.join("\n");
      else if (said.includes("No test has run.")) noticed.mock = said;
      else expect({ ok, passed: passed.length > 0 }, said).toEqual({ ok: true, passed: true });
      if (appears) expect(passed.join("\n")).toContain(appears);
    }

    expect(Object.keys(noticed).sort(), JSON.stringify(noticed, null, 2)).toEqual([...notices].sort());
  });
});

test("every change has a name of its own, and there are enough of them", () => {
  expect(new Set(CHANGES.map(({ name }) => name)).size).toBe(CHANGES.length);
  expect(CHANGES.length).toBeGreaterThanOrEqual(25);
});
