// What a run sends, given the journal of the runs before it: by example, and against a model of a server.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHistory, readJournal } from "../../../src/cli/history.js";
import { type JournalLine, type ResultLine, resultLine } from "../../../src/cli/journal.js";
import { createPlan, planNotices } from "../../../src/cli/plan.js";
import { createTokenMap, type Targets } from "../../../src/cli/targets.js";
import { json } from "../../../src/cli/text.js";
import type { BulkRef, TokenRef, TokenResult } from "../../../src/index.js";

const at = "2026-01-01T00:00:00.000Z";
const baseUrl = "https://kaiten.example.com/api";

const refOf = (tokenSlug: string): TokenRef => ({ serviceAccountSlug: "ci-bot", tokenSlug });
const run = (sender: string, id?: string): JournalLine => {
  const line = { kind: "run", format: 1, version: "1.0.0", baseUrl, sender, tokens: 1, at } as const;
  return id === undefined ? line : { ...line, run: id };
};
const sending = (token: string, id?: string): JournalLine => {
  const line = { kind: "sending", ...refOf(token), at } as const;
  return id === undefined ? line : { ...line, run: id };
};
const result = (token: string, outcome: ResultLine["outcome"], more: Partial<ResultLine> = {}): JournalLine => {
  return { kind: "result", ...refOf(token), outcome, maybeRevoked: false, attempts: 1, at, ...more };
};

function targetsOf(tokens: Iterable<string>): Targets {
  const targets: Targets = createTokenMap();
  for (const token of tokens) targets.set(refOf(token), true);
  return targets;
}

function planOf(lines: JournalLine[], tokens: string[] = ["deploy-key"], sender = "me") {
  const history = createHistory(sender, Date.parse(at));
  for (const line of lines) history.add(line);
  return createPlan(targetsOf(tokens), history.known());
}

const AS_NEW = { send: [refOf("deploy-key")], maybeRevoked: 0 };
const AGAIN = { send: [{ ...refOf("deploy-key"), maybeRevoked: true }], maybeRevoked: 1, otherSender: 0 };
const DONE = { send: [] };

describe("a token is sent", () => {
  test.each<[string, JournalLine[]]>([
    ["that the journal does not have", [run("me"), sending("other"), result("other", "revoked")]],
    ["that was not revoked", [run("me"), sending("deploy-key"), result("deploy-key", "not-revoked")]],
    ["that was absent", [run("me"), sending("deploy-key"), result("deploy-key", "absent")]],
  ])("as new: one %s", (_, lines) => {
    expect(planOf(lines)).toMatchObject({ ...AS_NEW, otherSender: 0 });
  });

  test.each<[string, JournalLine[]]>([
    ["was sent and has no result", [run("me"), sending("deploy-key")]],
    ["is unknown", [run("me"), sending("deploy-key"), result("deploy-key", "unknown")]],
    [
      "is unknown, also after other runs that did not revoke it",
      [run("me"), result("deploy-key", "unknown"), run("you"), result("deploy-key", "not-revoked")],
    ],
    [
      "was sent by one of two processes, and has the result of the other",
      [
        run("me", "one"),
        run("me", "two"),
        sending("deploy-key", "one"),
        sending("deploy-key", "two"),
        result("deploy-key", "absent", { run: "two" }),
      ],
    ],
  ])("as one that may be revoked, if it %s", (_, lines) => {
    expect(planOf(lines)).toMatchObject(AGAIN);
  });

  test.each<[string, JournalLine[]]>([
    ["was sent and has no result", [run("you"), sending("deploy-key")]],
    ["is unknown", [run("you"), sending("deploy-key"), result("deploy-key", "unknown")]],
    ["is absent after such a request", [run("you"), result("deploy-key", "absent", { maybeRevoked: true })]],
    ["is revoked", [run("you"), result("deploy-key", "revoked")]],
    [
      "is revoked, and was absent since",
      [run("you"), result("deploy-key", "revoked"), run("me"), result("deploy-key", "absent")],
    ],
    [
      "was sent while another process had written its header",
      [run("you", "one"), run("me", "two"), sending("deploy-key", "one")],
    ],
  ])("as new, if another sender revoked it or may have: it %s", (_, lines) => {
    const plan = planOf(lines);
    expect(plan).toMatchObject({ ...AS_NEW, otherSender: 1 });
    expect(planNotices(plan, "j")).toEqual([
      "1 token sent as new: another credential revoked them or may have, and it can be of another organization.",
    ]);
  });

  test("as one that may be revoked, if this sender may have revoked it before another sender did", () => {
    const lines = [run("me"), result("deploy-key", "unknown"), run("you"), result("deploy-key", "revoked")];
    expect(planOf(lines)).toMatchObject(AGAIN);
  });
});

