// SIGINT, SIGTERM and SIGHUP: no request is left without a result, and the same command continues.
import { describe, expect, test } from "vitest";
import { makeFolder, run, runChild, start, until } from "./command.js";
import { makeTokens, serve, tokensOf } from "./servers.js";

const REVOKE = ["revoke", "--from", "leak.csv", "--yes"];

describe.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s", (signal) => {
  test("once: it waits for the requests in flight, prints the summary and ends with 130", async () => {
    const { refs, csv } = makeTokens(50);
    await using server = await serve(refs, { limit: 20 });
    const folder = makeFolder();
    const list = folder.write("leak.csv", csv);
    const running = start(REVOKE, { ...server, folder });
    await until(() => server.waiting === 8);
    running.kill(signal);
    await until(() => running.stderr.includes("Stopping: waiting for 8 requests in flight."));
    server.release();
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stdout.match(/^revoked\t/gm)).toHaveLength(28);
    expect(stderr).toContain("28 tokens, revoked 28\n22 tokens not attempted.\n22 tokens may still be active. ");
    expect(stderr).toContain("To go on, run the same command again: it continues.\n");
    expect(stderr).not.toContain("reasons above");
    expect(server.fake.alive()).toHaveLength(22);

    const second = await run(["revoke", "--from", list, "--yes"], server);
    expect(second.code).toBe(0);
    expect(second.stdout.match(/^revoked\t.*\tnow$/gm)).toHaveLength(22);
    // No token was sent twice.
    expect(server.sent).toHaveLength(50);
    expect(server.fake.alive()).toEqual([]);
  });

  test("twice: it quits at once, and the same command settles what was in flight", async () => {
    const { refs, csv } = makeTokens(50);
    await using server = await serve(refs, { limit: 20 });
    const folder = makeFolder();
    const list = folder.write("leak.csv", csv);
    const running = start(REVOKE, { ...server, folder });
    await until(() => server.waiting === 8);
    running.kill(signal);
    await until(() => running.stderr.includes("Stopping"));
    running.kill(signal);
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("Quit with 8 requests in flight: their tokens may be revoked or not.\n");
    expect(stderr).toContain("Run the same command again: it continues.\n");
    server.release();

    const second = await run(["revoke", "--from", list, "--yes"], server);
    expect(second.code).toBe(0);
    expect(second.stdout.match(/^revoked\t/gm)).toHaveLength(50);
    expect(second.stdout.match(/^revoked\t.*\tnow$/gm)).toHaveLength(22);
    expect(server.fake.alive()).toEqual([]);
  });
});

test("while the record is read, it ends at once, and nothing was sent", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1"), { latency: 1e9 });
  const running = start(["revoke", "ci-bot", "key-1", "--yes"], server);
  await until(() => server.fake.requests.length > 0);
  running.kill("SIGTERM");
  expect(await running.ended).toEqual({ code: 130, stdout: "", stderr: "Nothing was revoked.\n" });
});

test("a call between two attempts ends at once: no further request is sent", async () => {
  await using server = await serve(tokensOf("ci-bot", "key-1", "key-2"));
  server.fake.play("api-503", { times: Number.POSITIVE_INFINITY });
  const running = start(["revoke", "ci-bot", "key-1", "key-2", "--yes", "--retries", "100"], server);
  await until(() => server.sent.length >= 2);
  running.kill("SIGTERM");
  await until(() => running.stderr.includes("Stopping"));
  const { length } = server.sent;
  const { code, stdout } = await running.ended;
  expect(code).toBe(130);
  // Those that were on their way when it stopped may have arrived since.
  expect(server.sent.length).toBeLessThanOrEqual(length + 2);
  expect(stdout.match(/^unknown\tci-bot\tkey-\d\t\S/gm)).toHaveLength(2);
});

test("a reader of standard output that never reads does not keep a stopped run alive", async () => {
  const { refs, csv } = makeTokens(1000, "x".repeat(70));
  await using server = await serve(refs, { limit: 900 });
  const folder = makeFolder();
  folder.write("leak.csv", csv);
  const shell = `mkfifo out; sleep 1000 < out & kaiten-service-accounts revoke --from leak.csv --yes > out & echo $! > pid; wait $!; echo "$?"; kill %1`;
  const running = start([], { ...server, folder, shell });
  await until(() => server.waiting === 8);
  process.kill(Number(folder.read("pid")), "SIGTERM");
  await until(() => running.stderr.includes("Stopping"));
  server.release();
  const { stdout, stderr } = await running.ended;
  expect(stdout).toBe("130\n");
  expect(stderr).toMatch(/results not delivered to standard output\./);
});

test("SIGKILL is no worse: the same command continues", async () => {
  const { refs, csv } = makeTokens(50);
  await using server = await serve(refs, { limit: 20 });
  const folder = makeFolder();
  folder.write("leak.csv", csv);
  const running = start(REVOKE, { ...server, folder });
  await until(() => server.waiting === 8);
  running.kill("SIGKILL");
  await running.ended;
  server.release();
  const { code, stdout } = await runChild(REVOKE, { ...server, folder });
  expect(stdout.match(/^revoked\t/gm)).toHaveLength(50);
  expect(server.fake.alive()).toEqual([]);
  expect(code).toBe(0);
});
