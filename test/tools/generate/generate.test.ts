// The command: what it writes, what --check finds, and how it ends.
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { commandOf } from "../../../scripts/command.js";
import { generate } from "../../../scripts/generate.js";
import { folderWith, generated, optionsFor, specOf } from "./kit.js";

const specWith = (id: string) => specOf(`  /a: { get: { operationId: ${id} } }`);
const SPEC = specWith("get-a");

const check = (folder: string) => generate([...optionsFor(folder), "--check"]);
const contents = (folder: string) =>
  readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]);

/** The command in a process of its own, as `npm run generate` starts it. */
const run = (...args: string[]) =>
  new Promise((resolve) => {
    execFile(process.execPath, [commandOf("jiti", "jiti"), "scripts/generate.ts", ...args], (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr });
    });
  });

test("writes the types and the client, and says so", async () => {
  const folder = folderWith({ "openapi.yaml": SPEC });
  const [spec, out] = [join(folder, "openapi.yaml"), join(folder, "new/generated")];
  expect(await generate(["--spec", spec, "--out", out])).toBe(`Wrote schema.ts and client.ts of ${spec} to ${out}.`);
  expect(readdirSync(out).sort()).toEqual(["client.ts", "schema.ts"]);
});

test("writes the same bytes from the same spec, whatever was there before", async () => {
  const folder = await generated(SPEC);
  const before = contents(folder);
  writeFileSync(join(folder, "client.ts"), "old");
  await generate(optionsFor(folder));
  expect(contents(folder)).toEqual(before);
});

test("leaves the files as they are when it refuses the spec", async () => {
  const folder = await generated(SPEC);
  writeFileSync(join(folder, "openapi.yaml"), specWith("delete"));
  const before = contents(folder);
  await expect(generate(optionsFor(folder))).rejects.toThrow("not supported");
  expect(contents(folder)).toEqual(before);
});

test("exits with 1 and prints a message without a stack when it refuses the spec", async () => {
  const folder = folderWith({ "openapi.yaml": specWith("delete") });
  const place = `${relative("", folder)}/openapi.yaml:4:9`;
  const stderr = `${place} GET /a: not supported: operationId "delete" (it gives no new function name).\n`;
  expect(await run(...optionsFor(folder))).toEqual({ code: 1, stdout: "", stderr });
});

test("exits with 0 and prints its options with --help", async () => {
  const stdout = expect.stringMatching(/--check.*--spec FILE.*--out DIR/);
  expect(await run("--help")).toEqual({ code: 0, stdout, stderr: "" });
});

test("--check finds nothing in what was just written, also when git has checked it out with CRLF", async () => {
  const folder = await generated(SPEC);
  for (const [name = "", text = ""] of contents(folder)) {
    writeFileSync(join(folder, name), text.replaceAll("\n", "\r\n"));
  }
  expect(await check(folder)).toBe(`${folder} is what ${join(folder, "openapi.yaml")} gives.`);
});

test("--check names each file that has drifted, with the first line that differs, and writes nothing", async () => {
  const folder = await generated(SPEC);
  writeFileSync(join(folder, "openapi.yaml"), specWith("get-b"));
  const before = contents(folder);
  const message = await check(folder).catch((error: Error) => error.message);
  expect(message.replaceAll(`${folder}/`, "").split("\n")).toEqual([
    'schema.ts:11 has drifted: "        get: operations["get-a"];" should be "        get: operations["get-b"];".',
    'client.ts:18 has drifted: "  getA: []," should be "  getB: [],".',
    "Run `npm run generate` and commit what it writes.",
  ]);
  expect(contents(folder)).toEqual(before);
});

test.each([
  ["has an empty line more", (text: string) => `${text}\n`],
  ["has a line less", (text: string) => text.trimEnd()],
])("--check notices a file that %s", async (_, edit) => {
  const folder = await generated(SPEC);
  writeFileSync(join(folder, "client.ts"), edit(readFileSync(join(folder, "client.ts"), "utf8")));
  await expect(check(folder)).rejects.toThrow("client.ts:");
});

test("--check notices files that are missing", async () => {
  const folder = folderWith({ "openapi.yaml": SPEC });
  await expect(check(folder)).rejects.toThrow(/schema\.ts:1 has drifted.*client\.ts:1 has drifted/s);
});
