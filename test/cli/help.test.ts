// What the command says of itself.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { run } from "./command.js";

test.each(["--help", "-h", "help"])("%s fits on one page, and has examples", async (typed) => {
  const { code, stdout, stderr } = await run([typed], { env: { KAITEN_AUTH_TOKEN: undefined } });
  const lines = stdout.trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(30);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect(stdout).toContain("\n  npx kaiten-service-accounts revoke ci-bot deploy-key ");
  expect(stdout).toContain("\n  npx kaiten-service-accounts revoke --from leak.csv ");
  expect(stdout).toContain("\n  npx kaiten-service-accounts verify --for 5m ");
  expect(stdout).toContain("never from an argument");
  expect(stdout).toContain("up to 5 more minutes");
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

test.each(["revoke", "verify"])("help %s has every option, the outcomes and the exit codes", async (command) => {
  const { code, stdout } = await run(["help", command]);
  for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  for (const exit of [0, 1, 2, 3, 4, 5, 6, 130]) {
    if (command === "revoke") expect(stdout).toMatch(new RegExp(`^ {2}${exit} `, "m"));
  }
  if (command === "verify") expect(stdout).toContain("Exit codes: 0 not accepted, 4 accepted, 6 unknown");
  // The documentation names no option that does not exist, and leaves none out.
  const documented = readFileSync("docs/command.md", "utf8");
  const options = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, option]) => option ?? "");
  for (const option of options) if (option !== "--help") expect(documented).toContain(`\`${option}`);
  expect(code).toBe(0);
});

test("without arguments, the help is on standard error, and the exit code is 2", async () => {
  const { code, stdout, stderr } = await run([]);
  expect(stderr).toContain("Usage: npx kaiten-service-accounts ");
  expect(stdout).toBe("");
  expect(code).toBe(2);
});

test("--version", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(await run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});
