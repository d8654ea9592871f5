// What it tells of itself.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { run } from "./command.js";

describe.each(["--help", "-h", "help", "revoke --help", "help revoke"])("%s", (typed) => {
  const args = typed.split(" ");

  test("needs no README", async () => {
    const { code, stdout, stderr } = await run(args, { env: { KAITEN_AUTH_TOKEN: undefined } });
    expect(stdout).toContain("Usage: kaiten-tokens ");
    expect(stdout).toContain("Examples:");
    expect(stdout).toContain("KAITEN_BASE_URL");
    expect(stdout).toContain("never from an argument: everybody on the machine can read those");
    for (const outcome of ["revoked", "absent", "not-revoked", "unknown"])
      expect(stdout).toMatch(new RegExp(`^ {2}${outcome} `, "m"));
    for (const exit of [0, 1, 2, 3, 4, 5, 6, 130]) expect(stdout).toMatch(new RegExp(`^ {2}${exit} `, "m"));
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  test("fits a terminal", async () => {
    const { stdout } = await run(args);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });
});

test("without arguments it shows the help on standard error, and ends with 2", async () => {
  const { code, stdout, stderr } = await run([]);
  expect(stderr).toContain("Usage: kaiten-tokens ");
  expect(stdout).toBe("");
  expect(code).toBe(2);
});

test.each(["--version", "-V"])("%s", async (option) => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(await run([option])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});
