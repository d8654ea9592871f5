// `--rest`: what is not known to be dead is written in the form that `--from` reads, or told where it cannot be.
import { execFileSync } from "node:child_process";
import { closeSync, constants, linkSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { playScript } from "../faults/server.js";
import { api, problem } from "../faults/steps.js";
import { type Folder, FULL_DISK, makeFolder, run } from "./command.js";
import { playTokens } from "./tokens.js";

const REVOKE = ["revoke", "ci-bot", "a", "b", "c", "--yes", "--retries", "0", "--concurrency", "1"];
const LEFT = '{"serviceAccountSlug":"ci-bot","tokenSlug":"b"}\n{"serviceAccountSlug":"ci-bot","tokenSlug":"c"}\n';

/** A server that revokes the first token and fails at the rest. */
const failing = () => playScript([api, problem(500), problem(403)]);

test("has the tokens that are not known to be dead, in the order of the list", async () => {
  await using server = await failing();
  const folder = makeFolder();
  const env = { KAITEN_BASE_URL: server.url };
  const { code, stderr } = await run([...REVOKE, "--rest", "left"], { env, folder });
  expect(folder.read("left")).toBe(LEFT);
  expect(folder.files()).toEqual(["left"]);
  expect(stderr).toContain("2 tokens not known to be dead: see left. To go on: --from left --ignore-absent\n");
  expect(code).toBe(6);
});

test("takes the place of the list that it came from, which is as it was until then", async () => {
  await using server = await failing();
  const folder = makeFolder();
  const before = "ci-bot,a\nci-bot,b\nci-bot,c\n";
  folder.write("left", before);
  linkSync(join(folder.path, "left"), join(folder.path, "same"));
  const args = ["revoke", "--from", "left", "--rest", "left", "--yes", "--retries", "0", "--concurrency", "1"];
  await run(args, { env: { KAITEN_BASE_URL: server.url }, folder });
  expect(folder.read("left")).toBe(LEFT);
  // Not written over: had the disk been full, the old list would be whole.
  expect(folder.read("same")).toBe(before);
});

test("is empty when all are dead", async () => {
  await using server = await playTokens();
  const folder = makeFolder();
  folder.write("left", LEFT);
  const { code } = await run([...REVOKE, "--rest", "left"], { env: { KAITEN_BASE_URL: server.url }, folder });
  expect(folder.read("left")).toBe("");
  expect(code).toBe(0);
});

test("slugs of any kind come back as they were", async () => {
  await using refusing = await playScript([problem(500)]);
  await using server = await playTokens();
  const folder = makeFolder();
  const slugs = [
    `it's "quoted", yes`,
    " spaced ",
    "new\nline",
    "{brace",
    "account",
    "\u001b[31mred",
    "ключ🔑",
    "-dash",
  ];
  const base = (url: string) => ({ KAITEN_BASE_URL: url });
  const args = ["revoke", "--yes", "--retries", "0", "--rest", "left", "--", "ci-bot", ...slugs];
  await run(args, { env: base(refusing.url), folder });
  const { code } = await run(["revoke", "--from", "left", "--yes"], { env: base(server.url), folder });
  expect([...server.dead].sort()).toEqual(slugs.map((slug) => `ci-bot/${slug}`).sort());
  expect(code).toBe(0);
});

test("goes where a shell says, such as another command", async () => {
  await using server = await failing();
  const folder = makeFolder();
  const shell = `kaiten-tokens "$@" --rest >(cat > left; echo > all); until [ -e all ]; do :; done`;
  await run(REVOKE, { env: { KAITEN_BASE_URL: server.url }, folder, shell });
  expect(folder.read("left")).toBe(LEFT);
});

/** A pipe with a name, and somebody who reads from it. */
function makePipe(folder: Folder) {
  const path = join(folder.path, "pipe");
  execFileSync("mkfifo", [path]);
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { take: () => readFileSync(descriptor, "utf8"), close: () => closeSync(descriptor) };
}

test("goes into a pipe that has a name", async () => {
  await using server = await failing();
  const folder = makeFolder();
  const { take, close } = makePipe(folder);
  const { code } = await run([...REVOKE, "--rest", "pipe"], { env: { KAITEN_BASE_URL: server.url }, folder });
  expect(take()).toBe(LEFT);
  expect(code).toBe(6);
  close();
});

test("a pipe that nobody reads any more is told, and the list goes to standard error", async () => {
  const folder = makeFolder();
  const { close } = makePipe(folder);
  await using server = await playScript([
    (exchange) => {
      close();
      return api(exchange);
    },
    problem(500),
    problem(403),
  ]);
  const { code, stderr } = await run([...REVOKE, "--rest", "pipe"], { env: { KAITEN_BASE_URL: server.url }, folder });
  expect(stderr).toMatch(/^Cannot write --rest pipe: EPIPE.* The list is here instead:$/m);
  expect(stderr).toContain(LEFT);
  expect(code).toBe(6);
});

test("is not written over what else would be lost: the results, or the bad lines of the list", async () => {
  await using server = await playTokens();
  const folder = makeFolder();
  const env = { KAITEN_BASE_URL: server.url };
  const results = await run([...REVOKE, "--rest", "out"], { env, folder, shell: 'kaiten-tokens "$@" > out' });
  expect(results.stderr).toBe("Cannot write --rest out: standard output goes there. Nothing was sent.\n");
  expect(results.code).toBe(2);
  const messages = await run([...REVOKE, "--rest", "told"], { env, folder, shell: 'kaiten-tokens "$@" 2> told' });
  expect(folder.read("told")).toBe("Cannot write --rest told: standard error goes there. Nothing was sent.\n");
  expect(messages.code).toBe(2);

  const shell = 'mkfifo pipe; cat > pipe & kaiten-tokens "$@" < pipe';
  const input = await run(["revoke", "--from", "-", "--yes", "--rest", "pipe"], { env, folder, shell, input: "a,b\n" });
  expect(input.stderr).toBe("Cannot write --rest pipe: standard input comes from there. Nothing was sent.\n");
  expect(input.code).toBe(2);

  const list = "a,b\nbad\n";
  folder.write("list", list);
  const skipping = ["revoke", "--yes", "--skip-bad", "--rest", "list", "--from"];
  for (const [from, shell] of [["list"], ["-", 'kaiten-tokens "$@" < list']] as const) {
    const { code, stderr } = await run([...skipping, from], { env, folder, ...(shell && { shell }) });
    expect(stderr).toContain("--rest would take the place of the list. Name another file for it. Nothing was sent.\n");
    expect(code).toBe(2);
  }
  expect(folder.read("list")).toBe(list);
  expect(server.asked.size).toBe(0);
  // Beside it, there is nothing to be lost.
  folder.write("other", list);
  const { code } = await run([...skipping, "other"], { env, folder });
  expect([code, folder.read("list"), folder.read("other")]).toEqual([0, "", list]);
});

test.skipIf(!FULL_DISK.exists)("a full disk is told, and the list goes to standard error", async () => {
  await using server = await failing();
  const { code, stderr } = await run([...REVOKE, "--rest", FULL_DISK.name], { env: { KAITEN_BASE_URL: server.url } });
  expect(stderr).toMatch(/^Cannot write --rest full-disk: ENOSPC.* The list is here instead:$/m);
  expect(stderr).toContain(LEFT);
  expect(stderr).toContain("2 tokens not known to be dead: listed above.");
  expect(code).toBe(6);
});

test("a folder that has gone meanwhile is told, and the list goes to standard error", async () => {
  const folder = makeFolder();
  const sub = join(folder.path, "sub");
  mkdirSync(sub);
  await using server = await playScript([
    (exchange) => {
      rmSync(sub, { recursive: true });
      return api(exchange);
    },
    problem(403),
  ]);
  const env = { KAITEN_BASE_URL: server.url };
  const { code, stderr } = await run([...REVOKE, "--rest", "sub/left"], { env, folder });
  expect(stderr).toMatch(/^Cannot write --rest sub\/left: ENOENT.* The list is here instead:$/m);
  expect(stderr).toContain(LEFT);
  expect(code).toBe(3);
});

test("is not made when nothing is sent", async () => {
  const folder = makeFolder();
  const args = ["revoke", "ci-bot", "a", "--rest", "left"];
  const { code } = await run(args, { env: { KAITEN_BASE_URL: "http://127.0.0.1:9" }, folder });
  expect(code).toBe(2);
  expect(folder.files()).toEqual([]);
});

test.each([
  ["in a folder that does not exist", "missing/left"],
  ["that is a folder", "bin"],
  ["below a file", "file/left"],
  ["that has no name", ""],
])("one %s is refused before anything is sent", async (_, rest) => {
  await using server = await playTokens();
  const folder = makeFolder();
  folder.write("file", "");
  const env = { KAITEN_BASE_URL: server.url };
  const { code, stdout, stderr } = await run([...REVOKE, "--rest", rest], { env, folder });
  expect(stderr).toMatch(/^Cannot write --rest .*Nothing was sent\.\n$/);
  expect(stdout).toBe("");
  expect(code).toBe(2);
  expect(server.asked.size).toBe(0);
  expect(folder.files()).toEqual(["file"]);
});
