// That a line of the journal is on disk in time: a killed process does not show that, a power failure would.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { makeFolder, run } from "./command.js";
import { makeTokens, serve } from "./servers.js";

// A tool of Linux alone, which `.ci/run` installs.
const hasStrace = spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;

test.skipIf(!hasStrace)(
  "`sending` is synced before its DELETE is written, and results before the end; lines share syncs",
  async () => {
    const { refs, csv } = makeTokens(60);
    await using server = await serve(refs, { latency: 5 });
    const folder = makeFolder();
    folder.write("leak.csv", csv);
    const shell = `strace -f -s 300 -e trace=write,writev,pwrite64,sendto,sendmsg,fdatasync -o bin/calls kaiten-tokens "$@"`;
    const { code } = await run(["revoke", "--from", "leak.csv", "--yes"], { ...server, folder, shell });
    expect(code).toBe(0);

    const written = new Set<string>();
    const onDisk = new Set<string>();
    /** Of each thread that syncs: what was written before it began. */
    const syncing = new Map<string, readonly string[]>();
    let syncs = 0;
    let sent = 0;
    for (const call of folder.read("bin/calls").split("\n")) {
      const thread = call.split(" ", 1)[0] ?? "";
      const [, kind, token] = /\\"kind\\":\\"(\w+)\\".*\\"tokenSlug\\":\\"(token-\d+)\\"/.exec(call) ?? [];
      if (token) written.add(`${kind} ${token}`);
      if (call.includes(" fdatasync(")) syncing.set(thread, [...written]);
      if (/ fdatasync\(.*= 0$|fdatasync resumed.*= 0$/.test(call)) {
        for (const each of syncing.get(thread) ?? []) onDisk.add(each);
        syncs++;
      }
      const [, deleted] = /DELETE \/api\/service-accounts\/account-\d\/tokens\/(token-\d+) /.exec(call) ?? [];
      if (!deleted) continue;
      expect(onDisk).toContain(`sending ${deleted}`);
      sent++;
    }
    expect(sent).toBe(60);
    expect([...onDisk].filter((line) => line.startsWith("result "))).toHaveLength(60);
    // The first eight lines wait together.
    expect(syncs).toBeLessThan(60);
  },
);
