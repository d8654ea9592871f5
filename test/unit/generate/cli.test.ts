// The command as a person runs it: what it writes, what --check finds, and how it refuses.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { contents, generate, generated, put, spec, temporaryFolder } from "./test-kit.js";

const operation = (operationId: string) => ({ operationId, responses: { "204": { description: "Done" } } });
const DOCUMENT = spec({ "/a": { get: operation("get-a") } });

let made: Record<string, string>;
beforeAll(async () => {
  made = contents(await generated(DOCUMENT));
}, 30_000);

/** A folder in which a run has been before. */
function generatedBefore(): string {
  const folder = temporaryFolder();
  put(folder, made);
  return folder;
}

describe.concurrent("npm run generate", { timeout: 30_000 }, () => {
  test("writes the types and the client, and says so", async () => {
    const folder = temporaryFolder();
    put(folder, { "openapi.yaml": DOCUMENT });
    expect(await generate(folder)).toEqual({
      code: 0,
      stdout: "Wrote generated/schema.ts and generated/client.ts from openapi.yaml.\n",
      stderr: "",
    });
    expect(readdirSync(join(folder, "generated")).sort()).toEqual(["client.ts", "schema.ts"]);
  });

  test("makes the same bytes of the same spec, wherever it lies and whatever was there before", async () => {
    const second = temporaryFolder();
    put(second, { "api/v1.yaml": DOCUMENT, "made/here/client.ts": "old" });
    const run = await generate(second, "--spec", "api/v1.yaml", "--out", "made/here");
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining("made/here/client.ts from api/v1.yaml") });
    expect(contents(join(second, "made/here"))).toEqual(contents(join(generatedBefore(), "generated")));
  });

  test("says how it is used", async () => {
    const { code, stdout } = await generate(temporaryFolder(), "--help");
    expect([code, stdout]).toEqual([0, expect.stringMatching(/--check.*--spec FILE.*--out DIR/s)]);
  });

  test.each([
    ["an unknown option", ["--chek"], "Unknown option '--chek'. See --help.\n"],
    ["an argument that is no option", ["spec.yaml"], "Unexpected argument 'spec.yaml'. See --help.\n"],
    ["an option without its value", ["--spec"], "Option '--spec <value>' argument missing. See --help.\n"],
    ["no name of a file", ["--spec="], "--spec needs the name of a file. See --help.\n"],
    ["no name of a folder", ["--out", ""], "--out needs the name of a folder. See --help.\n"],
  ])("refuses %s", async (_, options, stderr) => {
    const folder = temporaryFolder();
    put(folder, { "openapi.yaml": DOCUMENT });
    expect(await generate(folder, ...options)).toEqual({ code: 1, stdout: "", stderr });
    expect(Object.keys(contents(folder))).toEqual(["openapi.yaml"]);
  });

  test("tells in a line that the folder is a file", async () => {
    const folder = temporaryFolder();
    put(folder, { "openapi.yaml": DOCUMENT, generated: "a file" });
    const before = contents(folder);
    expect(await generate(folder)).toEqual({ code: 1, stdout: "", stderr: "generated: file already exists.\n" });
    expect((await generate(folder, "--out", "generated/below")).stderr).toBe("generated/below: not a directory.\n");
    expect((await generate(folder, "--check")).stderr).toBe("generated: not a directory.\n");
    expect(contents(folder)).toEqual(before);
  });

  test("writes neither file where one cannot be written", async () => {
    const folder = temporaryFolder();
    put(folder, { "openapi.yaml": DOCUMENT, "generated/schema.ts": "old", "generated/client.ts/file": "in the way" });
    const before = contents(folder);
    const { code, stderr } = await generate(folder);
    expect([code, stderr]).toEqual([1, "generated/client.ts cannot be written: it is a folder.\n"]);
    expect(contents(folder)).toEqual(before);
  });
});

describe.concurrent("npm run generate -- --check", { timeout: 30_000 }, () => {
  const check = async (folder: string) => {
    const before = contents(folder);
    const run = await generate(folder, "--check");
    expect(contents(folder)).toEqual(before);
    return run;
  };

  test("is content with what the spec gives, and a README beside it", async () => {
    const folder = generatedBefore();
    put(folder, { "generated/README.md": "Never edit." });
    expect(await check(folder)).toEqual({
      code: 0,
      stdout: "generated/schema.ts and generated/client.ts are what openapi.yaml gives.\n",
      stderr: "",
    });
  });

  test("names every file that has drifted, with the first line that differs", async () => {
    const folder = generatedBefore();
    put(folder, { "openapi.yaml": spec({ "/a": { get: operation("get-b") } }) });
    const { code, stdout, stderr } = await check(folder);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^generated\/schema\.ts has drifted: line 11 is ".*get-a.*", by the spec it is ".*get-b.*"$/m,
    );
    expect(stderr).toMatch(
      /^generated\/client\.ts has drifted: line \d+ is " {2}getA: .*", by the spec it is " {2}getB: .*"$/m,
    );
    expect(stderr).toMatch(/^Run `npm run generate` and commit what it writes\.$/m);
  });

  test("sees a single byte that is more or less", async () => {
    const folder = generatedBefore();
    const { "generated/client.ts": client = "" } = contents(folder);
    const lines = client.split("\n").length;
    put(folder, { "generated/client.ts": `${client}\n` });
    expect((await check(folder)).stderr).toContain(`line ${lines + 1} is "", by the spec it is missing`);
    put(folder, { "generated/client.ts": client.trimEnd() });
    expect((await check(folder)).stderr).toContain(`line ${lines} is missing, by the spec it is ""`);
  });

  test("names files that are missing or stray", async () => {
    const folder = generatedBefore();
    rmSync(join(folder, "generated/schema.ts"));
    writeFileSync(join(folder, "generated/extra.ts"), "");
    mkdirSync(join(folder, "generated/toString"));
    mkdirSync(join(folder, "generated/schema.ts"));
    const { code, stderr } = await check(folder);
    expect([code, stderr.split("\n").slice(0, 4)]).toEqual([
      1,
      [
        "generated/schema.ts is missing",
        "generated/extra.ts is not made from the spec: remove it",
        "generated/schema.ts is not made from the spec: remove it",
        "generated/toString is not made from the spec: remove it",
      ],
    ]);
  });

  test("takes a folder that is not there for files that are missing, and does not make it", async () => {
    const folder = temporaryFolder();
    put(folder, { "openapi.yaml": DOCUMENT });
    const { code, stderr } = await check(folder);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^generated\/schema\.ts is missing\ngenerated\/client\.ts is missing\n/),
    ]);
    expect(existsSync(join(folder, "generated"))).toBe(false);
  });
});
