// The prompt and the progress bar, in a real terminal.
import { describe, expect, test } from "vitest";
import { playScript } from "../faults/server.js";
import { api, NOT_FOUND, problem } from "../faults/steps.js";
import { makeFolder, startInTerminal, until } from "./command.js";
import { makeList, playTokens } from "./tokens.js";

const ERASE = "\r\u001b[2K";
const ENTER = "\r";
const CTRL_C = "\u0003";
const LEFT = "\u001b[D";

/** Every state of the bar, as text without colours. */
const barsIn = (raw: string): string[] =>
  raw
    .split(ERASE)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are these.
    .map((state) => state.replace(/\u001b\[\d+m/g, "").split(/\r|\^C/)[0] ?? "")
    .filter((state) => /\d\/\d/.test(state));

describe("the prompt", () => {
  test("says how many tokens of how many accounts, and at which host", async () => {
    await using server = await playTokens();
    const folder = makeFolder();
    folder.write("leak.csv", makeList(1234).text);
    const env = { KAITEN_BASE_URL: `${server.url}/api` };
    const terminal = startInTerminal(["revoke", "--from", "leak.csv"], { env, folder });
    const { host } = new URL(server.url);
    await until(() =>
      terminal.text.includes(`Revoke 1,234 tokens of 10 service accounts at ${host}? This cannot be undone.`),
    );
    terminal.type(CTRL_C);
    await terminal.ended;
  });

  test.each([
    ["y", "y"],
    ["an arrow to yes, and Enter", LEFT + ENTER],
  ])("%s revokes", async (_, keys) => {
    await using server = await playTokens();
    const terminal = startInTerminal(["revoke", "a", "b"], { env: { KAITEN_BASE_URL: server.url } });
    await until(() => terminal.text.includes("Yes / ● No"));
    expect(server.asked.size).toBe(0);
    terminal.type(keys);
    expect(await terminal.ended).toBe(0);
    expect(server.dead).toEqual(["a/b"]);
    expect(terminal.text).toContain("revoked\ta\tb\r\n1 token, revoked 1\r\n");
  });

  test.each([
    ["n", "n", 1],
    ["Enter alone", ENTER, 1],
    ["Ctrl-C", CTRL_C, 130],
    ["Escape", "\u001b", 130],
  ])("%s sends nothing", async (_, keys, expected) => {
    await using server = await playTokens();
    const terminal = startInTerminal(["revoke", "a", "b"], { env: { KAITEN_BASE_URL: server.url } });
    await until(() => terminal.text.includes("Yes / ● No"));
    terminal.type(keys);
    expect(await terminal.ended).toBe(expected);
    expect(terminal.text).toContain("Nothing was sent.\r\n");
    // The cursor is there again.
    expect(terminal.raw.lastIndexOf("\u001b[?25h")).toBeGreaterThan(terminal.raw.lastIndexOf("\u001b[?25l"));
    expect(server.asked.size).toBe(0);
  });

  test("is left out with --yes, with --dry-run and for an empty list", async () => {
    await using server = await playTokens();
    const env = { KAITEN_BASE_URL: server.url };
    const folder = makeFolder();
    folder.write("empty", "");
    for (const args of [
      ["a", "b", "--yes"],
      ["a", "b", "--dry-run"],
      ["--from", "empty"],
    ]) {
      const terminal = startInTerminal(["revoke", ...args], { env, folder });
      expect(await terminal.ended).toBe(0);
      expect(terminal.text).not.toContain("Yes");
    }
  });

  test.each([
    ["standard input is a pipe", "echo a,b | kaiten-tokens revoke --from -"],
    ["standard input is a file", "echo a,b > list; kaiten-tokens revoke --from - < list"],
    ["there is nobody to answer", "kaiten-tokens revoke a b < /dev/null"],
    ["nobody would see it", "kaiten-tokens revoke a b 2> told; code=$?; cat told; exit $code"],
  ])("cannot be where %s: it refuses with 2", async (_, shell) => {
    await using server = await playTokens();
    const terminal = startInTerminal([], { env: { KAITEN_BASE_URL: server.url }, shell });
    expect(await terminal.ended).toBe(2);
    expect(terminal.text).toMatch(
      /^Would revoke 1 token of 1 service account at .+ say --yes\. Nothing was sent\.\r\n$/,
    );
    expect(server.asked.size).toBe(0);
  });

  test("cannot be where the list is typed in", async () => {
    await using server = await playTokens();
    const terminal = startInTerminal(["revoke", "--from", "-"], { env: { KAITEN_BASE_URL: server.url } });
    terminal.type("a,b\n\u0004");
    expect(await terminal.ended).toBe(2);
    expect(terminal.text).toContain("say --yes. Nothing was sent.");
    expect(server.asked.size).toBe(0);
  });
});

describe("the progress bar", () => {
  const REVOKE = ["revoke", "--from", "leak.csv", "--yes"];

  test("has counts by outcome, rate and time left, and the summary comes below it", async () => {
    await using server = await playScript([api, problem(404, NOT_FOUND), problem(422), problem(500), problem(422)]);
    const folder = makeFolder();
    folder.write("leak.csv", makeList(40).text);
    const env = { KAITEN_BASE_URL: server.url };
    const args = [...REVOKE, "--retries", "0", "--concurrency", "1"];
    const terminal = startInTerminal(args, { env, folder });
    expect(await terminal.ended).toBe(6);
    const bars = barsIn(terminal.raw);
    expect(bars[0]).toBe("░░░░░░░░░░░░░░░░░░░░░░░░ 0/40  0.0/s  -:-- left");
    expect(bars).toContainEqual(
      expect.stringMatching(/^█{12}░{12} 20\/40 {2}\d+(\.\d)?\/s {2}\d:\d\d left {2}revoked 1 /),
    );
    expect(bars.at(-1)).toMatch(
      /^█{24} 40\/40 {2}\d+(\.\d)?\/s {2}0:00 left {2}revoked 1 {2}absent 1 {2}not-revoked 37 {2}unknown 1$/,
    );
    expect(terminal.raw).toContain("\u001b[32m  revoked 1\u001b[39m\u001b[36m  absent 1\u001b[39m");
    expect(terminal.raw).toContain(`${ERASE}revoked\taccount-0\ttoken-0\r\n`);
    const after = terminal.text.slice(terminal.text.lastIndexOf("40/40"));
    expect(after).toContain("\r\n40 tokens, revoked 1, absent 1, not-revoked 37, unknown 1\r\n");
  });

  test("is on standard error, as the prompt, and drawn at most ten times a second: results can be piped", async () => {
    await using server = await playTokens();
    const folder = makeFolder();
    folder.write("leak.csv", makeList(400).text);
    const env = { KAITEN_BASE_URL: server.url };
    const shell = "kaiten-tokens revoke --from leak.csv > results";
    const terminal = startInTerminal([], { env, folder, shell });
    await until(() => terminal.text.includes("Yes / ● No"));
    terminal.type("y");
    const started = performance.now();
    expect(await terminal.ended).toBe(0);
    expect(folder.read("results").match(/^revoked\taccount-\d\ttoken-\d+$/gm)).toHaveLength(400);
    const bars = barsIn(terminal.raw);
    expect(bars.at(-1)).toMatch(/ 400\/400 /);
    expect(bars.length).toBeLessThan(3 + (performance.now() - started) / 100);
  });

  test.each([120, 60, 40, 30, 12, 1])("of %i columns is never wrapped", async (columns) => {
    await using server = await playScript([api, problem(404, NOT_FOUND), problem(422)]);
    const folder = makeFolder();
    folder.write("leak.csv", makeList(40).text);
    const env = { KAITEN_BASE_URL: server.url };
    const shell = 'kaiten-tokens "$@" > results';
    const terminal = startInTerminal([...REVOKE, "--concurrency", "1"], { env, folder, columns, shell });
    expect(await terminal.ended).toBe(5);
    // Without what stands below the last bar, which may be wrapped.
    const bars = terminal.raw
      .split(ERASE)
      .slice(1)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are these.
      .map((state) => state.replace(/\u001b\[\d+m/g, "").split("\r")[0] ?? "");
    expect(bars.length).toBeGreaterThan(1);
    for (const bar of bars) expect(bar.length).toBeLessThan(columns);
    // What counts is there as long as it fits.
    if (columns >= 40) expect(bars.at(-1)).toMatch(/40\/40 {2}\S+\/s {2}0:00 left/);
    if (columns >= 60) expect(bars.at(-1)).toContain("revoked 1  absent 1");
  });

  test("has no colour with NO_COLOR, nor has the prompt", async () => {
    await using server = await playScript([api, problem(403)]);
    const env = { KAITEN_BASE_URL: server.url, NO_COLOR: "1" };
    const terminal = startInTerminal(["revoke", "a", "b", "c"], { env });
    await until(() => terminal.text.includes("Yes"));
    terminal.type("y");
    expect(await terminal.ended).toBe(3);
    expect(barsIn(terminal.raw).at(-1)).toContain("2/2");
    expect(terminal.raw).not.toMatch(/\[[\d;]*m/);
  });

  test.each([
    ["for one token", ["revoke", "a", "b", "--yes"]],
    ["with --verbose, which tells more", ["revoke", "a", "b", "c", "--yes", "--verbose"]],
  ])("is left out %s", async (_, args) => {
    await using server = await playTokens();
    const terminal = startInTerminal(args, { env: { KAITEN_BASE_URL: server.url } });
    expect(await terminal.ended).toBe(0);
    expect(terminal.raw).not.toContain(ERASE);
    expect(terminal.raw).not.toContain("░");
  });

  test("Ctrl-C waits for what is in flight, and twice leaves at once", async () => {
    await using server = await playTokens({ limit: 20 });
    const folder = makeFolder();
    folder.write("leak.csv", makeList(50).text);
    const env = { KAITEN_BASE_URL: server.url };
    const args = [...REVOKE, "--rest", "left", "--ignore-absent"];

    const first = startInTerminal(args, { env, folder });
    await until(() => server.waiting === 8);
    first.type(CTRL_C);
    await until(() =>
      first.raw.includes(`${ERASE}Stopping: waiting for what is in flight. Once more to leave at once.\r\n`),
    );
    first.type(CTRL_C);
    expect(await first.ended).toBe(130);
    expect(folder.read("left").trimEnd().split("\n")).toHaveLength(30);

    const second = startInTerminal(args, { env, folder });
    await until(() => server.waiting === 16);
    second.type(CTRL_C);
    await until(() => second.raw.includes("Stopping"));
    server.release();
    expect(await second.ended).toBe(130);
    expect(barsIn(second.raw).at(-1)).toContain(" 8/50 ");
    expect(second.text).toContain("42 tokens not known to be dead: see left.");
  });
});
