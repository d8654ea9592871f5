// Every sequence of up to four attempts, and every record after it, against a model of the server. The model is written from
// what is known of the API, and shares no code with the library. It leaves out tokens of the platform and of ended
// memberships, which the API answers like absent ones while they live.
import { expect, test, vi } from "vitest";
import { createTransport } from "../../src/call/attempt.js";
import { createCredential } from "../../src/call/credential.js";
import { revoke } from "../../src/call/revoke.js";
import type { Fetch, FetchResponse, KaitenError, Revocation } from "../../src/index.js";
import { account, BASE, entry, REF, REVOKED_AT } from "./fake-api.js";

// No time passes between attempts, nor between reads.
vi.mock("../../src/call/retry.js", () => ({ backoff: () => 0, retryDelay: () => 0 }));
vi.mock("../../src/call/deadline.js", async (original) => ({ ...(await original<object>()), pause: async () => {} }));

// Half of the time went into stacks that nobody reads.
Error.stackTraceLimit = 0;

const MOST = 4;

/** A world that fits what was seen. */
interface World {
  token: "active" | "revoked" | "none";
  /** Whether a request of ours revoked it. */
  byUs: boolean;
  /** Whether a request of ours is still under way, and may yet revoke it. */
  pending: boolean;
}

type Answer = () => Promise<FetchResponse>;

interface Step {
  answer: Answer;
  /** The worlds that may follow; none where the server cannot answer so. */
  next: (world: World) => World[];
}

/** What is read of a Response, and no more: a hundred thousand of them would take minutes. */
function answering(status: number, type: string, body: string, more: Partial<FetchResponse> = {}): Answer {
  const headers = new Headers({ "Content-Type": type, ...(more.type && { Age: more.type }) });
  const answer = { status, ok: status < 300, headers, text: async () => body, repeated: more.repeated ?? false };
  return async () => answer;
}
const problem = (status: number, code?: string, repeated = false) =>
  answering(status, "application/problem+json", JSON.stringify({ status, code }), { repeated });
const page = (status: number, repeated = false) => answering(status, "text/html", "<h1>Hello", { repeated });
const fails = (code?: string) => async () => {
  throw Object.assign(new Error("failed"), code && { code });
};

const unchanged = (world: World) => [world];
const carriedOut = (world: World): World[] => [
  world.token === "active" ? { token: "revoked", byUs: true, pending: false } : world,
];
/** Nobody knows whether the request was carried out, or will be. */
const either = (world: World) => [world, ...carriedOut(world), { ...world, pending: world.token === "active" }];
const onlyIf = (isActive: boolean, next: Step["next"]) => (world: World) =>
  (world.token === "active") === isActive ? next(world) : [];

const STEPS: Record<string, Step> = {
  "204": { answer: answering(204, "", ""), next: onlyIf(true, carriedOut) },
  "404 Token.NotFound": { answer: problem(404, "Token.NotFound"), next: onlyIf(false, unchanged) },
  "404 NOT_FOUND": { answer: problem(404, "NOT_FOUND"), next: unchanged },
  "404 page": { answer: page(404), next: unchanged },
  "401": { answer: problem(401, "ValidateToken.Invalid"), next: unchanged },
  "403": { answer: problem(403, "Auth.MissingScope"), next: unchanged },
  "403 gateway": { answer: page(403), next: unchanged },
  "408": { answer: page(408), next: either },
  "422": { answer: problem(422), next: unchanged },
  "429": { answer: page(429), next: unchanged },
  "499": { answer: page(499), next: either },
  "500": { answer: problem(500), next: either },
  "501": { answer: page(501), next: either },
  "503": { answer: page(503), next: either },
  "200": { answer: page(200), next: either },
  "302": { answer: page(302), next: either },
  lost: { answer: fails(), next: either },
  refused: { answer: fails("ECONNREFUSED"), next: unchanged },
  // Sent twice unseen: the answer is that to the second request, and the first one may have been carried out.
  "twice, 204": { answer: answering(204, "", "", { repeated: true }), next: onlyIf(true, carriedOut) },
  "twice, 404 Token.NotFound": { answer: problem(404, "Token.NotFound", true), next: carriedOut },
  "twice, 401": { answer: problem(401, "ValidateToken.Invalid", true), next: either },
  "twice, 422": { answer: problem(422, undefined, true), next: either },
  "twice, 429": { answer: page(429, true), next: either },
};

/** Of those after which a call goes on, one of each kind: what came before the last four differs in nothing else. */
const GOES_ON = ["401", "429", "lost", "refused", "twice, 401", "twice, 429"];

const json = (body: object, age?: string) =>
  answering(200, "application/json", JSON.stringify(body), age === undefined ? {} : { type: age });
const REVOKED = account([entry(REF.tokenSlug, { revokedAt: REVOKED_AT })]);

