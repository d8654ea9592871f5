// The journal: what is written and when, what can be continued, and where its sender comes from.
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { readJournal } from "../../../src/cli/history.js";
import { defaultJournal, JournalError, openJournal, resultLine } from "../../../src/cli/journal.js";
import { claimsOf, senderOf } from "../../../src/cli/sender.js";
import { UsageError } from "../../../src/cli/usage-error.js";
import { KaitenError, KaitenProblemError } from "../../../src/index.js";

type Callback = (error: Error | null) => void;

/** The calls that a test wants to see or to fail. */
const disk = vi.hoisted(() => ({
  syncs: undefined as Callback[] | undefined,
  write: undefined as ((bytes: Uint8Array) => number) | undefined,
  output: undefined as number | undefined,
  /** What is synced at once: the numbers of the files. */
  synced: [] as number[],
}));

vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    fdatasync: (descriptor: number, done: Callback) =>
      disk.syncs ? disk.syncs.push(done) : real.fdatasync(descriptor, done),
    writeSync: (descriptor: number, bytes: Uint8Array) =>
      disk.write ? disk.write(bytes) : real.writeSync(descriptor, bytes),
    fsyncSync: (descriptor: number) => {
      disk.synced.push(real.fstatSync(descriptor).ino);
      real.fsyncSync(descriptor);
    },
    fstatSync: (descriptor: number) => real.fstatSync(descriptor === 1 ? (disk.output ?? 1) : descriptor),
  };
});

beforeEach(() => {
  disk.syncs = undefined;
  disk.write = undefined;
  disk.output = undefined;
  disk.synced = [];
});

const BASE_URL = "https://kaiten.example.com/api";
const INFO = { version: "1.0.0", baseUrl: BASE_URL, sender: "0123456789ab", tokens: 2 };
const AT = "2026-01-01T00:00:00.000Z";
const ref = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
const other = { serviceAccountSlug: "ci-bot", tokenSlug: "old-key" };

