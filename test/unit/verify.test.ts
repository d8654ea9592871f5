// Whether a secret is still accepted: what each answer says, and that nothing is destroyed.
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type ClientOptions,
  createKaitenClient,
  type Fetch,
  type Verification,
  type VerifyOptions,
} from "../../src/index.js";
import { absent, answer, BASE, lost, never, page, problem, refused, type Step, scripted, TOKEN } from "./fake-api.js";

const AT = "2026-11-23T12:00:00.000Z";
const LEAKED = "ksh_leaked-9876543210";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(AT) });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

interface Setup {
  client?: Partial<ClientOptions>;
  secret?: string;
  /** What the client's own credential is answered. */
  control?: Step;
  options?: VerifyOptions;
}

/** The steps answer the secret; its requests are those that are noted. */
function verify(steps: Step | Step[], { client = {}, secret = LEAKED, control = absent(), options }: Setup = {}) {
  const asked = scripted(...[steps].flat());
  const controls = scripted(control);
  const fetch: Fetch = (url, init) => {
    const isSecret = new Headers(init.headers).get("authorization") === `Bearer ${secret}`;
    return (isSecret ? asked : controls).fetch(url, init);
  };
  const kaiten = createKaitenClient({ baseUrl: BASE, token: TOKEN, fetch, ...client });
  const verification = kaiten.verify(secret, options);
  verification.catch(() => {});
  return { requests: asked.requests, controls: controls.requests, verification };
}

/** After whatever time it takes. */
async function verified(...args: Parameters<typeof verify>) {
  const { requests, controls, verification } = verify(...args);
  const settled = Promise.allSettled([verification]);
  await vi.runAllTimersAsync();
  const [{ value, reason }] = (await settled) as [{ value?: Verification; reason?: unknown }];
  return { requests, controls, value: value as Verification, thrown: reason };
}

const ACTIVE = { validity: "active", canRevoke: true };
const POWERLESS = { validity: "active", canRevoke: false };
const INACTIVE = { validity: "inactive" };
const UNKNOWN = { validity: "unknown" };

const redirected = (response: Response) => async () => Object.defineProperty(response, "redirected", { value: true });