/** What a read of the record is answered with: the truth, nothing, or what a cache kept of another world. */
const RECORDS: Record<string, { answer: Answer; fits: (world: World) => boolean }> = {
  unreadable: { answer: problem(403, "Auth.MissingScope"), fits: () => true },
  revoked: { answer: json(REVOKED), fits: ({ token }) => token === "revoked" },
  active: { answer: json(account([entry(REF.tokenSlug)])), fits: ({ token }) => token === "active" },
  none: { answer: json(account([entry("other")])), fits: ({ token }) => token === "none" },
  "revoked, with an Age": { answer: json(REVOKED, "7"), fits: () => true },
};

/** Plays the steps, then the record. @returns how the call ended, how many steps it needed, and how often it read. */
async function play(names: readonly string[], record: Answer, refreshes: boolean) {
  let used = 0;
  let reads = 0;
  const fetch: Fetch = async (_, { method }) => {
    if (method === "GET") {
      reads++;
      return record();
    }
    const step = STEPS[names[used++] ?? ""];
    if (!step) throw new Error("more attempts than steps");
    return step.answer();
  };
  const token = refreshes
    ? ({ rejected }: { rejected?: string }) => (rejected ? "ksh_fresh" : "ksh_first")
    : "ksh_first";
  const settings = { timeout: 1_000, retries: MOST - 1, maxRetryAfter: 0, signal: undefined, onAttempt: undefined };
  const transport = createTransport(BASE, { fetch, headers: {}, trace: false });
  const ended = await revoke(transport, createCredential(token, [])(), REF, settings).then(
    (result: Revocation) => ({ resolved: true, outcome: result.outcome as string }),
    (error: KaitenError) => ({ resolved: false, outcome: error.outcome as string }),
  );
  return { ...ended, used, reads };
}

const distinct = (worlds: World[]): World[] => [
  ...new Map(worlds.map((world) => [JSON.stringify(world), world])).values(),
];

/** What is under way may be carried out meanwhile. */
const later = (worlds: World[]): World[] =>
  distinct(worlds.flatMap((world) => (world.pending ? [world, ...carriedOut(world)] : [world])));

/** Before the call, the token is active, was revoked by somebody else, or never was. */
const BEFORE: World[] = (["active", "revoked", "none"] as const).map((token) => ({
  token,
  byUs: false,
  pending: false,
}));

/** @returns what is false in how a call ended, given all worlds that fit what was seen. */
function faultOf(outcome: string, resolved: boolean, seen: { worlds: World[]; last: string; record: string }) {
  const mayBeByUs = seen.worlds.some(({ byUs, pending }) => byUs || pending);
  if (resolved && seen.worlds.some(({ token }) => token === "active")) return "resolved, but the token may be active";
  if (outcome === "not-revoked" && mayBeByUs) return "but a request of ours may revoke it";
  if (outcome === "absent" && seen.record !== "none" && seen.worlds.some(({ token }) => token === "active"))
    return "but it may be there";
  // Nor is it vaguer than it must be: what is known for sure is said.
  if (outcome === "unknown" && !mayBeByUs) return "but no request of ours can revoke it";
  if (seen.record === "revoked" && outcome !== "revoked") return "but the record says that it is revoked";
  if (seen.record === "none" && outcome !== "absent") return "but the record has none";
  if (outcome === "revoked" && !seen.last.endsWith("204") && seen.record !== "revoked")
    return "without a 204 or a record";
  if (resolved !== (outcome === "revoked")) return "resolved for another outcome";
  return undefined;
}

test("no sequence claims what is false in a world that fits what was seen, nor less than is known", async () => {
  let played = 0;
  const goingOn = new Set<string>();
  for (const refreshes of [false, true]) {
    const walk = async (names: readonly string[], worlds: readonly World[]): Promise<void> => {
      for (const [name, { next }] of Object.entries(STEPS)) {
        const after = later(worlds.flatMap(next));
        if (after.length === 0) continue;
        const sequence = [...names, name];
        // A provider that nothing in the sequence asks for another token changes nothing.
        const isLast = sequence.length === MOST;
        if (isLast && refreshes && !sequence.some((step) => step.endsWith("401"))) continue;
        for (const [record, { answer, fits }] of Object.entries(RECORDS)) {
          // What ends a call at once was played with every record after fewer attempts.
          if (isLast && record !== "unreadable" && !goingOn.has(name)) continue;
          const fitting = after.filter(fits);
          if (fitting.length === 0) continue;
          // A call that needs more steps has not ended: it goes on with each of them.
          const { resolved, outcome, used, reads } = await play(sequence, answer, refreshes);
          if (used > sequence.length) {
            goingOn.add(name);
            if (!isLast && GOES_ON.includes(name)) await walk(sequence, after);
            break;
          }
          played++;
          const seen = {
            worlds: reads > 0 ? later(fitting) : after,
            last: name,
            record: reads > 0 ? record : "not read",
          };
          const fault = faultOf(outcome, resolved, seen);
          const story = `${sequence.join(", ")}${refreshes ? " with a provider" : ""}, record ${seen.record}`;
          if (fault) expect.fail(`${story}: ${outcome}, ${fault}`);
          if (reads === 0) break;
        }
      }
    };
    await walk([], BEFORE);
  }
  expect(played).toBeGreaterThan(7_000);
});
