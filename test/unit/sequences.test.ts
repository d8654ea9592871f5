// Every sequence of up to four attempts, with every option that matters, against a model of the server. The model is
// written from what is known of the API, and shares no code with the library. It leaves out tokens of the platform and of
// ended memberships, which the API answers like absent ones while they live.
import { expect, test } from "vitest";
import { createTransport } from "../../src/call/attempt.js";
import { createCredential } from "../../src/call/credential.js";
import { conclude, openCall } from "../../src/call/revoke.js";
import type { Fetch, FetchResponse, KaitenError, Revocation } from "../../src/index.js";

// Half of the time went into stacks that nobody reads.
Error.stackTraceLimit = 0;

const MOST = 4;
const RETRIES = 3;

/** A world that fits what was seen: whether the token is active, and whether a request of ours revoked it. */
interface World {
  active: boolean;
  byUs: boolean;
}

interface Step {
  answer: () => Promise<FetchResponse>;
  /** The worlds that may follow; none where the server cannot answer so. */
  next: (world: World) => World[];
}

/** What is read of a Response, and no more: a hundred thousand of them would take minutes. */
function answering(status: number, type: string, body: string): () => Promise<FetchResponse> {
  const answer = { status, ok: status < 300, headers: new Headers({ "Content-Type": type }), text: async () => body };
  return async () => answer;
}
const problem = (status: number, code?: string) =>
  answering(status, "application/problem+json", JSON.stringify({ status, code }));
const page = (status: number) => answering(status, "text/html", "<h1>Hello");
const fails = (code?: string) => async () => {
  throw Object.assign(new Error("failed"), code && { code });
};

const unchanged = (world: World) => [world];
const carriedOut = ({ active, byUs }: World): World[] => [{ active: false, byUs: byUs || active }];
/** Nobody knows whether the request was carried out. */
const either = (world: World) => [world, ...carriedOut(world)];

const STEPS: Record<string, Step> = {
  "204": {
    answer: answering(204, "", ""),
    next: (world) => (world.active ? carriedOut(world) : []),
  },
  "404 Token.NotFound": { answer: problem(404, "Token.NotFound"), next: (world) => (world.active ? [] : [world]) },
  "404 NOT_FOUND": { answer: problem(404, "NOT_FOUND"), next: unchanged },
  "404 page": { answer: page(404), next: unchanged },
  "400": { answer: problem(400), next: unchanged },
  "401": { answer: problem(401, "ValidateToken.Invalid"), next: unchanged },
  "403": { answer: problem(403, "Auth.MissingScope"), next: unchanged },
  "403 gateway": { answer: page(403), next: unchanged },
  "408": { answer: page(408), next: either },
  "422": { answer: problem(422), next: unchanged },
  "429": { answer: page(429), next: unchanged },
  "500": { answer: problem(500), next: either },
  "501": { answer: page(501), next: either },
  "503": { answer: page(503), next: either },
  "200": { answer: page(200), next: either },
  "302": { answer: page(302), next: either },
  lost: { answer: fails(), next: either },
  refused: { answer: fails("ECONNREFUSED"), next: unchanged },
};

interface Options {
  ignoreAbsent: boolean;
  maybeRevoked: boolean;
  refreshes: boolean;
}

/** Plays the steps. @returns how the call ended, and how many of them it needed. */
async function play(names: readonly string[], { ignoreAbsent, maybeRevoked, refreshes }: Options) {
  let used = 0;
  const fetch: Fetch = () => {
    const step = STEPS[names[used++] ?? ""];
    if (!step) throw new Error("more attempts than steps");
    return step.answer();
  };
  const token = refreshes
    ? ({ rejected }: { rejected?: string }) => (rejected ? "ksh_fresh" : "ksh_first")
    : "ksh_first";
  const settings = { timeout: 1_000, retries: RETRIES, maxRetryAfter: 0, signal: undefined, onAttempt: undefined };
  const all = { ...settings, ignoreAbsent, maybeRevoked };
  const ref = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
  const transport = createTransport("https://kaiten.example.com/api", fetch, false);
  const call = openCall(transport, createCredential(token)(), ref, all);
  // No time passes between attempts.
  for (let retried = 0; ; ) {
    const { next } = await call.attempt();
    if (next === "refresh" && (await call.refresh())) continue;
    if (next !== "backoff" || retried++ >= RETRIES) break;
  }
  const ended = await (async () => conclude(call.state, ref, all))().then(
    (result) => ({ resolved: true, outcome: (result as Revocation).outcome }),
    (error: KaitenError) => ({ resolved: false, outcome: error.outcome }),
  );
  return { ...ended, used };
}

const OPTIONS: Options[] = [false, true].flatMap((ignoreAbsent) =>
  [false, true].flatMap((maybeRevoked) =>
    [false, true].map((refreshes) => ({ ignoreAbsent, maybeRevoked, refreshes })),
  ),
);

/** Before the call: the token is active, or was revoked by somebody else, or by an earlier attempt of ours. */
const worldsBefore = (maybeRevoked: boolean): World[] => [
  { active: true, byUs: false },
  { active: false, byUs: false },
  ...(maybeRevoked ? [{ active: false, byUs: true }] : []),
];

test("no sequence resolves while the token may be active, nor ends not-revoked while we may have revoked it", {
  timeout: 600_000,
}, async () => {
  let played = 0;
  for (const options of OPTIONS) {
    const walk = async (names: readonly string[], worlds: readonly World[]): Promise<void> => {
      for (const [name, { next }] of Object.entries(STEPS)) {
        const after = worlds.flatMap(next);
        if (after.length === 0) continue;
        const sequence = [...names, name];
        // An option that nothing in the sequence meets changes nothing.
        const isLast = sequence.length === MOST;
        if (isLast && options.refreshes && !sequence.includes("401")) continue;
        if (isLast && options.ignoreAbsent && name !== "404 Token.NotFound") continue;
        // A call that needs more steps has not ended: it goes on with each of them.
        const { resolved, outcome, used } = await play(sequence, options);
        if (used > sequence.length) {
          if (sequence.length < MOST) await walk(sequence, after);
          continue;
        }
        played++;
        const story = `${sequence.join(", ")} with ${JSON.stringify(options)}: ${outcome}`;
        const mayBeActive = after.some(({ active }) => active);
        const mayBeByUs = after.some(({ byUs }) => byUs);
        if (resolved && mayBeActive) expect.fail(`${story}, resolved, but the token may be active`);
        if (outcome === "not-revoked" && mayBeByUs) expect.fail(`${story}, but a request of ours may have revoked it`);
        // Nor is it vaguer than it must be: what is known for sure is said.
        if (outcome === "unknown" && !mayBeByUs) expect.fail(`${story}, but no request of ours can have revoked it`);
        if (outcome === "revoked" && name !== "204") expect.fail(`${story}, without a 204`);
      }
    };
    await walk([], worldsBefore(options.maybeRevoked));
  }
  expect(played).toBeGreaterThan(20_000);
});