describe("what an answer says of the secret", () => {
  test.each<[string, Step, object]>([
    ["404 Token.NotFound", absent(), ACTIVE],
    ["403 Auth.MissingScope", problem(403, { code: "Auth.MissingScope" }), POWERLESS],
    ["403 Auth.UserDeleted", problem(403, { code: "Auth.UserDeleted" }), POWERLESS],
    ["403 Auth.MembershipDeleted", problem(403, { code: "Auth.MembershipDeleted" }), POWERLESS],
    ["401 ValidateToken.Invalid", problem(401, { code: "ValidateToken.Invalid" }), INACTIVE],
    ["401 ValidateToken.Invalid with a type", problem(401, { code: "ValidateToken.Invalid", type: "/x" }), INACTIVE],
    ["401 problem without code and type", problem(401, { title: "No" }), INACTIVE],
    ["401 problem of about:blank", problem(401, { type: "about:blank" }), INACTIVE],
    ["401 problem with a type and no code", problem(401, { type: "/errors#NO" }), UNKNOWN],
    ["401 problem whose code is a number", problem(401, { code: 7 }), UNKNOWN],
    ["401 problem whose code is null", problem(401, { code: null }), UNKNOWN],
    ["401 problem whose type is an object", problem(401, { type: {} }), UNKNOWN],
    [
      "401 ValidateToken.Invalid whose type is null",
      problem(401, { code: "ValidateToken.Invalid", type: null }),
      INACTIVE,
    ],
    ["401 with another code", problem(401, { code: "Auth.MissingAuthorizationHeader" }), UNKNOWN],
    ["401 with the code of another status", problem(401, { code: "Token.NotFound" }), UNKNOWN],
    ["401 page", page(401), UNKNOWN],
    ["404 problem without a code", problem(404, { title: "Not Found" }), UNKNOWN],
    ["404 NOT_FOUND", problem(404, { code: "NOT_FOUND" }), UNKNOWN],
    ["404 with the code of another status", problem(404, { code: "Auth.MissingScope" }), UNKNOWN],
    ["404 page", page(404), UNKNOWN],
    ["404 Token.NotFound to a redirected request", redirected(absent()), UNKNOWN],
    ["403 problem without a code", problem(403), UNKNOWN],
    ["403 with another code", problem(403, { code: "ValidateToken.Invalid" }), UNKNOWN],
    ["403 page of the gateway", page(403), UNKNOWN],
    ["204 to a token that cannot exist", answer(204), UNKNOWN],
    ["200", page(200), UNKNOWN],
    ["302", page(302), UNKNOWN],
    ["400", problem(400), UNKNOWN],
    ["422", problem(422), UNKNOWN],
    ["429", answer(429, "local_rate_limit"), UNKNOWN],
    ["429 problem", problem(429), UNKNOWN],
    ["500", problem(500), UNKNOWN],
    ["503", answer(503), UNKNOWN],
    ["a lost answer", lost(), UNKNOWN],
    ["a refused connection", refused(), UNKNOWN],
    ["no answer in time", never, UNKNOWN],
  ])("%s", async (_, step, finding) => {
    const { value } = await verified(step);
    expect(value).toEqual({
      ...finding,
      reason: expect.stringMatching(/\S/),
      at: expect.any(String),
      traceId: expect.stringMatching(/^[\da-f]{32}$/),
    });
  });

  test("no other status and no other code says anything", async () => {
    const codes = [
      undefined,
      "Token.NotFound",
      "Auth.MissingScope",
      "ValidateToken.Invalid",
      "Auth.MissingAuthorizationHeader",
    ];
    const known: string[] = [];
    for (let status = 200; status < 600; status++) {
      for (const code of codes) {
        const step = [101, 204, 205, 304].includes(status) ? answer(status) : problem(status, { code });
        const { value } = await verified(step, { client: { retries: 0 } });
        if (value.validity !== "unknown") known.push(`${status} ${code} ${value.validity}`);
        else expect(value).not.toHaveProperty("canRevoke");
      }
    }
    expect(known).toEqual([
      "401 undefined inactive",
      "401 ValidateToken.Invalid inactive",
      "403 Auth.MissingScope active",
      "404 Token.NotFound active",
    ]);
  });

  test("is the same in a browser, which may have repeated the request", async () => {
    vi.stubGlobal("navigator", { userAgent: "Mozilla/5.0" });
    expect((await verified(absent())).value).toMatchObject(ACTIVE);
    expect((await verified(problem(401))).value).toMatchObject(INACTIVE);
  });
});