describe("a token is not sent again", () => {
  test.each<[string, JournalLine[], object]>([
    ["revoked", [run("me"), result("deploy-key", "revoked")], { revoked: 1, absent: 0 }],
    [
      "revoked, whatever another sender got later",
      [run("me"), result("deploy-key", "revoked"), run("you"), result("deploy-key", "unknown")],
      { revoked: 1, absent: 0 },
    ],
    ["absent after a request", [run("me"), result("deploy-key", "absent", { maybeRevoked: true })], { absent: 1 }],
    [
      "revoked, whatever another process wrote later",
      [run("me", "one"), run("me", "two"), result("deploy-key", "revoked"), result("deploy-key", "absent")],
      { revoked: 1, absent: 0 },
    ],
  ])("that is %s", (_, lines, skipped) => {
    expect(planOf(lines)).toMatchObject({ ...DONE, skipped });
  });
});

test("tokens of the journal that may be active and are not in the list are counted", () => {
  const plan = planOf([
    run("me"),
    ...["revoked", "absent", "not-revoked", "unknown"].map((outcome) =>
      result(outcome, outcome as ResultLine["outcome"]),
    ),
    sending("sent"),
    run("you"),
    result("revoked", "unknown"),
    result("absent", "revoked"),
    run("me"),
    result("gone", "absent", { maybeRevoked: true }),
    run("you"),
    result("gone", "not-revoked"),
    result("not-revoked", "revoked"),
    result("absent-for-you", "absent"),
    result("revoked-by-you", "revoked"),
  ]);
  // The senders can belong to two organizations: what was not revoked in one may be active there.
  expect(plan.missing).toBe(4);
  expect(planNotices(plan, "j")).toEqual(["4 tokens of the journal may still be active and are not in this list."]);
});

test("without a journal, all tokens can be sent as ones that may be revoked", () => {
  const plan = createPlan(targetsOf(["deploy-key"]), undefined, { maybeRevoked: true });
  expect(plan).toMatchObject(AGAIN);
});

test("the person reads what the journal changes", () => {
  const mine = [run("me"), result("a", "revoked"), result("b", "absent", { maybeRevoked: true }), sending("c")];
  const lines = [...mine, run("you"), result("e", "revoked")];
  expect(planNotices(planOf(lines, ["a", "b", "c", "d", "e"]), "leak.csv.journal.ndjson")).toEqual([
    "2 tokens not sent again: 1 revoked and 1 no longer found, says leak.csv.journal.ndjson.",
    "1 token sent again: an earlier run may have revoked them. For them, absent is success.",
    "1 token sent as new: another credential revoked them or may have, and it can be of another organization.",
  ]);
  expect(planNotices(planOf([], ["a"]), "leak.csv.journal.ndjson")).toEqual([]);
});

/* The model of a server and of runs. "me" and "my-new-key" belong to one organization, "stranger" to one with tokens of the same names. */

const EXISTING = ["a", "b", "c"];
const EXISTING_ELSEWHERE = ["b", "c"];
const TOKENS = [...EXISTING, "misspelt"];
const FATES = ["answered", "answer lost", "request lost", "limited"] as const;
type Fate = (typeof FATES)[number];

