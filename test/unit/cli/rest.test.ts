// The list of what is left: in the form that --from reads, whole or not at all, and every byte of it.
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  linkSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { readList } from "../../../src/cli/list.js";
import { isSame, openRest, writeAll, writeLines } from "../../../src/cli/rest.js";
import { createTargets } from "../../../src/cli/targets.js";
import { UsageError } from "../../../src/cli/usage-error.js";
import type { TokenRef } from "../../../src/index.js";

const REFS: TokenRef[] = [
  { serviceAccountSlug: "ci-bot", tokenSlug: "b" },
  { serviceAccountSlug: "ci-bot", tokenSlug: "a" },
];
const LINES = '{"serviceAccountSlug":"ci-bot","tokenSlug":"b"}\n{"serviceAccountSlug":"ci-bot","tokenSlug":"a"}\n';

/** Gone after the test. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "kaiten-rest-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function makeFile(content: string): { folder: string; file: string } {
  const folder = makeFolder();
  const file = join(folder, "left");
  writeFileSync(file, content);
  return { folder, file };
}

/** A pipe with a name, that holds 64 KiB and blocks nobody; its reader takes what is there. */
function makePipe() {
  const file = join(makeFolder(), "pipe");
  execFileSync("mkfifo", [file]);
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(descriptor));
  const buffer = Buffer.alloc(1024 * 1024);
  /** @returns undefined while there may be more, and "" when nobody writes any more. */
  const take = (): string | undefined => {
    try {
      return buffer.toString("latin1", 0, readSync(descriptor, buffer));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe("EAGAIN");
      return undefined;
    }
  };
  const openWriter = () => {
    const writer = openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
    onTestFinished(() => closeSync(writer));
    return writer;
  };
  return { file, take, openWriter };
}

const writeRest = (file: string, refs: Iterable<TokenRef>) => openRest(file, undefined).write(refs);