describe("the reason", () => {
  test.each<[string, Step, string]>([
    ["an active secret", absent(), "The API accepts the secret, and it may revoke tokens."],
    [
      "one without the scope",
      problem(403, { code: "Auth.MissingScope" }),
      "The gateway accepts the secret. It may not revoke tokens here (Auth.MissingScope).",
    ],
    [
      "an inactive secret",
      problem(401),
      "The API refused the secret twice, and accepted the client's own credential in between: the secret is revoked, expired, mistyped or of another deployment. Other replicas may accept it for up to five minutes after its revocation.",
    ],
  ])("for %s says so", async (_, step, reason) => {
    expect((await verified(step)).value.reason).toBe(reason);
  });

  const NOTHING = "This says nothing about the secret.";
  test.each<[string, Step, happened: string, advice: string]>([
    [
      "a 204",
      answer(204),
      "Unexpected response 204 (no media type).",
      "The server confirmed the revocation of a token that cannot exist, so none of its answers are proof. Check the base URL: it may lead to a mock or a proxy.",
    ],
    ["a page", page(200), "Unexpected response 200 (text/html).", "This is not the API's answer: check the base URL."],
    [
      "a redirect",
      page(302),
      "Unexpected redirect 302 (text/html).",
      "Redirects are never followed: check the base URL.",
    ],
    [
      "an answer without a status",
      async () => ({ status: 0, ok: false, headers: new Headers(), body: null, text: async () => "" }),
      "Unexpected response without a status (no media type).",
      "This is not the API's answer: check the base URL.",
    ],
    [
      "a redirect that the fetch followed",
      redirected(answer(204)),
      "Unexpected redirect 204 (no media type).",
      "Redirects are never followed: check the base URL.",
    ],
    [
      "the first of the redirects",
      page(300),
      "Unexpected redirect 300 (text/html).",
      "Redirects are never followed: check the base URL.",
    ],
    ["a refusal that is a page", page(400), "Unexpected response 400 (text/html).", ""],
    [
      "a route without DELETE",
      page(405),
      "Unexpected response 405 (text/html).",
      "There may be no API at this base URL: check it.",
    ],
    [
      "a missing identity",
      problem(401, { code: "Auth.MissingAuthorizationHeader", detail: "None." }),
      "The API answered 401 Auth.MissingAuthorizationHeader: None.",
      "No credential arrived. A proxy on the way may remove the Authorization header.",
    ],
    [
      "a 401 that is a page",
      page(401),
      "Unexpected response 401 (text/html).",
      "A gateway refused the credential, as it does with a JWT that has expired: get a new one.",
    ],
    [
      "a gateway's 403",
      answer(403),
      "Unexpected response 403 (no media type).",
      "This 403 comes from a gateway in front of the API, not from the API. Try again later.",
    ],
    [
      "a missing route",
      problem(404, { code: "NOT_FOUND" }),
      "The API answered 404 NOT_FOUND.",
      "There may be no API at this base URL: check it.",
    ],
    [
      "a 404 that is a page",
      page(404),
      "Unexpected response 404 (text/html).",
      "There may be no API at this base URL: check it.",
    ],
    [
      "a gateway's limit",
      answer(429, "slow", { "Content-Type": "text/plain" }),
      'Unexpected response 429 (text/plain, "slow").',
      "Wait a few seconds, then try again.",
    ],
    [
      "the API's limit",
      problem(429, { title: "Too Many Requests" }, { "Retry-After": "7" }),
      "The API answered 429 Too Many Requests.",
      "Wait 7 s, then try again.",
    ],
    ["a slow request", page(408), "Unexpected response 408 (text/html).", "Try again later."],
    ["an outage", problem(500, { title: "Oops" }), "The API answered 500 Oops.", "Try again later."],
    ["an outage of a gateway", page(502), "Unexpected response 502 (text/html).", "Try again later."],
    ["another problem", problem(422, { code: "A.B" }), "The API answered 422 A.B.", ""],
    [
      "a lost answer",
      lost(),
      "The connection failed: fetch failed.",
      "Check the base URL and the network, then try again.",
    ],
    ["a timeout", never, "No complete response within 20 s.", "Try again, or allow a longer timeout."],
  ])("for %s says what happened, what it means and what to do", async (_, step, happened, advice) => {
    const { value } = await verified(step, { client: { retries: 0 } });
    expect(value).toMatchObject({ ...UNKNOWN, reason: `${happened} ${NOTHING} ${advice}`.trim() });
  });

  test.each<[string, Step]>([
    ["a page", page(200)],
    ["a redirect", page(302)],
    ["a missing route", problem(404, { code: "NOT_FOUND" })],
  ])("for %s asks for the path of a base URL that has none", async (_, step) => {
    const { value } = await verified(step, { client: { baseUrl: "https://kaiten.example.com" } });
    expect(value.reason).toMatch(/ Is its path missing, such as \/api\?$/);
  });

  test("has neither the secret nor the client's token in it", async () => {
    const steps: ((secret: string) => Step)[] = [
      (secret) => problem(422, { code: `of ${secret}` }),
      (secret) => problem(422, { title: secret.slice(0, 12) }),
      (secret) => problem(422, { title: secret.slice(4) }, { "Kaiten-TraceId": secret }),
      (secret) => new TypeError("fetch failed", { cause: new Error(`header ${secret}`) }),
    ];
    for (const secret of [LEAKED, TOKEN]) {
      for (const step of steps) {
        const { value } = await verified(step(secret), { secret, client: { retries: 0 } });
        expect(value.reason).toContain("[credential]");
        expect(inspect(value)).not.toContain(secret.slice(4, 14));
      }
    }
  });
});

describe("nothing is destroyed", () => {
  test("each request names an account and a token that cannot exist: random, and of a form that the API accepts", async () => {
    const names: string[] = [];
    for (let call = 0; call < 20; call++) {
      const { requests } = await verified(absent());
      expect(requests).toHaveLength(1);
      expect(requests[0]?.init.method).toBe("DELETE");
      const [, account, token] =
        /\/api\/service-accounts\/([^/]+)\/tokens\/([^/]+)$/.exec(requests[0]?.url ?? "") ?? [];
      names.push(account ?? "", token ?? "");
    }
    for (const name of names) expect(name).toMatch(/^verify-[\da-f]{32}$/);
    expect(new Set(names).size).toBe(40);
  });

  test("the attempts of one call name the same token", async () => {
    const { requests } = await verified([answer(503), lost(), absent()]);
    expect(requests).toHaveLength(3);
    expect(new Set(requests.map(({ url }) => url)).size).toBe(1);
  });
});