/** One or two processes at the same time. Each is killed after some steps. Then the end of the file may be lost. */
interface Round {
  processes: { sender: string; list: string[]; fates: Fate[]; steps: number }[];
  turns: number[];
  /** The part of what can be lost that is lost. */
  lost: number;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kaiten-plan-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function createWorld() {
  const active = new Set(EXISTING);
  const activeElsewhere = new Set(EXISTING_ELSEWHERE);
  const activeFor = (sender: string) => (sender === "stranger" ? activeElsewhere : active);
  let text = "";
  let synced = 0;

  const write = (line: JournalLine) => {
    text += `${line.kind === "run" ? "\n" : ""}${json(line)}\n`;
  };

  /** As the library does it, with one retry: an unknown attempt changes what the next answer means. */
  function revoke(
    ref: BulkRef,
    sender: string,
    fates: Iterator<Fate>,
  ): { outcome: ResultLine["outcome"]; error?: Error } {
    let maybeRevoked = ref.maybeRevoked === true;
    for (let number = 1; ; number++) {
      const next = fates.next();
      const fate = next.done ? "answered" : next.value;
      const isReached = fate === "answered" || fate === "answer lost";
      const isRevoked = isReached && activeFor(sender).delete(ref.tokenSlug);
      const error = new Error("not confirmed");
      if (fate === "answered") {
        if (isRevoked) return { outcome: "revoked" };
        return maybeRevoked ? { outcome: "absent" } : { outcome: "absent", error };
      }
      if (fate !== "limited") maybeRevoked = true;
      if (number === 2) return { outcome: maybeRevoked ? "unknown" : "not-revoked", error };
    }
  }

  return {
    activeFor,
    async plan(sender: string, list: string[] = TOKENS) {
      const file = join(folder, "journal");
      writeFileSync(file, text);
      const plan = createPlan(targetsOf(list), await readJournal(file, { baseUrl, sender }, Date.parse(at)));
      const sent = new Set(plan.send.map(({ tokenSlug }) => tokenSlug));
      const skipped = list.filter((token) => !sent.has(token));
      expect(skipped.filter((token) => activeFor(sender).has(token))).toEqual([]);
      return plan;
    },
    /** A run of the command. It can be killed at every `yield`. */
    *run(refs: BulkRef[], sender: string, id: string, fates: Iterator<Fate>): Generator<void, void> {
      write(run(sender, id));
      yield;
      for (const ref of refs) {
        write(sending(ref.tokenSlug, id));
        synced = text.length;
        yield;
        const verdict = revoke(ref, sender, fates);
        yield;
        write({ ...resultLine({ ref, attempts: 1, at, ...verdict } as TokenResult), run: id });
        yield;
      }
    },
    lose(part: number, canLoseSynced: boolean) {
      const kept = canLoseSynced ? 0 : synced;
      text = text.slice(0, Math.round(text.length - part * (text.length - kept)));
      synced = Math.min(synced, text.length);
    },
  };
}

async function play(rounds: Round[], canLoseSynced: boolean) {
  const world = createWorld();
  let count = 0;
  for (const { processes, turns, lost } of rounds) {
    const runs: { steps: number; lines: Generator<void, void> }[] = [];
    for (const { sender, list, fates, steps } of processes) {
      const { send } = await world.plan(sender, list);
      runs.push({ steps, lines: world.run(send, sender, `run-${count++}`, fates.values()) });
    }
    const advance = (process: (typeof runs)[number]) => process.steps-- > 0 && !process.lines.next().done;
    for (const turn of turns) {
      const process = runs[turn];
      if (process) advance(process);
    }
    for (const process of runs) while (advance(process));
    world.lose(lost, canLoseSynced);
  }
  return world;
}

const roundsOf = (...senders: string[]): fc.Arbitrary<Round[]> => {
  const process = fc.record({
    sender: fc.constantFrom(...senders),
    list: fc.subarray(TOKENS, { minLength: 1 }),
    fates: fc.array(fc.constantFrom(...FATES), { maxLength: 8 }),
    steps: fc.nat(14),
  });
  const round = fc.record({
    processes: fc.array(process, { minLength: 1, maxLength: 2 }),
    turns: fc.array(fc.nat(1), { maxLength: 20 }),
    lost: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
  });
  return fc.array(round, { maxLength: 6 });
};

const UNDISTURBED: Iterator<Fate> = { next: () => ({ done: true, value: undefined }) };

describe("whatever prefix of whatever runs is on disk", () => {
  test("no token that may be active is skipped, and one undisturbed run revokes all", async () => {
    const property = fc.asyncProperty(roundsOf("me", "my-new-key", "stranger"), async (rounds) => {
      const world = await play(rounds, true);
      for (const sender of ["me", "stranger"]) {
        const { send } = await world.plan(sender);
        Array.from(world.run(send, sender, `last-of-${sender}`, UNDISTURBED));
        expect([...world.activeFor(sender)]).toEqual([]);
      }
      await world.plan("my-new-key");
    });
    await fc.assert(property, { numRuns: 400 });
  });

  test("one undisturbed run leaves a proof for each token, if the disk keeps what was synced", async () => {
    const property = fc.asyncProperty(roundsOf("me"), async (rounds) => {
      const world = await play(rounds, false);
      const { send } = await world.plan("me");
      Array.from(world.run(send, "me", "last", UNDISTURBED));
      const { send: left, missing } = await world.plan("me");
      expect(left.filter(({ tokenSlug }) => EXISTING.includes(tokenSlug))).toEqual([]);
      expect(missing).toBe(0);
    });
    await fc.assert(property, { numRuns: 400 });
  });
});
