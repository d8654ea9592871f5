// What the client must report for every fault that the fake can play: met by the next request only, and met by all.
import { afterEach, describe, expect, test, vi } from "vitest";
import { createKaitenClient, KaitenError, type Outcome } from "../../src/index.js";
import { createFakeKaiten, type FakeKaiten, type Fault } from "../../src/testing/index.js";

const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
const SELF = { serviceAccountSlug: "ci-bot", tokenSlug: "self" };

const LEAKED = "ksh_leaked-secret-of-another";

/** The outcome, and the error unless the call resolves. */
type End = [Outcome, error?: "Problem" | "Response" | "Connection" | "Timeout"];

/** With one retry. */
interface Row {
  /** Where every request meets the fault that can. */
  always: End;
  /** Where only the first attempt does, and a second is made. */
  once?: End;
  /** Where only the first attempt does, and no second is made. Absent: as `always`. */
  first?: End;
  /** What `verify` reports of a living secret where every attempt meets the fault. Absent: it is unknown. */
  verify?: "active";
  /** Whether the API carries out what meets the fault. */
  carriedOut?: true;
}

/** A fault without a row does not compile. The record can be read unless the fault says otherwise. */
const ROWS: Record<Exclude<Fault, "record-unreadable">, Row> = {
  "connection-refused": { always: ["not-revoked", "Connection"], once: ["revoked"] },
  "lost-before-commit": { always: ["unknown", "Connection"], once: ["revoked"] },
  "lost-after-commit": { always: ["revoked"], once: ["revoked"], carriedOut: true },
  "no-answer-before-commit": { always: ["unknown", "Timeout"], once: ["revoked"] },
  "no-answer-after-commit": { always: ["revoked"], once: ["revoked"], carriedOut: true },
  "sent-twice": { always: ["revoked"], carriedOut: true, verify: "active" },
  "gateway-403": { always: ["not-revoked", "Response"], once: ["revoked"] },
  "gateway-429": { always: ["not-revoked", "Response"], once: ["revoked"] },
  "jwt-expired": { always: ["not-revoked", "Response"] },
  "login-page": { always: ["unknown", "Response"] },
  "wrong-base-url": { always: ["not-revoked", "Problem"] },
  "hidden-token": { always: ["absent", "Problem"], verify: "active" },
  // Met by the DELETE alone, it contradicts the record.
  "membership-ended": { always: ["absent", "Problem"], first: ["unknown", "Problem"], verify: "active" },
  "database-down": { always: ["not-revoked", "Problem"] },
  "api-400": { always: ["not-revoked", "Problem"] },
  "api-422": { always: ["not-revoked", "Problem"] },
  "api-429": { always: ["not-revoked", "Problem"], once: ["revoked"] },
  "api-503": { always: ["unknown", "Problem"], once: ["revoked"] },
  "api-500-before-commit": { always: ["unknown", "Problem"], once: ["revoked"] },
  "api-500-after-commit": { always: ["revoked"], once: ["revoked"], carriedOut: true },
  // The credential was revoked before: only this replica still accepts it.
  "stale-replica": { always: ["revoked"], verify: "active", carriedOut: true },
};

const rows = Object.entries(ROWS) as [keyof typeof ROWS, Row][];

afterEach(() => {
  vi.useRealTimers();
});

function clientFor(fake: FakeKaiten, fault: Fault, baseUrl?: string) {
  const sender = baseUrl === undefined ? { baseUrl: fake.baseUrl, fetch: fake.fetch } : { baseUrl };
  const timeout = fault.startsWith("no-answer") ? 1_000 : 20_000;
  return createKaitenClient({ ...sender, token: fake.credential, timeout, retries: 1 });
}

/** A fake whose credential has revoked itself where the fault is about that. */
async function fakeFor(fault: Fault): Promise<FakeKaiten> {
  const credential = "ksh_faults-of-the-fake";
  const fake = createFakeKaiten({
    tokens: [REF, { ...SELF, secret: credential }, { ...SELF, tokenSlug: "leaked", secret: LEAKED }],
    credential,
  });
  if (fault === "stale-replica") {
    await clientFor(fake, fault).serviceAccounts.tokens.revoke(SELF);
    fake.requests.length = 0;
  }
  return fake;
}