describe("a refusal alone proves nothing: an API that cannot reach its database refuses everybody", () => {
  const REFUSED = problem(401, { code: "ValidateToken.Invalid" });
  const ALONE =
    "The API refused the secret, which alone proves nothing: it says the same when it cannot reach its database.";

  test("so the client's own credential is the control, and the secret is refused once more", async () => {
    const { value, requests, controls } = await verified(REFUSED);
    expect(value).toMatchObject(INACTIVE);
    expect(requests).toHaveLength(2);
    expect(controls.map(({ headers }) => headers.get("authorization"))).toEqual([`Bearer ${TOKEN}`]);
    const urls = [...requests, ...controls].map(({ url }) => url);
    expect(new Set(urls).size).toBe(3);
  });

  test("and the control is not sent where the secret is accepted, nor asked of the provider", async () => {
    const token = vi.fn(() => TOKEN);
    for (const step of [absent(), problem(403, { code: "Auth.MissingScope" }), page(401), answer(503)]) {
      const { controls } = await verified(step, { client: { token } });
      expect(controls).toEqual([]);
    }
    expect(token).not.toHaveBeenCalled();
  });

  test.each<[string, Step]>([
    ["is refused, too", REFUSED],
    ["may not revoke", problem(403, { code: "Auth.MissingScope" })],
    ["meets a limit", answer(429)],
    ["meets an outage", problem(500)],
    ["gets no answer", lost()],
    ["is answered by a page", page(404)],
    ["is told that the token is revoked", answer(204)],
  ])("unknown, and why, where the control %s", async (_, control) => {
    const { value, requests } = await verified(REFUSED, { control });
    expect(value).toMatchObject(UNKNOWN);
    expect(value.reason).toMatch(/^The API refused the secret, which alone proves nothing/);
    expect(value.reason).toContain("The control, the same request with the client's own credential, failed: ");
    expect(value).not.toHaveProperty("canRevoke");
    expect(requests).toHaveLength(1);
  });

  test("unknown where the secret is the client's own credential, which is no control of itself", async () => {
    const { value } = await verified(REFUSED, { secret: TOKEN });
    expect(value).toMatchObject(UNKNOWN);
    expect(value.reason).toContain(ALONE);
    // It was refused, and accepted a moment later: then it works.
    const flapping = await verified([REFUSED, absent()], { secret: TOKEN });
    expect(flapping.value.validity).not.toBe("inactive");
    expect(flapping.value.reason).toContain("the client's own credential");
  });

  test("and active where it is accepted the second time", async () => {
    expect((await verified([REFUSED, absent()])).value).toMatchObject(ACTIVE);
    expect((await verified([REFUSED, answer(503), absent()])).value).toMatchObject(ACTIVE);
    expect((await verified([REFUSED, answer(503)], { client: { retries: 0 } })).value).toMatchObject(UNKNOWN);
  });

  test("unknown where the provider gives no control", async () => {
    const client = { token: () => Promise.reject(new Error("vault sealed")) };
    const { value } = await verified(REFUSED, { client });
    expect(value).toMatchObject(UNKNOWN);
    expect(value.reason).toContain("vault sealed");
  });
});