function makeFolder(): string {
  const folder = fs.mkdtempSync(join(tmpdir(), "kaiten-journal-"));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const makeFile = () => join(makeFolder(), "leak.csv.journal.ndjson");
const linesOf = (file: string) => fs.readFileSync(file, "utf8").split("\n");
const parsed = (file: string) =>
  linesOf(file)
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** Lets everything run that waits for nothing but promises. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("a journal is written", () => {
  test("beside the list, readable by nobody else, one line for each event", async () => {
    const folder = makeFolder();
    const file = defaultJournal(join(folder, "leak.csv"));
    const journal = openJournal(file, INFO);
    await journal.sending(ref);
    journal.result(resultLine({ ref, outcome: "revoked", attempts: 1, at: AT, status: 204, traceId: "4bf9" }));
    await journal.close();

    expect(fs.readdirSync(folder)).toEqual(["leak.csv.journal.ndjson"]);
    expect((fs.statSync(file).mode & 0o777).toString(8)).toBe("600");
    const run = expect.stringMatching(/^[0-9a-f]{8}$/);
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const lines = parsed(file);
    expect(lines).toEqual([
      { kind: "run", format: 1, run, ...INFO, at },
      { kind: "sending", run, ...ref, at },
      {
        kind: "result",
        run,
        ...ref,
        outcome: "revoked",
        maybeRevoked: false,
        attempts: 1,
        status: 204,
        traceId: "4bf9",
        at: AT,
      },
    ]);
    expect(new Set(lines.map((line) => line.run)).size).toBe(1);
  });

  // Windows opens no folder as a file.
  test.skipIf(process.platform === "win32")("so that a power failure does not take its new name away", () => {
    const folder = makeFolder();
    openJournal(join(folder, "journal"), INFO);
    expect(disk.synced).toEqual([fs.statSync(folder).ino]);
    openJournal(relative(process.cwd(), join(folder, "another")), INFO);
    expect(disk.synced).toEqual(Array(2).fill(fs.statSync(folder).ino));
    disk.synced = Object.freeze([]) as never;
    expect(() => openJournal(join(folder, "a-third"), INFO), "where a folder cannot be synced").not.toThrow();
  });

  test("at the end of the file, with a line end before the header", async () => {
    const file = makeFile();
    fs.writeFileSync(file, '{"kind":"run","form');
    await openJournal(file, INFO).close();
    await openJournal(file, INFO).close();
    const lines = linesOf(file);
    expect(lines[0]).toBe('{"kind":"run","form');
    expect(lines.slice(1).map((line) => line.slice(0, 13))).toEqual(['{"kind":"run"', "", '{"kind":"run"', ""]);
  });

  test("so that no slug or message in it has an effect in a terminal", async () => {
    const file = makeFile();
    const journal = openJournal(file, INFO);
    const error = new TypeError("red \u001b[31m and \u202E reversed");
    journal.result(resultLine({ ref, outcome: "unknown", attempts: 3, at: AT, error }));
    expect(journal.refused(ref)).toBe(false);
    await journal.close();
    const text = fs.readFileSync(file, "utf8");
    expect(["\u001b", "\u202E"].filter((character) => text.includes(character))).toEqual([]);
    expect(parsed(file)[1].message).toBe("red \u001b[31m and \u202E reversed");
  });
});

describe("a sending line", () => {
  test("is on disk before `sending` resolves; lines that wait at the same time share one sync", async () => {
    const file = makeFile();
    const journal = openJournal(file, INFO);
    disk.syncs = [];
    const states: string[] = [];
    const send = (token: string) => journal.sending({ ...ref, tokenSlug: token }).then(() => states.push(token));

    const first = send("one");
    await settle();
    const others = [send("two"), send("three")];
    await settle();
    expect(parsed(file).map((line) => line.tokenSlug)).toEqual([undefined, "one", "two", "three"]);
    expect(states).toEqual([]);
    expect(disk.syncs).toHaveLength(1);

    disk.syncs[0]?.(null);
    await first;
    await settle();
    expect(states).toEqual(["one"]);
    expect(disk.syncs).toHaveLength(2);

    disk.syncs[1]?.(null);
    await Promise.all(others);
    expect(states).toEqual(["one", "two", "three"]);
    expect(disk.syncs).toHaveLength(2);
  });

  test("is written once for all requests of a token: each waits until it is on disk", async () => {
    const file = makeFile();
    const journal = openJournal(file, INFO);
    disk.syncs = [];
    const states: string[] = [];
    const attempts = ["first", "retry"].map((name) => journal.sending(ref).then(() => states.push(name)));
    await settle();
    expect(states).toEqual([]);
    disk.syncs[0]?.(null);
    await Promise.all(attempts);
    await journal.sending(ref);
    expect(disk.syncs).toHaveLength(1);
    expect(parsed(file)).toHaveLength(2);
  });

  test.each<[string, () => void, string]>([
    [
      "cannot be written",
      () => {
        disk.write = () => {
          throw new Error("ENOSPC: no space left on device, write");
        };
      },
      "ENOSPC: no space left on device, write",
    ],
    [
      "is written in part",
      () => {
        disk.write = (bytes) => bytes.length - 1;
      },
      "there was space for a part of a line only",
    ],
    [
      "is not synced",
      () => {
        disk.syncs = Object.assign([], { push: (done: Callback) => done(new Error("EIO: i/o error, fdatasync")) });
      },
      "EIO: i/o error, fdatasync",
    ],
  ])("that %s ends the journal: nothing more is written, and `close` says so", async (_, fail, why) => {
    const file = makeFile();
    const journal = openJournal(file, INFO);
    const sent = { ...ref, tokenSlug: "sent" };
    await journal.sending(sent);
    fail();
    const message = `Cannot write the journal ${file}: ${why}. No further token was sent. When the journal can be written, run the same command again.`;
    await expect(journal.sending(ref)).rejects.toThrow(new JournalError(message));
    disk.write = undefined;
    disk.syncs = undefined;
    const before = fs.readFileSync(file, "utf8");
    await expect(journal.sending(other)).rejects.toThrow(new JournalError(message));
    expect([sent, ref, other].map(journal.refused)).toEqual([false, true, true]);
    journal.result(resultLine({ ref, outcome: "revoked", attempts: 1, at: AT }));
    expect(fs.readFileSync(file, "utf8")).toBe(before);
    await expect(journal.close()).rejects.toThrow(new JournalError(message));
  });
});

test("a journal that is closed takes nothing more", async () => {
  const file = makeFile();
  const journal = openJournal(file, INFO);
  await journal.close();
  await expect(journal.sending(ref)).rejects.toThrow(new JournalError(`The journal ${file} is closed.`));
});

describe("a file that cannot be a journal is refused before anything is sent", () => {
  function refusal(file: string): string {
    try {
      openJournal(file, INFO);
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      return (error as Error).message;
    }
    throw new Error("It was not refused.");
  }
  const advice = "Pass --journal FILE with another name, or --no-journal. Nothing was sent.";

  test.each<[string, (folder: string) => string, string]>([
    ["a directory", (folder) => folder, "EISDIR"],
    ["a device", () => "/dev/full", "it is not a regular file"],
    [
      "a pipe that nobody reads",
      (folder) => {
        const pipe = join(folder, "pipe");
        execFileSync("mkfifo", [pipe]);
        return pipe;
      },
      "ENXIO",
    ],
    ["a name in a folder that does not exist", (folder) => join(folder, "missing", "journal"), "ENOENT"],
    ["a name in a folder where nothing can be created", () => "/proc/journal", "ENOENT"],
  ])("%s", (_, make, why) => {
    const file = make(makeFolder());
    const message = refusal(file);
    expect(message).toContain(`Cannot write the journal ${file}: ${why}`);
    expect(message).toContain(advice);
  });

  test("a disk that is full already", () => {
    disk.write = () => 0;
    const file = makeFile();
    expect(refusal(file)).toBe(
      `Cannot write the journal ${file}: there was space for a part of a line only. ${advice}`,
    );
  });

  test("the file where the output of the command goes", () => {
    const file = makeFile();
    disk.output = fs.openSync(file, "w");
    onTestFinished(() => fs.closeSync(disk.output ?? -1));
    expect(refusal(file)).toBe(`Cannot write the journal ${file}: the output of this command goes there. ${advice}`);
    expect(fs.readFileSync(file, "utf8")).toBe("");
  });
});

describe("the line of a result", () => {
  const found = { ref, attempts: 1, at: AT } as const;

  function problem(outcome: KaitenProblemError["outcome"], status: number, code: string) {
    const answer = {
      status,
      headers: new Headers(),
      problem: { type: "about:blank", status, code },
      retryAfter: undefined,
    };
    const request = { method: "DELETE", url: BASE_URL };
    return new KaitenProblemError("No success.", answer, { ...found, outcome, request });
  }

  test.each<[string, Parameters<typeof resultLine>[0], object]>([
    [
      "revoked",
      { ...found, outcome: "revoked", status: 204 },
      { outcome: "revoked", maybeRevoked: false, status: 204 },
    ],
    [
      "absent, also after an attempt that may have revoked it",
      { ...found, outcome: "absent", status: 404 },
      { outcome: "absent", maybeRevoked: true },
    ],
    [
      "absent, and nothing says that we did it",
      { ...found, outcome: "absent", status: 404, error: problem("absent", 404, "Token.NotFound") },
      { outcome: "absent", maybeRevoked: false, code: "Token.NotFound", message: "No success." },
    ],
    [
      "unknown, with what support needs to find the request",
      {
        ...found,
        outcome: "unknown",
        status: 500,
        errorId: "e1",
        traceId: "t1",
        error: problem("unknown", 500, "Internal"),
      },
      {
        outcome: "unknown",
        maybeRevoked: false,
        code: "Internal",
        errorId: "e1",
        traceId: "t1",
        message: "No success.",
      },
    ],
    [
      "of a token that an earlier run may have revoked",
      {
        ...found,
        ref: { ...ref, maybeRevoked: true },
        outcome: "unknown",
        attempts: 0,
        error: new TypeError("Faulty."),
      },
      { outcome: "unknown", maybeRevoked: true, attempts: 0, message: "Faulty." },
    ],
  ])("%s", (_, result, line) => {
    expect(resultLine(result)).toMatchObject({ kind: "result", ...ref, ...line });
  });
});

describe("a journal is continued", () => {
  const header = (more: object = {}) =>
    JSON.stringify({ kind: "run", format: 1, run: "aaaaaaaa", ...INFO, at: AT, ...more });
  const line = (kind: string, more: object = {}) => JSON.stringify({ kind, run: "aaaaaaaa", ...ref, at: AT, ...more });
  const revoked = line("result", { outcome: "revoked", maybeRevoked: false, attempts: 1 });

  const DAY = 24 * 60 * 60 * 1000;

  async function read(text: string | undefined, now = Date.parse(AT), baseUrl = BASE_URL) {
    const file = makeFile();
    if (text !== undefined) fs.writeFileSync(file, text);
    const known = await readJournal(file, { baseUrl, sender: INFO.sender }, now).catch((error) => {
      expect(error).toBeInstanceOf(UsageError);
      return `${error.message}`.replaceAll(file, "FILE");
    });
    expect(fs.existsSync(file)).toBe(text !== undefined);
    return typeof known === "string" ? known : known.get(ref)?.mine;
  }

  test.each<[string, string | undefined, string | undefined]>([
    ["does not exist", undefined, undefined],
    ["is empty", "", undefined],
    ["has whole lines", `\n${header()}\n${line("sending")}\n${revoked}\n`, "revoked"],
    [
      "says that nothing was found",
      `${header()}\n${line("result", { outcome: "absent", maybeRevoked: false, attempts: 1 })}\n`,
      "absent",
    ],
    ["has a whole last line without its end", `\n${header()}\n${revoked}`, "revoked"],
    ["has a torn last line", `\n${header()}\n${line("sending")}\n${revoked.slice(0, -1)}`, "unknown"],
    ["has zeros at its end, as after a power failure", `\n${header()}\n${line("sending")}\n\0\0\0`, "unknown"],
    ["has a torn line before a header", `\n${header()}\n{"kind":"res\n${header()}\n${revoked}\n`, "revoked"],
    ["has a torn line and a torn header", `\n${header()}\n{"kind":"res\n{"ki\n${header()}\n${revoked}`, "revoked"],
    ["has only a torn header", '\n{"kind":"ru', undefined],
    [
      "has a torn line and a longer torn header",
      `\n${header()}\n{"kind":"res\n{"kind":"run","fo\n${header()}`,
      undefined,
    ],
    ["has a line of white space before its header", ` \n${header()}\n${revoked}`, "revoked"],
    [
      "was written with the members of its header in another order",
      `${JSON.stringify({ format: 1, run: "aaaaaaaa", ...INFO, at: AT, kind: "run" })}\n${revoked}`,
      "revoked",
    ],
  ])("if it %s", async (_, text, state) => {
    expect(await read(text)).toBe(state);
  });

  test.each<[string, string, string]>([
    ["a torn line in the middle", `\n${header()}\n\n{"kind":"res\n${revoked}\n`, "line 4 is not a line of a journal"],
    ["two torn lines", `\n${header()}\n{"kind":"res\n{"kind":"res`, "line 3 is not a line of a journal"],
    [
      "an unknown outcome",
      `${header()}\n${line("result", { outcome: "ok" })}\n${revoked}`,
      "line 2 is not a line of a journal",
    ],
    ["lines of something else", "ci-bot,deploy-key\n", "it does not begin like a journal"],
    ["lines of a list", `${JSON.stringify(ref)}\n`, "it does not begin like a journal"],
    ["a header of another version", header({ format: 2 }), "another version of this program wrote it"],
    [
      "another base URL",
      header({ baseUrl: "https://demo.kaiten.sh/api" }),
      "its base URL is https://demo.kaiten.sh/api, and the one of this run is https://kaiten.example.com/api",
    ],
    ["a base URL that is none", header({ baseUrl: "kaiten" }), "Invalid URL"],
  ])("not if it has %s", async (_, text, why) => {
    expect(await read(text)).toBe(
      `Cannot continue the journal FILE: ${why}. Keep this file, and pass --journal FILE with a new name. Nothing was sent.`,
    );
  });

  test("if its base URL is the same, written in another way", async () => {
    const text = `${header({ baseUrl: "HTTPS://Kaiten.example.com:443/api//" })}\n${revoked}`;
    expect(await read(text)).toBe("revoked");
  });

  test("not if its last run was more than 30 days ago", async () => {
    const text = `${header({ at: "2020-01-01T00:00:00.000Z" })}\n${header()}\n${revoked}`;
    expect(await read(text, Date.parse(AT) + 30 * DAY)).toBe("revoked");
    expect(await read(text, Date.parse(AT) + 30 * DAY + 1)).toMatch("its last run was more than 30 days ago");
    expect(await read(header({ at: "yesterday" }))).toMatch("its last run was more than 30 days ago");
  });

  test("but what was revoked more than 30 days ago counts for nothing, also after a younger run", async () => {
    const old = "2025-12-01T00:00:00.000Z";
    const begin = `${header({ at: old })}\n`;
    const younger = `${header()}\n`;
    const claim = (outcome: string, at: unknown) => line("result", { outcome, maybeRevoked: true, attempts: 1, at });
    for (const outcome of ["revoked", "absent"]) {
      expect(await read(`${begin}${claim(outcome, old)}\n${younger}`)).toBe(undefined);
      expect(await read(`${begin}${claim(outcome, "yesterday")}\n${younger}`)).toBe(undefined);
      expect(await read(`${begin}${claim(outcome, undefined)}\n${younger}`)).toBe(undefined);
    }
    expect(await read(`${begin}${claim("revoked", AT)}\n${younger}`)).toBe("revoked");
    // Whether such a request revoked it is as open as before.
    expect(await read(`${begin}${claim("unknown", old)}\n${claim("revoked", old)}\n${younger}`)).toBe("unknown");
  });

  test("not if it is a directory", async () => {
    const folder = makeFolder();
    await expect(readJournal(folder, INFO)).rejects.toThrow("it is not a regular file");
  });

  test("with lines longer than what is read at once", async () => {
    const long = line("result", { outcome: "unknown", message: "é".repeat(200_000) });
    expect(await read(`\n${header()}\n${long}\n${revoked}\n`)).toBe("revoked");
  });
});

// The line is for a person with jq, which `.ci/run` installs.
test.skipIf(spawnSync("jq", ["--version"]).status !== 0)(
  "the jq line in docs/command.md makes a table of the final states, also of a journal with torn lines",
  async () => {
    const file = makeFile();
    const first = openJournal(file, INFO);
    const at = AT;
    await Promise.all([first.sending(ref), first.sending(other), first.sending({ ...ref, tokenSlug: "third-key" })]);
    first.result(resultLine({ ref, outcome: "revoked", attempts: 1, at, status: 204, traceId: "4bf9" }));
    await first.close();
    fs.appendFileSync(file, '{"kind":"result","serviceAcc');
    const second = openJournal(file, INFO);
    second.result(resultLine({ ref, outcome: "absent", attempts: 1, at, status: 404 }));
    second.result(resultLine({ ref: other, outcome: "absent", attempts: 1, at, status: 404 }));
    const error = new KaitenError("No such token.", { ref, outcome: "absent", attempts: 1, at });
    second.result(
      resultLine({ ref: { ...ref, tokenSlug: "misspelt" }, outcome: "absent", attempts: 1, at, status: 404, error }),
    );
    await second.close();

    const guide = fs.readFileSync(new URL("../../../docs/command.md", import.meta.url), "utf8");
    const command = guide.match(/^jq .*?(?= leak\.csv\.journal\.ndjson$)/ms)?.[0] ?? "";
    const table = execFileSync("sh", ["-c", `${command} "$0"`, file], { encoding: "utf8" });
    expect(table.replaceAll(/"?\d{4}-\d\d-\d\dT[\d:.]+Z"?/g, "AT").split("\n")).toEqual([
      "ACCOUNT\tTOKEN\tOUTCOME\tMAYBE REVOKED\tSTATUS\tAT\tTRACE\tERROR ID",
      "ci-bot\tdeploy-key\trevoked\tfalse\t204\tAT\t4bf9\t",
      "ci-bot\tmisspelt\tabsent\tfalse\t404\tAT\t\t",
      "ci-bot\told-key\tabsent\ttrue\t404\tAT\t\t",
      "ci-bot\tthird-key\tsent, no result\ttrue\t\tAT\t\t",
      "",
    ]);
  },
);

describe("the sender of a run", () => {
  const jwt = (claims: object) =>
    `eyJhbGciOiJub25lIn0.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
  const claims = { sub: "user-1", org: "org-1", exp: 1, iat: 1, nbf: 1, jti: "1" };

  test("is the same for every JWT of one user, in whatever order the claims are", () => {
    const other = { jti: "2", nbf: 2, iat: 2, exp: 2, org: "org-1", sub: "user-1" };
    expect(senderOf(jwt(other), BASE_URL)).toBe(senderOf(jwt(claims), BASE_URL));
    expect(senderOf(jwt({ ...claims, org: "org-2" }), BASE_URL)).not.toBe(senderOf(jwt(claims), BASE_URL));
  });

  test.each<[string, string]>([
    ["an access token", "ksh_0123456789"],
    ["a JWT that names nobody", jwt({ exp: 1 })],
    ["three words with dots between that are no JWT", "a.b.c"],
  ])("is another one for %s than for any other credential or base URL", (_, credential) => {
    const sender = senderOf(credential, BASE_URL);
    expect(sender).toMatch(/^[0-9a-f]{12}$/);
    expect(senderOf(credential, BASE_URL)).toBe(sender);
    expect(senderOf(`${credential}x`, BASE_URL)).not.toBe(sender);
    expect(senderOf(credential, "https://demo.kaiten.sh")).not.toBe(sender);
  });

  test("has the claims of a JWT, and none of what is no JWT", () => {
    expect(claimsOf(jwt(claims))).toEqual(claims);
    const withoutSignature = jwt(claims).split(".").slice(0, 2).join(".");
    for (const credential of ["ksh_0123456789", "a.b.c", withoutSignature, `a.${btoa("1")}.c`, "a.bnVsbA.c"]) {
      expect(claimsOf(credential)).toBeUndefined();
    }
  });
});
