// What the client must report for every fault that the fake can play: met by the next request only, and met by all.
import { afterEach, describe, expect, test, vi } from "vitest";
import { createKaitenClient, KaitenError, type Outcome } from "../../src/index.js";
import { createFakeKaiten, type FakeKaiten, type Fault } from "../../src/testing/index.js";

const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
const SELF = { serviceAccountSlug: "ci-bot", tokenSlug: "self" };

/** The outcome, and the error unless the call resolves. */
type End = [Outcome, error?: "Problem" | "Response" | "Connection" | "Timeout"];

/** With one retry. */
interface Row {
  /** Where every attempt meets the fault. */
  always: End;
  /** Where only the first attempt does. Without it, no second attempt is made. */
  once?: End;
  /** What `verify` reports where every attempt meets the fault. Absent: it is unknown. */
  verify?: "active";
  /** Whether the API carries out what meets the fault. */
  carriedOut?: true;
}

/** A fault without a row does not compile. */
const ROWS: Record<Fault, Row> = {
  "connection-refused": { always: ["not-revoked", "Connection"], once: ["revoked"] },
  "lost-before-commit": { always: ["unknown", "Connection"], once: ["revoked"] },
  "lost-after-commit": { always: ["unknown", "Connection"], once: ["absent"], carriedOut: true },
  "no-answer-before-commit": { always: ["unknown", "Timeout"], once: ["revoked"] },
  "no-answer-after-commit": { always: ["unknown", "Timeout"], once: ["absent"], carriedOut: true },
  "gateway-403": { always: ["not-revoked", "Response"], once: ["revoked"] },
  "gateway-429": { always: ["not-revoked", "Response"], once: ["revoked"] },
  "login-page": { always: ["unknown", "Response"] },
  "wrong-base-url": { always: ["not-revoked", "Problem"] },
  "hidden-token": { always: ["absent", "Problem"], verify: "active" },
  "api-400": { always: ["not-revoked", "Problem"] },
  "api-422": { always: ["not-revoked", "Problem"] },
  "api-429": { always: ["not-revoked", "Problem"], once: ["revoked"] },
  "api-503": { always: ["unknown", "Problem"], once: ["revoked"] },
  "api-500-before-commit": { always: ["unknown", "Problem"], once: ["revoked"] },
  "api-500-after-commit": { always: ["unknown", "Problem"], once: ["absent"], carriedOut: true },
  // The credential was revoked before: only this replica still accepts it.
  "stale-replica": { always: ["revoked"], verify: "active", carriedOut: true },
};

const rows = Object.entries(ROWS) as [Fault, Row][];

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
  const fake = createFakeKaiten({ tokens: [REF, { ...SELF, secret: credential }], credential });
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
  const [outcome, error] = times === 1 ? (row.once ?? row.always) : row.always;
  expect(end).toEqual(error ? [outcome, `Kaiten${error}Error`] : [outcome]);
}

function expectTruth(fake: FakeKaiten, fault: Fault, times: number, outcome: Outcome): void {
  const { once, carriedOut = false } = ROWS[fault];
  expect(fake.requests).toHaveLength(once ? 2 : 1);
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

test.each(rows)(
  "verify reports no more of %s than it proves, and destroys nothing",
  async (fault, { verify = "unknown" }) => {
    vi.useFakeTimers();
    const fake = await fakeFor(fault);
    const alive = fake.alive();
    fake.play(fault, { times: Number.POSITIVE_INFINITY });
    const verification = clientFor(fake, fault).verify();
    await vi.runAllTimersAsync();
    expect(await verification).toMatchObject({ validity: verify });
    expect(fake.alive()).toEqual(alive);
  },
);

test("verify finds a revoked secret accepted by a stale replica, and refused by the others", async () => {
  const fake = await fakeFor("stale-replica");
  const { verify } = clientFor(fake, "stale-replica");
  fake.play("stale-replica");
  expect(await verify()).toMatchObject({ validity: "active", canRevoke: true });
  expect(await verify()).toMatchObject({ validity: "inactive" });
});