describe("attempts", () => {
  test.each<[string, Step]>([
    ["503", answer(503)],
    ["429", answer(429)],
    ["a gateway's 403", page(403)],
    ["a lost answer", lost()],
  ])("after %s there is another one, up to the client's retries", async (_, step) => {
    expect((await verified([step, absent()])).value).toMatchObject(ACTIVE);
    expect((await verified([step, problem(401)])).value).toMatchObject(INACTIVE);
    expect((await verified(step)).requests).toHaveLength(3);
    expect((await verified(step, { client: { retries: 0 } })).requests).toHaveLength(1);
  });

  test("last as long as the client or the call says", async () => {
    const { value } = await verified(never, { client: { retries: 0, timeout: 70 } });
    expect(value).toMatchObject({
      reason: expect.stringMatching(/^No complete response within 0.07 s\./),
      at: "2026-11-23T12:00:00.070Z",
    });
    const own = await verified(never, { client: { retries: 0, timeout: 70 }, options: { timeout: 30 } });
    expect(own.value.reason).toMatch(/^No complete response within 0.03 s\./);
  });

  test("wait for a Retry-After within the client's limit", async () => {
    const limited = answer(429, "", { "Retry-After": "7" });
    const { requests } = await verified([limited, absent()], { client: { maxRetryAfter: 7_000 } });
    expect((requests[1]?.at ?? 0) - (requests[0]?.at ?? 0)).toBe(7_000);
    expect((await verified([limited, absent()], { client: { maxRetryAfter: 6_999 } })).value).toMatchObject(UNKNOWN);
  });

  test("are not told to the client's observer: they are about no token of the caller", async () => {
    const onAttempt = vi.fn();
    await verified(absent(), { client: { onAttempt } });
    expect(onAttempt).not.toHaveBeenCalled();
  });
});

test("a result has the time and the server's trace id, or none", async () => {
  const traced = await verified(problem(401, {}, { "Kaiten-TraceId": "trace-1" }));
  expect(traced.value).toMatchObject({ at: AT, traceId: "trace-1" });
  const { value } = await verified(problem(401), { client: { traceparent: false } });
  expect(value).not.toHaveProperty("traceId");
});

describe("an abort throws the signal's reason itself", () => {
  const REASON = { why: "a value of the caller" };

  test("before the call, and nothing is sent", async () => {
    const { thrown, requests } = await verified(absent(), { options: { signal: AbortSignal.abort(REASON) } });
    expect(thrown).toBe(REASON);
    expect(requests).toEqual([]);
  });

  test.each<[string, Step, Partial<ClientOptions>]>([
    ["while the request is in flight", never, {}],
    ["while the control is awaited", problem(401), { token: never }],
    ["in the wait between two attempts", answer(503), {}],
  ])("%s", async (_, step, client) => {
    const controller = new AbortController();
    const { verification } = verify(step, { client, options: { signal: controller.signal } });
    await vi.advanceTimersByTimeAsync(0);
    controller.abort(REASON);
    await expect(verification).rejects.toBe(REASON);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a TypeError, and nothing is sent", () => {
  test.each<[unknown, string]>([
    ["ksm_0123456789", "is another kind of secret"],
    ["whsec_0123456789", "is another kind of secret"],
    ["", "is empty"],
    ["Bearer ksh_0123456789", "begins with the word Bearer"],
    ["ksh_0123456789\n", "has white space around it"],
    ["two 0123456789", "has characters that no bearer token has"],
    [null, "is null"],
    [7, "is of type number"],
  ])("for the secret %j, which is not shown", async (secret, fault) => {
    const { thrown, requests } = await verified(absent(), { secret: secret as string });
    expect(thrown).toBeInstanceOf(TypeError);
    expect((thrown as Error).message).toContain(`The secret ${fault}`);
    expect((thrown as Error).message).toContain("cannot be verified here");
    expect((thrown as Error).message).not.toContain("0123456789");
    expect(requests).toEqual([]);
  });

  test("for no secret, as a map may give: it is not the client's own that is meant", async () => {
    const { fetch, requests } = scripted(absent());
    const kaiten = createKaitenClient({ baseUrl: BASE, token: TOKEN, fetch });
    const secret = new Map<string, string>().get("leaked") as string;
    await expect(kaiten.verify(secret)).rejects.toThrow("The secret is of type undefined, not a string");
    expect(requests).toEqual([]);
  });

  test.each<[object | null, string]>([
    [null, "The options must be an object"],
    [{ timeout: 0 }, "timeout must be whole ms"],
    [{ signal: {} }, "signal must be an AbortSignal"],
    [{ retries: 1 }, "There is no option retries. There are: timeout, signal."],
  ])("for the options %j", async (options, fault) => {
    const { thrown, requests } = await verified(absent(), { options: options as VerifyOptions });
    expect(thrown).toBeInstanceOf(TypeError);
    expect((thrown as Error).message).toContain(fault);
    expect(requests).toEqual([]);
  });
});
