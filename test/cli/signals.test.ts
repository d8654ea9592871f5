// SIGINT, SIGTERM and SIGHUP: no request is left without a result, and nothing that is left to do is forgotten.
import { describe, expect, test } from "vitest";
import { makeFolder, run, start, until } from "./command.js";
import { makeTokens, serve, tokensOf } from "./servers.js";

const REVOKE = ["revoke", "--from", "leak.csv", "--yes"];
const JOURNAL = "leak.csv.journal.ndjson";

describe.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s", (signal) => {
  test("once: it waits for the requests in flight, prints the summary and ends with 130", async () => {
    const { refs, csv } = makeTokens(50);
    await using server = await serve(refs, { limit: 20 });
    const folder = makeFolder();
    folder.write("leak.csv", csv);
    const running = start(REVOKE, { ...server, folder });
    await until(() => server.waiting === 8);
    running.kill(signal);
    await until(() => running.stderr.includes("Stopping: waiting for 8 requests in flight."));
    server.release();
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stdout.match(/^revoked\t/gm)).toHaveLength(28);
    expect(stderr).toContain("28 tokens, revoked 28\n22 tokens not attempted.\n22 tokens may still be active.");
    expect(stderr).toContain(`run the same command again: it continues from ${JOURNAL}.\n`);
    expect(server.fake.alive()).toHaveLength(22);

    const second = await run(REVOKE, { ...server, folder });
    expect(second.code).toBe(0);
    expect(second.stdout.match(/^revoked\t/gm)).toHaveLength(22);
    // No token was sent twice.
    expect(server.fake.requests).toHaveLength(50);
    expect(server.fake.alive()).toEqual([]);
  });

  test("twice: it quits at once, and the same command settles what was in flight", async () => {
    const { refs, csv } = makeTokens(50);
    await using server = await serve(refs, { limit: 20 });
    const folder = makeFolder();
    folder.write("leak.csv", csv);
    const running = start(REVOKE, { ...server, folder });
    await until(() => server.waiting === 8);
    running.kill(signal);
    await until(() => running.stderr.includes("Stopping"));
    running.kill(signal);
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("Quit with 8 requests in flight: their tokens may be revoked or not.\n");
    expect(stderr).toContain(`The journal ${JOURNAL} has them: run the same command again to continue.\n`);
    server.release();

    const second = await run(REVOKE, { ...server, folder });
    expect(second.code).toBe(0);
    expect(second.stdout.match(/^absent\t/gm)).toHaveLength(8);
    expect(second.stdout.match(/^revoked\t/gm)).toHaveLength(22);
    expect(server.fake.alive()).toEqual([]);
  });
});

test("a call between two attempts ends at once: no further request is sent", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1", "key-2"));
  server.fake.play("api-503", { times: Number.POSITIVE_INFINITY });
  const running = start(["revoke", "ci-bot", "key-1", "key-2", "--yes", "--retries", "100"], server);
  await until(() => server.fake.requests.length >= 2);
  running.kill("SIGTERM");
  await until(() => running.stderr.includes("Stopping"));
  const sent = server.fake.requests.length;
  const { code, stdout } = await running.ended;
  expect(code).toBe(130);
  // Those that were on their way when it stopped may have arrived since.
  expect(server.fake.requests.length).toBeLessThanOrEqual(sent + 2);
  expect(stdout.match(/^unknown\tci-bot\tkey-\d$/gm)).toHaveLength(2);
});

test("without a journal, it says how to settle what was in flight", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1"), { limit: 0 });
  const running = start(["revoke", "ci-bot", "key-1", "--yes"], server);
  await until(() => server.waiting === 1);
  running.kill("SIGINT");
  await until(() => running.stderr.includes("Stopping"));
  running.kill("SIGINT");
  const { stderr } = await running.ended;
  expect(stderr).toContain("Quit with 1 request in flight");
  expect(stderr).toContain("There is no journal: revoke only these and unknown ones again with --maybe-revoked.\n");
});

test("a reader of standard output that never reads does not keep a stopped run alive", async () => {
  const { refs, csv } = makeTokens(1000, "x".repeat(70));
  await using server = await serve(refs, { limit: 900 });
  const folder = makeFolder();
  folder.write("leak.csv", csv);
  const shell = `mkfifo out; sleep 1000 < out & kaiten-tokens revoke --from leak.csv --yes > out & echo $! > pid; wait $!; echo "$?"; kill %1`;
  const running = start([], { ...server, folder, shell });
  await until(() => server.waiting === 8);
  process.kill(Number(folder.read("pid")), "SIGTERM");
  await until(() => running.stderr.includes("Stopping"));
  server.release();
  const { stdout, stderr } = await running.ended;
  expect(stdout).toBe("130\n");
  expect(stderr).toMatch(/results not delivered to standard output\. The journal leak\.csv\.journal\.ndjson has all/);
});