function thrownBy(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("what is left is written", () => {
  test("as JSON, a line each, in the order given", () => {
    const file = join(makeFolder(), "left");
    writeRest(file, REFS);
    expect(readFileSync(file, "utf8")).toBe(LINES);
  });

  test("with its two members in one order, whatever object they came from", () => {
    const file = join(makeFolder(), "left");
    const ref = { outcome: "unknown", tokenSlug: "b", serviceAccountSlug: "ci-bot" };
    writeRest(file, [ref]);
    expect(readFileSync(file, "utf8")).toBe('{"serviceAccountSlug":"ci-bot","tokenSlug":"b"}\n');
  });

  test("so that --from reads the same tokens", async () => {
    const file = join(makeFolder(), "left");
    const slugs = [`it's "quoted", yes`, " spaced ", "new\nline", "{brace", "token", "\u001b[31mred", "ключ🔑"];
    const targets = createTargets("");
    for (const slug of slugs) targets.add({ serviceAccountSlug: slug, tokenSlug: slug });
    writeRest(file, targets);
    const again = createTargets("");
    const fail = (fault: string) => Promise.reject(new Error(fault));
    expect(await readList(file, again, fail)).toEqual({ duplicates: 0, bad: 0 });
    expect([...again]).toEqual([...targets]);
  });

  test("and the file is closed", () => {
    const file = join(makeFolder(), "left");
    // The lowest that is free.
    const next = () => {
      const descriptor = openSync(".", "r");
      closeSync(descriptor);
      return descriptor;
    };
    const before = next();
    writeRest(file, REFS);
    expect(next()).toBe(before);
  });

  test("as an empty file when nothing is left", () => {
    const { folder, file } = makeFile("before");
    writeRest(file, []);
    expect(readFileSync(file, "utf8")).toBe("");
    expect(readdirSync(folder)).toEqual(["left"]);
  });

  test("in the place of the file before, which is not written over", () => {
    const { folder, file } = makeFile("before, and much longer than what takes its place".repeat(10));
    linkSync(file, join(folder, "same"));
    writeRest(file, REFS);
    expect(readFileSync(file, "utf8")).toBe(LINES);
    expect(readFileSync(join(folder, "same"), "utf8")).toMatch(/^before/);
    expect(readdirSync(folder).sort()).toEqual(["left", "same"]);
  });

  test("beside the file, under a name of this process, until it is whole", () => {
    const { folder, file } = makeFile("before");
    const seen: string[][] = [];
    const refs = (function* () {
      seen.push(readdirSync(folder).sort(), [readFileSync(file, "utf8")]);
      yield* REFS;
    })();
    writeRest(file, refs);
    expect(seen).toEqual([["left", `left.${process.pid}.new`], ["before"]]);
    expect(readdirSync(folder)).toEqual(["left"]);
  });

  test("into a pipe as it is, which remains, and is held open from the beginning to the end", () => {
    const { file, take } = makePipe();
    // Nobody has it open for writing.
    expect(take()).toBe("");
    const rest = openRest(file, undefined);
    expect(take()).toBeUndefined();
    rest.write(REFS);
    expect(take()).toBe(LINES);
    expect(take()).toBeUndefined();
    expect(statSync(file).isFIFO()).toBe(true);
  });

  test("where a link leads, and the link remains", () => {
    const { folder, file } = makeFile("before");
    const link = join(folder, "link");
    symlinkSync("left", link);
    writeRest(link, REFS);
    expect(readlinkSync(link)).toBe("left");
    expect(readFileSync(file, "utf8")).toBe(LINES);
    expect(readdirSync(folder).sort()).toEqual(["left", "link"]);
  });

  test("with the mode of the file before", () => {
    const { file } = makeFile("before");
    // 0o666 is what no umask gives.
    for (const mode of [0o600, 0o666]) {
      chmodSync(file, mode);
      writeRest(file, REFS);
      expect(statSync(file).mode & 0o777).toBe(mode);
    }
  });
});

describe("what cannot be written to its end", () => {
  const cut = new Error("cut");
  function* broken(meanwhile = () => {}): Generator<TokenRef> {
    yield* REFS;
    meanwhile();
    throw cut;
  }

  test("leaves the file before as it was, and nothing beside it", () => {
    const { folder, file } = makeFile("before");
    expect(thrownBy(() => writeRest(file, broken()))).toBe(cut);
    expect(readFileSync(file, "utf8")).toBe("before");
    expect(readdirSync(folder)).toEqual(["left"]);
  });

  test("says why, also when what was written is gone", () => {
    const { folder, file } = makeFile("before");
    const remove = () => rmSync(join(folder, `left.${process.pid}.new`));
    expect(thrownBy(() => writeRest(file, broken(remove)))).toBe(cut);
    expect(readdirSync(folder)).toEqual(["left"]);
  });

  test("leaves a pipe", () => {
    const { file } = makePipe();
    expect(thrownBy(() => writeRest(file, broken()))).toBe(cut);
    expect(statSync(file).isFIFO()).toBe(true);
  });
});

describe("before anything is revoked", () => {
  test("a file that is not there is tried, and is not there then either", () => {
    const folder = makeFolder();
    openRest(join(folder, "left"), undefined);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a file that is there remains as it is", () => {
    const { folder, file } = makeFile("before");
    openRest(file, undefined);
    expect(readFileSync(file, "utf8")).toBe("before");
    expect(readdirSync(folder)).toEqual(["left"]);
  });

  const refusal = (file: string, tokenFile?: string): string => {
    const error = thrownBy(() => openRest(file, tokenFile));
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  };

  test("a pipe that nobody reads is refused, and not waited for", () => {
    const file = join(makeFolder(), "pipe");
    execFileSync("mkfifo", [file]);
    // For who waits all the same, not for ever.
    const late = spawn("sh", ["-c", 'sleep 3; cat "$0"', file]);
    onTestFinished(() => void late.kill());
    expect(refusal(file)).toBe(
      `Cannot write --rest ${file}: it is a socket, or a pipe that nobody reads. Nothing was sent.`,
    );
  });

  test("a link that leads nowhere is refused", () => {
    const { folder } = makeFile("");
    const link = join(folder, "link");
    symlinkSync("missing", link);
    expect(refusal(link)).toBe(`Cannot write --rest ${link}: it is a link that leads nowhere. Nothing was sent.`);
    expect(readlinkSync(link)).toBe("missing");
  });

  test("the file with the credential is refused, by any name", () => {
    const { folder, file } = makeFile("ksh_0123456789");
    const link = join(folder, "link");
    symlinkSync("left", link);
    for (const name of [file, link]) {
      expect(refusal(name, file)).toBe(`Cannot write --rest ${name}: it holds the credential. Nothing was sent.`);
    }
    expect(readFileSync(file, "utf8")).toBe("ksh_0123456789");
    // Nor is any other refused for it.
    openRest(join(folder, "other"), file);
  });

  test("a file that has no name is refused", () => {
    expect(refusal("")).toBe("Cannot write --rest : it has no name. Nothing was sent.");
  });

  test("a folder is refused", () => {
    const folder = makeFolder();
    expect(refusal(folder)).toBe(
      `Cannot write --rest ${folder}: EISDIR: illegal operation on a directory, open '${folder}'. Nothing was sent.`,
    );
  });

  test("a file in a folder that is not there is refused", () => {
    const file = join(makeFolder(), "missing", "left");
    const beside = `${file}.${process.pid}.new`;
    expect(refusal(file)).toBe(
      `Cannot write --rest ${file}: ENOENT: no such file or directory, open '${beside}'. Nothing was sent.`,
    );
  });
});

describe("one file", () => {
  test("is known by any of its names, and open", () => {
    const { folder, file } = makeFile("");
    const other = join(folder, "other");
    linkSync(file, other);
    const descriptor = openSync(file, "r");
    onTestFinished(() => closeSync(descriptor));
    expect([isSame(file, file), isSame(file, other), isSame(other, descriptor)]).toEqual([true, true, true]);
  });

  test("is another than one that is not there, or beside it, or open", () => {
    const { folder, file } = makeFile("");
    const other = makeFile("").file;
    const descriptor = openSync(other, "r");
    onTestFinished(() => closeSync(descriptor));
    expect(isSame(file, join(folder, "missing"))).toBe(false);
    expect(isSame(join(folder, "missing"), file)).toBe(false);
    expect(isSame(join(folder, "missing"), join(folder, "missing"))).toBe(false);
    expect(isSame(file, other)).toBe(false);
    expect(isSame(file, descriptor)).toBe(false);
  });
});

test("lines are written whenever more than 32 KiB have come together", () => {
  const descriptor = openSync(join(makeFolder(), "left"), "w+");
  onTestFinished(() => closeSync(descriptor));
  const ref = { serviceAccountSlug: "a", tokenSlug: "" };
  // A line of 64 bytes.
  ref.tokenSlug = "b".repeat(64 - JSON.stringify(ref).length - 1);
  const sizes = new Set<number>();
  writeLines(
    descriptor,
    (function* () {
      for (let index = 0; index < 1200; index++) {
        sizes.add(fstatSync(descriptor).size);
        yield ref;
      }
    })(),
  );
  expect([...sizes]).toEqual([0, 513 * 64, 2 * 513 * 64]);
  const content = Buffer.alloc(100_000);
  expect(content.toString("utf8", 0, readSync(descriptor, content, { position: 0 }))).toBe(
    `${JSON.stringify(ref)}\n`.repeat(1200),
  );
});

describe("a pipe that is full", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Time does not pass: what happens instead of each wait. */
  const insteadOfWaiting = (act: (times: number) => void) => {
    let times = 0;
    return vi.spyOn(Atomics, "wait").mockImplementation(() => {
      act(++times);
      return "timed-out";
    });
  };

  test("is tried again every 10 ms, until a slow reader has all", () => {
    const { take, openWriter } = makePipe();
    let got = "";
    const waits = insteadOfWaiting((times) => {
      // Never more than 500 in a row.
      if (times % 500 === 0) got += take();
    });
    const text = Array.from({ length: 40_000 }, (_, index) => `${index}\n`).join("");
    writeAll(openWriter(), text);
    got += take();
    expect(got).toBe(text);
    expect(waits.mock.calls.length).toBeGreaterThanOrEqual(1_000);
    for (const [, index, value, ms] of waits.mock.calls) expect([index, value, ms]).toEqual([0, 0, 10]);
  });

  test("is given up after 500 times, for a reader that is dead", () => {
    const waits = insteadOfWaiting(() => {});
    const writer = makePipe().openWriter();
    expect(thrownBy(() => writeAll(writer, "x".repeat(1024 * 1024)))).toMatchObject({ code: "EAGAIN" });
    expect(waits).toHaveBeenCalledTimes(500);
  });

  test("is not waited for when it is the wrong descriptor", () => {
    const waits = insteadOfWaiting(() => {});
    const { file } = makeFile("before");
    const descriptor = openSync(file, "r");
    onTestFinished(() => closeSync(descriptor));
    expect(thrownBy(() => writeAll(descriptor, "x"))).toMatchObject({ code: "EBADF" });
    expect(waits).not.toHaveBeenCalled();
  });
});

test("text is written in UTF-8, and none is no write", () => {
  const { file } = makeFile("");
  const descriptor = openSync(file, "w");
  onTestFinished(() => closeSync(descriptor));
  writeAll(descriptor, "ключ🔑\n");
  writeAll(descriptor, "");
  expect(readFileSync(file, "utf8")).toBe("ключ🔑\n");
});
