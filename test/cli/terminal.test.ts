// What moves on a terminal during a run: the bar, the spinner and the notices. In a pseudo-terminal where the kernel has a part.
import { describe, expect, test } from "vitest";
import { makeFolder, runAtTerminal, startInTerminal, until } from "./command.js";
import { makeTokens, serve, tokensOf } from "./servers.js";

const ERASE = "\r\u001b[2K";
const CTRL_C = "\u0003";

/** Every state of the last line. */
const statesOf = (raw: string): string[] =>
  raw
    .split(ERASE)
    .map((state) => state.split(/\r|\n|\^C/)[0] ?? "")
    .filter((state) => /\d\/\d|revoking/.test(state));

describe.each([40, 80])("at %i columns", (columns) => {
  test("the bar shows every count of a bad outcome, never wraps, and leaves nothing behind", async () => {
    const { refs, csv } = makeTokens(200);
    // Ten are not in the record; of the others, some are refused, and one keeps failing.
    await using server = await serve(refs.filter((_, index) => index % 20 !== 5));
    for (const [index, ref] of refs.entries()) {
      if (index % 20 === 7) server.fake.play("api-422", { ref });
    }
    server.fake.play("lost-before-commit", { times: 3, ref: refs[9] as (typeof refs)[number] });
    const list = makeFolder().write("leak.csv", csv);
    const args = ["revoke", "--from", list, "--yes", "--retries", "0"];
    const person = runAtTerminal(args, { ...server, columns });
    expect(await person.ended).toBe(6);
    const states = statesOf(person.raw);
    expect(states[0]).toMatch(columns === 40 ? /^10\/200 {2}absent 10$/ : /░░░░ {2}10\/200 {2}absent 10$/);
    const last = states.at(-1) ?? "";
    expect(last).toContain("200/200");
    expect(last).toMatch(/abs(ent)? 10/);
    expect(last).toMatch(/not(-revoked)? 10/);
    expect(last).toMatch(/unk(nown)? 1/);
    for (const state of states) expect(state.length).toBeLessThan(columns);
    expect(person.raw.split(ERASE).at(-1)).not.toContain("200/200");
    expect(person.text).toContain("200 tokens, revoked 179, absent 10, not-revoked 10, unknown 1 ");
  });

  test("a single token has a spinner that says how long it takes", async () => {
    await using server = await serve(tokensOf("ci-bot", "key-1"));
    server.fake.play("api-503");
    const person = runAtTerminal(["revoke", "ci-bot", "key-1", "--yes"], { ...server, columns });
    expect(await person.ended).toBe(0);
    const states = statesOf(person.raw);
    expect(states[0]).toMatch(/^⠋ revoking, 0 s$/);
    expect(states).toContainEqual(expect.stringMatching(/^\S revoking, 1 s$/));
    for (const state of states) expect(state.length).toBeLessThan(columns);
    expect(person.raw.split(ERASE).at(-1)).not.toContain("revoking");
  });

  test("a pause of a rate limit and an outage are shown", async () => {
    const { refs, csv } = makeTokens(40);
    await using server = await serve(refs, { limit: 0 });
    const list = makeFolder().write("leak.csv", csv);
    const args = ["revoke", "--from", list, "--yes", "--concurrency", "12"];
    const person = runAtTerminal(args, { ...server, columns });
    await until(() => server.waiting === 12);
    server.fake.play("api-429");
    server.fake.play("api-500-before-commit", { times: 9 });
    server.release();
    expect(await person.ended).toBe(0);
    expect(person.text).toContain("The server limits the rate: requests go on in ");
    expect(statesOf(person.raw)).toContainEqual(expect.stringContaining("rate limit, "));
    expect(person.text).toContain(
      "The last 8 attempts got no usable answer. One request at a time is tried; the run stops",
    );
    expect(statesOf(person.raw)).toContainEqual(expect.stringContaining("no usable answers"));
    expect(person.text).toContain("The API answers again.");
  });
});

test("results can be piped: the bar is on standard error", async () => {
  const { refs, csv } = makeTokens(40);
  await using server = await serve(refs);
  const folder = makeFolder();
  folder.write("leak.csv", csv);
  const shell = "kaiten-service-accounts revoke --from leak.csv -y > results";
  const terminal = startInTerminal([], { ...server, folder, shell });
  expect(await terminal.ended).toBe(0);
  expect(terminal.text).not.toContain("revoked\t");
  expect(statesOf(terminal.raw).at(-1)).toMatch(/\d+\/40/);
  expect(folder.read("results").match(/^revoked\taccount-\d\ttoken-\d+\tnow$/gm)).toHaveLength(40);
});

test("a dumb terminal gets no escape sequences at all", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  const args = ["revoke", "ci-bot", "key-1", "key-2", "--yes"];
  const person = runAtTerminal(args, { env: { ...server.env, TERM: "dumb" } });
  expect(await person.ended).toBe(4);
  expect(person.raw).not.toContain("\u001b");
  expect(person.text).toContain("absent: The record has no such token");
});

test("Ctrl-C waits for requests in flight; twice, it quits and says how to go on", async () => {
  const { refs, csv } = makeTokens(50);
  await using server = await serve(refs, { limit: 20 });
  const folder = makeFolder();
  folder.write("leak.csv", csv);
  const terminal = startInTerminal(["revoke", "--from", "leak.csv", "--yes"], { ...server, folder });
  await until(() => server.waiting === 8);
  terminal.type(CTRL_C);
  await until(() =>
    terminal.text.includes("Stopping: waiting for 8 requests in flight. Press Ctrl-C again to quit now."),
  );
  terminal.type(CTRL_C);
  expect(await terminal.ended).toBe(130);
  expect(terminal.text).toContain(
    "Quit with 8 requests in flight: their tokens may be revoked or not. Run the same command again: it continues. ",
  );
});

test("a person at a real terminal: the question, hidden input, and the end", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1"));
  const env = { ...server.env, KAITEN_AUTH_TOKEN: undefined };
  const terminal = startInTerminal(["revoke", "ci-bot", "key-1"], { env, columns: 60 });
  await until(() => terminal.text.includes("Credential (hidden):"));
  terminal.type(`${server.fake.credential}\r`);
  await until(() => terminal.text.includes("Type yes to revoke:"));
  terminal.type("yes\r");
  expect(await terminal.ended).toBe(0);
  expect(server.fake.alive()).toEqual([]);
});
