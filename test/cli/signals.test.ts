// Ctrl-C and SIGTERM: nothing that was sent is left without an outcome, and nothing that is left is lost.
import { describe, expect, test } from "vitest";
import { FULL_DISK, makeFolder, run, start, until } from "./command.js";
import { makeList, playTokens } from "./tokens.js";

const HALF = ["revoke", "--from", "leak.csv", "--yes", "--rest", "left.ndjson", "--concurrency", "8"];

describe.each(["SIGINT", "SIGTERM"] as const)("%s", (signal) => {
  test("once: waits for what is in flight, writes --rest, tells, and ends with 130", async () => {
    await using server = await playTokens({ limit: 20 });
    const env = { KAITEN_BASE_URL: server.url };
    const folder = makeFolder();
    const { text, slugs } = makeList(50);
    folder.write("leak.csv", text);

    const running = start(HALF, { env, folder });
    await until(() => server.waiting === 8);
    running.kill(signal);
    await until(() => running.stderr.includes("Stopping: waiting for what is in flight. Once more to leave at once."));
    expect(folder.files()).not.toContain("left.ndjson");
    server.release();
    const { code, stdout, stderr } = await running.ended;

    expect(code).toBe(130);
    expect(stdout.match(/^revoked\t/gm)).toHaveLength(28);
    expect(stderr).toContain("28 tokens, revoked 28\n22 tokens not attempted.\n");
    expect(stderr).toContain(
      "22 tokens not known to be dead: see left.ndjson. To go on: --from left.ndjson --ignore-absent\n",
    );
    const left = folder
      .read("left.ndjson")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const alive = slugs.filter((slug) => !server.dead.includes(slug));
    expect(left.map((ref) => `${ref.serviceAccountSlug}/${ref.tokenSlug}`).sort()).toEqual(alive.sort());
    expect(folder.files()).toEqual(["leak.csv", "left.ndjson"]);
  });

  test("twice: leaves at once, and --rest has all that it has not heard of", async () => {
    await using server = await playTokens({ limit: 20 });
    const env = { KAITEN_BASE_URL: server.url };
    const folder = makeFolder();
    folder.write("leak.csv", makeList(50).text);

    const running = start(HALF, { env, folder });
    await until(() => server.waiting === 8);
    running.kill(signal);
    await until(() => running.stderr.includes("Stopping"));
    running.kill(signal);
    expect((await running.ended).code).toBe(130);
    expect(server.waiting).toBe(8);
    expect(folder.read("left.ndjson").trimEnd().split("\n")).toHaveLength(30);
  });
});

test("without --rest it tells how to go on", async () => {
  await using server = await playTokens({ limit: 0 });
  const env = { KAITEN_BASE_URL: server.url };
  const running = start(["revoke", "a", "b", "c", "d", "--yes", "--concurrency", "1"], { env });
  await until(() => server.waiting === 1);
  running.kill("SIGINT");
  await until(() => running.stderr.includes("Stopping"));
  server.release();
  const { code, stderr } = await running.ended;
  expect(stderr).toContain(
    "1 token, revoked 1\n2 tokens not attempted.\n" +
      "2 tokens not known to be dead. To go on, run it again with --ignore-absent; --rest FILE lists what is left.\n",
  );
  expect(code).toBe(130);
});

test.each(["once", "twice"])(
  "--rest round trip: stopped %s half way, at the end every token is dead",
  async (times) => {
    await using server = await playTokens({ limit: 150 });
    const env = { KAITEN_BASE_URL: server.url };
    const folder = makeFolder();
    const { text, slugs } = makeList(300);
    folder.write("leak.csv", text);

    const running = start(HALF, { env, folder });
    await until(() => server.waiting === 8);
    running.kill("SIGINT");
    await until(() => running.stderr.includes("Stopping"));
    if (times === "once") server.release();
    else running.kill("SIGINT");
    const first = await running.ended;
    expect(first.code).toBe(130);
    server.release();

    const args = ["revoke", "--from", "left.ndjson", "--yes", "--ignore-absent", "--rest", "left.ndjson"];
    const second = await run(args, { env, folder });
    expect(second.code).toBe(0);
    expect(folder.read("left.ndjson")).toBe("");

    expect([...server.dead].sort()).toEqual(slugs.sort());
    const told = [...(first.stdout + second.stdout).matchAll(/^revoked\t(.+)\t(.+)$/gm)].map(([, a, b]) => `${a}/${b}`);
    const absent = [...second.stdout.matchAll(/^absent\t(.+)\t(.+)$/gm)].map(([, a, b]) => `${a}/${b}`);
    // Each token has its word exactly once; only what it left without an answer was asked for again.
    expect([...told, ...absent].sort()).toEqual(slugs);
    expect(absent).toHaveLength(times === "once" ? 0 : 8);
    const twice = [...server.asked].filter(([, count]) => count > 1).map(([slug]) => slug);
    expect(twice.sort()).toEqual(absent.sort());
  },
);

test.skipIf(!FULL_DISK.exists)("leaves a long list on standard error whole, also to a slow reader", async () => {
  await using server = await playTokens({ limit: 0 });
  const env = { KAITEN_BASE_URL: server.url };
  const folder = makeFolder();
  folder.write("leak.csv", makeList(5000).text);
  const shell = `exec kaiten-tokens revoke --from leak.csv --yes --rest ${FULL_DISK.name} \
    2> >(while read -r line; do printf '%s\\n' "$line"; done > told; echo > all)`;
  const running = start([], { env, folder, shell });
  await until(() => server.waiting === 8);
  running.kill("SIGINT");
  await until(() => folder.read("told").includes("Stopping"));
  running.kill("SIGINT");
  expect((await running.ended).code).toBe(130);
  await until(() => folder.files().includes("all"));
  expect(folder.read("told").match(/^\{"serviceAccountSlug":"account-\d","tokenSlug":"token-\d+"\}$/gm)).toHaveLength(
    5000,
  );
});
