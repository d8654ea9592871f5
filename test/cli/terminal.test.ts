// What moves on a terminal during a run: the bar, the spinner and the notices.
import { describe, expect, test } from "vitest";
import { makeFolder, startInTerminal, until } from "./command.js";
import { makeTokens, serve, tokensOf } from "./servers.js";

const ERASE = "\r\u001b[2K";
const CTRL_C = "\u0003";
const REVOKE = ["revoke", "--from", "leak.csv", "--yes"];

/** Every state of the last line, without colours. */
const statesOf = (raw: string): string[] =>
  raw
    .split(ERASE)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are these.
    .map((state) => state.replace(/\u001b\[\d+m/g, "").split(/\r|\^C/)[0] ?? "")
    .filter((state) => /\d\/\d|revoking/.test(state));

describe.each([40, 80])("at %i columns", (columns) => {
  test("the bar shows every count of a bad outcome, and never wraps", async () => {
    const { refs, csv } = makeTokens(400);
    // The first tokens do not exist; of the others, some are refused, and one keeps failing.
    await using server = await serve(refs.filter((_, index) => index % 40 !== 5));
    for (const [index, ref] of refs.entries()) {
      if (index % 40 === 7) server.fake.play("api-422", { ref });
    }
    server.fake.play("lost-before-commit", { times: 3, ref: refs[9] as (typeof refs)[number] });
    const folder = makeFolder();
    folder.write("leak.csv", csv);
    const terminal = startInTerminal([...REVOKE, "--retries", "0"], { ...server, folder, columns });
    expect(await terminal.ended).toBe(6);
    const states = statesOf(terminal.raw);
    expect(states[0]).toContain("░░░░  0/400");
    const last = states.at(-1) ?? "";
    expect(last).toContain("400/400");
    expect(last).toMatch(/abs(ent)? 10/);
    expect(last).toMatch(/not(-revoked)? 10/);
    expect(last).toMatch(/unk(nown)? 1/);
    for (const state of states) expect(state.length).toBeLessThan(columns);
    const after = terminal.text.slice(terminal.text.lastIndexOf("400/400"));
    expect(after).toContain("400 tokens, revoked 379, absent 10, not-revoked 10, unknown 1\r\n");
  });

  test("a single token has a spinner that says why it takes so long", async () => {
    await using server = await serve(tokensOf("ci-bot", "key-1"));
    server.fake.play("api-503");
    const terminal = startInTerminal(["revoke", "ci-bot", "key-1", "--yes"], { ...server, columns });
    expect(await terminal.ended).toBe(0);
    const states = statesOf(terminal.raw);
    expect(states[0]).toMatch(/^⠋ revoking, 0 s$/);
    expect(states.find((state) => state.includes("503"))).toMatch(/^\S revoking, \d s, 503, trying again$/);
    for (const state of states) expect(state.length).toBeLessThan(columns);
  });

  test("a pause of a rate limit and an outage are shown", async () => {
    const { refs, csv } = makeTokens(40);
    await using server = await serve(refs, { limit: 0 });
    const folder = makeFolder();
    folder.write("leak.csv", csv);
    const terminal = startInTerminal([...REVOKE, "--concurrency", "12"], { ...server, folder, columns });
    await until(() => server.waiting === 12);
    server.fake.play("api-429");
    server.fake.play("api-500-before-commit", { times: 9 });
    server.release();
    expect(await terminal.ended).toBe(0);
    expect(terminal.text).toContain("The server limits the rate: requests go on in ");
    expect(statesOf(terminal.raw)).toContainEqual(expect.stringContaining("rate limit, "));
    expect(terminal.text).toContain("The last 8 attempts got no usable answer.");
    expect(statesOf(terminal.raw)).toContainEqual(expect.stringContaining("no usable answers"));
    expect(terminal.text).toContain("The API answers again.");
  });
});

test("results can be piped: the bar is on standard error", async () => {
  const { refs, csv } = makeTokens(40);
  await using server = await serve(refs);
  const folder = makeFolder();
  folder.write("leak.csv", csv);
  const shell = "kaiten-tokens revoke --from leak.csv -y > results";
  const terminal = startInTerminal([], { ...server, folder, shell });
  expect(await terminal.ended).toBe(0);
  expect(terminal.text).not.toContain("revoked\t");
  expect(statesOf(terminal.raw).at(-1)).toContain("40/40");
  expect(folder.read("results").match(/^revoked\taccount-\d\ttoken-\d+$/gm)).toHaveLength(40);
});

test("colours obey NO_COLOR", async () => {
  await using server = await serve([]);
  const env = { ...server.env, NO_COLOR: "1" };
  const terminal = startInTerminal(["revoke", "ci-bot", "key-1", "key-2", "--yes"], { env });
  expect(await terminal.ended).toBe(4);
  expect(statesOf(terminal.raw).at(-1)).toContain("2/2");
  expect(terminal.raw).not.toMatch(/\[[\d;]*m/);
});

test("Ctrl-C waits for requests in flight; twice, it quits and says where the journal is", async () => {
  const { refs, csv } = makeTokens(50);
  await using server = await serve(refs, { limit: 20 });
  const folder = makeFolder();
  folder.write("leak.csv", csv);
  const terminal = startInTerminal(REVOKE, { ...server, folder });
  await until(() => server.waiting === 8);
  terminal.type(CTRL_C);
  await until(() =>
    terminal.text.includes("Stopping: waiting for 8 requests in flight. Press Ctrl-C again to quit now."),
  );
  terminal.type(CTRL_C);
  expect(await terminal.ended).toBe(130);
  expect(terminal.text).toContain(
    "Quit with 8 requests in flight: their tokens may be revoked or not.\r\n" +
      "The journal leak.csv.journal.ndjson has them: run the same command again to continue.\r\n",
  );
});
