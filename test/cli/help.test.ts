// What the command says of itself.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { makeFolder, run, runChild } from "./command.js";

test.each(["--help", "-h", "help"])("%s fits on one page, and has examples", async (typed) => {
  const { code, stdout, stderr } = await run([typed], { env: { KAITEN_AUTH_TOKEN: undefined } });
  const lines = stdout.trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(30);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect(stdout).toContain("\n  kaiten-service-accounts list ci-bot\n");
  expect(stdout).toContain("\n  kaiten-service-accounts revoke ci-bot deploy-key ");
  expect(stdout).toContain("\n  kaiten-service-accounts revoke ci-bot --all ");
  expect(stdout).toContain("\n  kaiten-service-accounts revoke --from leak.csv ");
  expect(stdout).toContain("\n  kaiten-service-accounts verify --for 5m ");
  expect(stdout).toContain("never from an argument");
  expect(stdout).toContain("up to 5 more minutes");
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

test.each(["list", "revoke", "verify"])("help %s has every option and the exit codes", async (command) => {
  const { code, stdout } = await run(["help", command]);
  for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  for (const exit of [0, 1, 2, 3, 4, 5, 6, 130]) {
    if (command === "revoke") expect(stdout).toMatch(new RegExp(`[ \\n]${exit} [a-z]`));
  }
  if (command === "verify") expect(stdout).toContain("Exit codes: 0 none is accepted, 4 one is, 6 unknown");
  // The documentation names no option that does not exist, and leaves none out.
  const documented = readFileSync("docs/command.md", "utf8");
  const options = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, option]) => option ?? "");
  for (const option of options) if (option !== "--help") expect(documented).toContain(`\`${option}`);
  expect(code).toBe(0);
});

test("without arguments, the help is on standard error, and the exit code is 2", async () => {
  const { code, stdout, stderr } = await run([]);
  expect(stderr).toContain("Usage: kaiten-service-accounts ");
  expect(stdout).toBe("");
  expect(code).toBe(2);
});

test("--version", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(await run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});

test("as a program, it says the same", async () => {
  const { code, stdout } = await runChild(["--help"]);
  expect(stdout).toBe((await run(["--help"])).stdout);
  expect(code).toBe(0);
});

test.each(["18.20.4", "20.18.3", "16.0.0"])("on Node %s it says which one it needs", async (version) => {
  const folder = makeFolder();
  const preload = join(folder.path, "old-node.mjs");
  writeFileSync(preload, `Object.defineProperty(process, "versions", { value: { node: "${version}" } });`);
  const env = { NODE_OPTIONS: `--import=${pathToFileURL(preload)}` };
  expect(await runChild(["revoke", "ci-bot", "key-1", "--yes"], { env, folder })).toEqual({
    code: 2,
    stdout: "",
    stderr: `kaiten-service-accounts needs Node 20.19 or later. This is Node ${version}. Nothing was sent.\n`,
  });
});
