// Changes the spec in a copy of the project, and sees who notices: exactly those that the table names.
import { parseYaml, stringifyYaml } from "@redocly/openapi-core";
import { describe, expect, test } from "vitest";
import { CHANGES, type Change, type Noticing } from "./changes.js";
import { createScratch } from "./scratch.js";
import { createTypeCheck } from "./types.js";

const GENERATED = ["generated/schema.ts", "generated/client.ts"];
const PROBE = "test/contract/probe.test.ts";

const typeCheck = createTypeCheck();

function change(yaml: string, { edits, editText = (text) => text }: Change): string {
  if (edits.length === 0) return editText(yaml);
  const spec = parseYaml(yaml) as object;
  for (const edit of edits) edit(spec);
  return editText(stringifyYaml(spec));
}

describe("a change of the spec:", () => {
  test.concurrent.for(CHANGES.map((row) => [row.name, row] as const))("%s", async ([, row]) => {
    const { notices, probe } = row;
    await using scratch = await createScratch();
    await scratch.write("openapi.yaml", change(await scratch.read("openapi.yaml"), row));
    if (probe) await scratch.write(PROBE, probe.code);
    const noticed: Partial<Record<Noticing, string>> = {};

    const [lint, drift] = await Promise.all([scratch.run("check:spec"), scratch.run("generate", "--check")]);
    if (!lint.ok) noticed.lint = lint.printed;
    const drifted = drift.printed.includes("has drifted");
    if (drifted) noticed.drift = drift.printed;
    else if (!drift.ok) noticed.generator = drift.printed;

    if (!noticed.generator) {
      if (drifted) expect(await scratch.run("generate")).toMatchObject({ ok: true });
      const contract = scratch.contract();
      if (drifted) {
        const written = await Promise.all(GENERATED.map(async (path) => [path, await scratch.read(path)] as const));
        const errors = typeCheck({ ...Object.fromEntries(written), ...(probe && { [PROBE]: probe.code }) });
        if (errors.length > 0) noticed.types = errors.join("\n");
      }
      const { ok, printed, passed, failed } = await contract;
      if (failed.length > 0) noticed.contract = failed.join("\n");
      else expect({ ok, passed: passed.length > 0 }, printed).toEqual({ ok: true, passed: true });
      if (probe) expect(passed).toContain(probe.title);
    }

    expect(Object.keys(noticed).sort(), JSON.stringify(noticed, null, 2)).toEqual([...notices].sort());
  });
});

test("every change has a name of its own", () => {
  expect(new Set(CHANGES.map(({ name }) => name)).size).toBe(CHANGES.length);
});

test("TypeScript has nothing to say about the project as it is", () => {
  expect(typeCheck({})).toEqual([]);
});