async function endOf(fake: FakeKaiten, fault: Fault, baseUrl?: string): Promise<[Outcome, error?: string]> {
  const { revoke } = clientFor(fake, fault, baseUrl).serviceAccounts.tokens;
  const end = await revoke(REF).catch((error: KaitenError) => error);
  return end instanceof KaitenError ? [end.outcome, end.name] : [end.outcome];
}

function expectEnd(end: [Outcome, error?: string], row: Row, times: number): void {
  const [outcome, error] = times === 1 ? (row.once ?? row.first ?? row.always) : row.always;
  expect(end).toEqual(error ? [outcome, `Kaiten${error}Error`] : [outcome]);
}

function expectTruth(fake: FakeKaiten, fault: keyof typeof ROWS, times: number, outcome: Outcome): void {
  const { once, carriedOut = false } = ROWS[fault];
  expect(fake.requests.filter(({ method }) => method === "DELETE")).toHaveLength(once ? 2 : 1);
  expect(fake.requests[0]).toMatchObject({ fault, committed: carriedOut });
  expect(fake.isAlive(REF)).toBe(!carriedOut && !(once && times === 1));
  if (outcome === "revoked") expect(fake.isAlive(REF)).toBe(false);
  if (outcome === "not-revoked") expect(fake.isAlive(REF)).toBe(true);
}

describe.each([
  ["the next request", 1],
  ["every request", Number.POSITIVE_INFINITY],
])("met by %s,", (_, times) => {
  test.each(rows)("%s is reported as it is", async (fault, row) => {
    vi.useFakeTimers();
    const fake = await fakeFor(fault);
    fake.play(fault, { times });
    const ended = endOf(fake, fault);
    await vi.runAllTimersAsync();
    const end = await ended;
    expectEnd(end, row, times);
    expectTruth(fake, fault, times, end[0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.concurrent.each(rows)("%s is reported as it is over real sockets", async (fault, row) => {
    const fake = await fakeFor(fault);
    const server = await fake.listen();
    fake.play(fault, { times });
    // Not onTestFinished(): tests that run at the same time share it.
    const end = await endOf(fake, fault, server.url).finally(server.close);
    // A connection that was accepted cannot be refused: it is lost.
    expectEnd(end, fault === "connection-refused" ? ROWS["lost-before-commit"] : row, times);
    expectTruth(fake, fault, times, end[0]);
  });
});

test.each<[Fault, End]>([
  ["lost-after-commit", ["unknown", "Connection"]],
  ["api-500-after-commit", ["unknown", "Problem"]],
  ["sent-twice", ["absent", "Problem"]],
])("where the record cannot be read, only answers decide: after %s %j", async (fault, end) => {
  vi.useFakeTimers();
  const fake = await fakeFor(fault);
  fake.play("record-unreadable", { times: Number.POSITIVE_INFINITY });
  fake.play(fault, { times: Number.POSITIVE_INFINITY });
  const ended = endOf(fake, fault);
  await vi.runAllTimersAsync();
  const [outcome, error] = end;
  expect(await ended).toEqual([outcome, `Kaiten${error}Error`]);
  expect(fake.isAlive(REF)).toBe(false);
  expect(fake.requests.some(({ method, answered }) => method === "GET" && answered === 500)).toBe(true);
});

test.each(rows)(
  "verify reports no more of %s than it proves, and destroys nothing",
  async (fault, { verify = "unknown" }) => {
    vi.useFakeTimers();
    const fake = await fakeFor(fault);
    const alive = fake.alive();
    fake.play(fault, { times: Number.POSITIVE_INFINITY });
    // Where the fault is about a revoked secret, that is the client's own.
    const secret = fault === "stale-replica" ? fake.credential : LEAKED;
    const verification = clientFor(fake, fault).verify(secret);
    await vi.runAllTimersAsync();
    expect(await verification).toMatchObject({ validity: verify });
    expect(fake.alive()).toEqual(alive);
  },
);

test("verify finds a revoked secret accepted by a stale replica, and refused by the others", async () => {
  const fake = createFakeKaiten({ tokens: [{ ...SELF, secret: LEAKED }] });
  const { serviceAccounts, verify } = clientFor(fake, "stale-replica");
  await serviceAccounts.tokens.revoke(SELF);
  fake.play("stale-replica");
  expect(await verify(LEAKED)).toMatchObject({ validity: "active", canRevoke: true });
  expect(await verify(LEAKED)).toMatchObject({ validity: "inactive" });
});
