// What it tells of itself.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeFolder, run } from "./command.js";

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

/** The long options of `revoke`, as its help has them. */
async function readOptions(): Promise<string[]> {
  const { stdout } = await run(["help", "revoke"]);
  return [...stdout.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option]) => option ?? "");
}

const isInstalled = (shell: string) => spawnSync(shell, ["--version"]).status === 0;

describe("completion", () => {
  test.each(["bash", "zsh", "fish"])("of %s knows every option, and is a script", async (shell) => {
    const folder = makeFolder();
    const { code, stdout } = await run(["completion", shell]);
    expect(code).toBe(0);
    const options = await readOptions();
    expect(options.length).toBeGreaterThan(10);
    const written = (option: string) => (shell === "fish" ? ` -l ${option.slice(2)} ` : option);
    for (const option of options) expect(stdout).toContain(written(option));
    folder.write("script", stdout);
    // Without the shell itself, one that has the same quotes and brackets.
    const checked = spawnSync(isInstalled(shell) ? shell : "bash", ["-n", `${folder.path}/script`]);
    expect(checked.stderr.toString()).toBe("");
  });

  test("of zsh and fish knows what follows an option", async () => {
    const { stdout: zsh } = await run(["completion", "zsh"]);
    expect(zsh).toMatch(/^#compdef kaiten-tokens\n/);
    for (const option of ["--from", "--token-file", "--rest"])
      expect(zsh).toMatch(new RegExp(`'${option}\\[[^']+:file:_files'`));
    expect(zsh).toMatch(/'--base-url\[[^']+:value:'/);
    expect(zsh).toMatch(/'--yes\[[^']+\]'/);
    const { stdout: fish } = await run(["completion", "fish"]);
    for (const line of fish.trimEnd().split("\n")) expect(line).toMatch(/^complete -c kaiten-tokens /);
    for (const option of ["from", "token-file", "rest"]) expect(fish).toContain(` -l ${option} -r -F `);
    expect(fish).toContain(" -l base-url -x ");
    expect(fish).toContain(" -l yes -d ");
  });

  /** What bash offers after these words, the last of which is being typed. */
  async function complete(...words: string[]): Promise<string[]> {
    const folder = makeFolder();
    folder.write("leak report.csv", "");
    folder.write("leak.csv", "");
    const shell = `eval "$(kaiten-tokens completion bash)"
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kaiten_tokens; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = await run(["kaiten-tokens", ...words], { folder, shell });
    expect(stderr).toBe("");
    return stdout.split("\n").filter(Boolean).sort();
  }

  test.skipIf(!isInstalled("bash"))("in bash completes commands, options, files and shells", async () => {
    expect(await complete("")).toEqual(["--help", "--version", "completion", "revoke"]);
    expect(await complete("rev")).toEqual(["revoke"]);
    expect(await complete("revoke", "--")).toEqual((await readOptions()).sort());
    expect(await complete("revoke", "ci-bot", "--re")).toEqual(["--rest", "--retries"]);
    expect(await complete("revoke", "--from", "le")).toEqual(["leak report.csv", "leak.csv"]);
    expect(await complete("revoke", "--rest", "leak ")).toEqual(["leak report.csv"]);
    expect(await complete("completion", "")).toEqual(["bash", "fish", "zsh"]);
    expect(await complete("completion", "z")).toEqual(["zsh"]);
  });

  test.skipIf(!isInstalled("bash"))("in bash is registered for the command", async () => {
    const { stdout } = await run([], { shell: `eval "$(kaiten-tokens completion bash)"; complete -p kaiten-tokens` });
    expect(stdout).toBe("complete -o filenames -F _kaiten_tokens kaiten-tokens\n");
  });
});
