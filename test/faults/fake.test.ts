// What the client must report for every fault that the fake can play: met by the next request only, and met by all.
import { afterEach, describe, expect, test, vi } from "vitest";
import { createKaitenClient, KaitenError, type Outcome } from "../../src/index.js";
import { createFakeKaiten, type FakeKaiten, type Fault } from "../../src/testing/index.js";

const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
const SELF = { serviceAccountSlug: "ci-bot", tokenSlug: "self" };

/** With two attempts: the outcome, and the error unless the call resolves. */
type End = [Outcome, error?: "Problem" | "Response" | "Connection" | "Timeout"];

interface Row {
  /** One attempt meets the fault. */
  once: End;
  /** Every attempt meets it. */
  always: End;
  /** Whether a second attempt is made, and so whether `once` differs from `always`. */
  retried: boolean;
  /** Whether the API carries out what meets the fault. */
  carriedOut?: true;
}

/** A fault without a row does not compile. */
const ROWS: Record<Fault, Row> = {
  "connection-refused": { once: ["revoked"], always: ["not-revoked", "Connection"], retried: true },
  "lost-before-commit": { once: ["revoked"], always: ["unknown", "Connection"], retried: true },
  "lost-after-commit": { once: ["absent"], always: ["unknown", "Connection"], retried: true, carriedOut: true },
  "no-answer-before-commit": { once: ["revoked"], always: ["unknown", "Timeout"], retried: true },
  "no-answer-after-commit": { once: ["absent"], always: ["unknown", "Timeout"], retried: true, carriedOut: true },
  "gateway-403": { once: ["revoked"], always: ["not-revoked", "Response"], retried: true },
  "gateway-429": { once: ["revoked"], always: ["not-revoked", "Response"], retried: true },
  "login-page": { once: ["unknown", "Response"], always: ["unknown", "Response"], retried: false },
  "wrong-base-url": { once: ["not-revoked", "Problem"], always: ["not-revoked", "Problem"], retried: false },
  "hidden-token": { once: ["absent", "Problem"], always: ["absent", "Problem"], retried: false },
  "api-400": { once: ["not-revoked", "Problem"], always: ["not-revoked", "Problem"], retried: false },
  "api-422": { once: ["not-revoked", "Problem"], always: ["not-revoked", "Problem"], retried: false },
  "api-429": { once: ["revoked"], always: ["not-revoked", "Problem"], retried: true },
  "api-503": { once: ["revoked"], always: ["unknown", "Problem"], retried: true },
  "api-500-before-commit": { once: ["revoked"], always: ["unknown", "Problem"], retried: true },
  "api-500-after-commit": { once: ["absent"], always: ["unknown", "Problem"], retried: true, carriedOut: true },
  // The credential was revoked before: only this replica still accepts it.
  "stale-replica": { once: ["revoked"], always: ["revoked"], retried: false, carriedOut: true },
};

const rows = Object.entries(ROWS) as [Fault, Row][];

afterEach(() => {
  vi.useRealTimers();
});

/** A fake whose credential has revoked itself where the fault is about that. */
async function fakeFor(fault: Fault): Promise<FakeKaiten> {
  const credential = "ksh_faults-of-the-fake";
  const fake = createFakeKaiten({ tokens: [REF, { ...SELF, secret: credential }], credential });
  if (fault === "stale-replica") {
    await createKaitenClient({
      baseUrl: fake.baseUrl,
      token: credential,
      fetch: fake.fetch,
    }).serviceAccounts.tokens.revoke(SELF);
    fake.requests.length = 0;
  }
  return fake;
}

async function endOf(fake: FakeKaiten, baseUrl: string, fetch?: FakeKaiten["fetch"]): Promise<End> {
  const client = createKaitenClient({ baseUrl, token: fake.credential, fetch, timeout: 1_500, retries: 1 });
  const end: unknown = await client.serviceAccounts.tokens.revoke(REF).catch((error: unknown) => error);
  const { outcome } = end as { outcome: Outcome };
  return end instanceof KaitenError ? [outcome, end.name.slice(6, -5) as End[1] & string] : [outcome];
}

function expectTruth(fake: FakeKaiten, fault: Fault, times: number, [outcome]: End): void {
  const { retried, carriedOut = false } = ROWS[fault];
  expect(fake.requests).toHaveLength(retried ? 2 : 1);
  expect(fake.requests[0]).toMatchObject({ fault, committed: carriedOut });
  const succeeded = retried && times === 1;
  expect(fake.isAlive(REF)).toBe(!(carriedOut || succeeded));
  if (outcome === "revoked") expect(fake.isAlive(REF)).toBe(false);
  if (outcome === "not-revoked") expect(fake.isAlive(REF)).toBe(true);
}

describe.each([
  ["the next request", 1, "once"],
  ["every request", Number.POSITIVE_INFINITY, "always"],
] as const)("played to %s,", (_, times, when) => {
  test.each(rows)("%s is reported as it is", async (fault, row) => {
    vi.useFakeTimers();
    const fake = await fakeFor(fault);
    fake.play(fault, { times });
    const ended = endOf(fake, fake.baseUrl, fake.fetch);
    await vi.runAllTimersAsync();
    const end = await ended;
    expect(end).toEqual(row[when]);
    expectTruth(fake, fault, times, end);
  });

  // The socket of a refused connection was accepted first: to a real client it is a lost one.
  const overSockets = rows.map(
    ([fault, row]) => [fault, fault === "connection-refused" ? ROWS["lost-before-commit"] : row] as const,
  );
  test.concurrent.each(overSockets)("%s is reported as it is over real sockets", async (fault, row) => {
    const fake = await fakeFor(fault);
    await using server = await fake.listen();
    fake.play(fault, { times });
    const end = await endOf(fake, server.url);
    expect(end).toEqual(row[when]);
    expectTruth(fake, fault, times, end);
  });
});
