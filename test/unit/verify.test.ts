// Whether a secret is still accepted: what each answer says, with the client's own credential as the control of a refusal,
// and that nothing is destroyed.
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openClient } from "../../src/client.js";
import { type ClientOptions, createKaitenClient, type Verification, type VerifyOptions } from "../../src/index.js";
import { absent, answer, BASE, lost, never, page, problem, refused, type Step, TOKEN } from "./fake-api.js";

const AT = "2026-11-23T12:00:00.000Z";
const LEAKED = "ksh_leaked-9876543210";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(AT) });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

type Steps = Step | readonly Step[];

interface Setup {
  client?: Partial<ClientOptions>;
  secret?: string;
  options?: VerifyOptions | undefined;
  /** What the control is answered, in turn. */
  control?: Steps;
}

interface Sent {
  url: string;
  method: string | undefined;
  secret: string;
  at: number;
}

/** An API that answers each credential in turn, the last answer again and again. */
function api(answers: (secret: string) => Steps) {
  const requests: Sent[] = [];
  const fetch: NonNullable<ClientOptions["fetch"]> = async (url, init) => {
    const secret = new Headers(init.headers).get("authorization")?.slice("Bearer ".length) ?? "";
    requests.push({ url, method: init.method, secret, at: Date.now() });
    const steps = [answers(secret)].flat() as Step[];
    const step = steps[Math.min(requests.filter((sent) => sent.secret === secret).length, steps.length) - 1];
    if (step instanceof Error) throw step;
    return step instanceof Response ? step.clone() : (step as (init: RequestInit) => Promise<Response>)(init);
  };
  return { fetch, requests };
}

function verify(steps: Steps, { client = {}, secret = LEAKED, options, control = absent() }: Setup = {}) {
  const { fetch, requests } = api((sent) => (sent === secret ? steps : control));
  const kaiten = createKaitenClient({ baseUrl: BASE, token: TOKEN, fetch, ...client });
  const verification = kaiten.verify(secret, options);
  verification.catch(() => {});
  return { requests, verification };
}

/** After whatever time it takes. */
async function verified(...args: Parameters<typeof verify>) {
  const { requests, verification } = verify(...args);
  const settled = Promise.allSettled([verification]);
  await vi.runAllTimersAsync();
  const [{ value, reason }] = (await settled) as [{ value?: Verification; reason?: unknown }];
  return { requests, value: value as Verification, thrown: reason, secrets: requests.map(({ secret }) => secret) };
}

const ACTIVE = { validity: "active", canRevoke: true };
const POWERLESS = { validity: "active", canRevoke: false };
const INACTIVE = { validity: "inactive" };
const UNKNOWN = { validity: "unknown" };
const invalid = () => problem(401, { code: "ValidateToken.Invalid" });

const redirected = (response: Response) => async () => Object.defineProperty(response, "redirected", { value: true });

describe("what an answer says of the secret, whose control is accepted", () => {
  test.each<[string, Step, object]>([
    ["404 Token.NotFound", absent(), ACTIVE],
    ["403 Auth.MissingScope", problem(403, { code: "Auth.MissingScope" }), POWERLESS],
    ["403 Auth.UserDeleted", problem(403, { code: "Auth.UserDeleted" }), POWERLESS],
    ["403 Auth.MembershipDeleted", problem(403, { code: "Auth.MembershipDeleted" }), POWERLESS],
    ["401 ValidateToken.Invalid", invalid(), INACTIVE],
    ["401 ValidateToken.Invalid with a type", problem(401, { code: "ValidateToken.Invalid", type: "/x" }), INACTIVE],
    ["401 problem without code and type", problem(401, { title: "No" }), INACTIVE],
    ["401 problem of about:blank", problem(401, { type: "about:blank" }), INACTIVE],
    ["401 problem with a type and no code", problem(401, { type: "/errors#NO" }), UNKNOWN],
    ["401 problem whose code is a number", problem(401, { code: 7 }), UNKNOWN],
    ["401 problem whose code is null", problem(401, { code: null }), UNKNOWN],
    ["401 problem whose type is an object", problem(401, { type: {} }), UNKNOWN],
    ["401 with another code", problem(401, { code: "Auth.MissingAuthorizationHeader" }), UNKNOWN],
    ["401 page", page(401), UNKNOWN],
    ["404 problem without a code", problem(404, { title: "Not Found" }), UNKNOWN],
    ["404 page", page(404), UNKNOWN],
    ["404 Token.NotFound to a redirected request", redirected(absent()), UNKNOWN],
    ["403 page of the gateway", page(403), UNKNOWN],
    ["204 to a token that cannot exist", answer(204), UNKNOWN],
    ["200", page(200), UNKNOWN],
    ["302", page(302), UNKNOWN],
    ["429", answer(429, "local_rate_limit"), UNKNOWN],
    ["503", answer(503), UNKNOWN],
    ["a lost answer", lost(), UNKNOWN],
    ["a refused connection", refused(), UNKNOWN],
    ["no answer in time", never, UNKNOWN],
  ])("%s", async (_, step, finding) => {
    const { value } = await verified(step);
    expect(value).toEqual({
      ...finding,
      ...{
        reason: expect.stringMatching(/\S/),
        at: expect.any(String),
        traceId: expect.stringMatching(/^[\da-f]{32}$/),
      },
    });
  });

  test("no other status and no other code says anything", async () => {
    const codes = [
      undefined,
      "Token.NotFound",
      "Auth.MissingScope",
      "ValidateToken.Invalid",
      "ServiceAccount.NotFound",
    ];
    const known: string[] = [];
    for (let status = 200; status < 600; status++) {
      for (const code of codes) {
        const step = [204, 205, 304].includes(status) ? answer(status) : problem(status, { code });
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

describe("a refusal counts only beside a control that is accepted", () => {
  const ALONE =
    "The API refused the secret, which alone proves nothing: it says the same when it cannot reach its database.";
  const failed = (why: string) =>
    `${ALONE} The control, the same request with the client's own credential, failed: ${why} Use one that may revoke tokens, or try again later.`;

  test("then the secret is asked about once more: refused twice, it is inactive", async () => {
    const { value, secrets, requests } = await verified(invalid());
    expect(value).toMatchObject(INACTIVE);
    expect(value.reason).toBe(
      "The API refused the secret twice, and accepted the client's own credential in between: the secret is revoked, expired, mistyped or of another deployment. Other replicas may accept it for up to five minutes after its revocation.",
    );
    expect(secrets).toEqual([LEAKED, TOKEN, LEAKED]);
    // Each question is about another token that cannot exist.
    expect(new Set(requests.map(({ url }) => url)).size).toBe(3);
  });

  test.each<[string, Step, object]>([
    ["accepted", absent(), ACTIVE],
    ["not clear", page(502), UNKNOWN],
    ["a gateway's 401", page(401), UNKNOWN],
  ])("the second answer counts: %s", async (_, step, finding) => {
    const { value } = await verified([invalid(), step], { client: { retries: 0 } });
    expect(value).toMatchObject(finding);
  });

  test.each<[string, Step, string]>([
    ["the API refuses everybody, since its database is down", invalid(), "it was refused, too."],
    ["it may not revoke tokens", problem(403, { code: "Auth.MissingScope" }), "it may not revoke tokens."],
    ["its membership has ended", problem(403, { code: "Auth.MembershipDeleted" }), "it may not revoke tokens."],
    [
      "it expired, to the gateway",
      page(401),
      "Unexpected response 401 (text/html). This says nothing about the secret. A gateway refused it before the API saw it, as it does with a JWT that has expired.",
    ],
    [
      "the server confirms whatever it is asked",
      answer(204),
      "Unexpected response 204 (no media type). This says nothing about the secret. The server confirmed the revocation of a token that cannot exist, so none of its answers are proof. Check the base URL: it may lead to a mock or a proxy.",
    ],
  ])("the control fails: %s", async (_, step, why) => {
    const { value, secrets } = await verified(invalid(), { control: step, client: { retries: 0 } });
    expect(value).toMatchObject({ ...UNKNOWN, reason: failed(why) });
    expect(secrets).toEqual([LEAKED, TOKEN]);
  });

  test("the control's provider may replace a refused token, and may fail", async () => {
    const token = ({ rejected }: { rejected?: string }) => (rejected ? "fresh-token" : "stale-token");
    const { fetch, requests } = api((secret) => (secret === "fresh-token" ? absent() : invalid()));
    const { value, thrown } = await verified([], { client: { token, fetch } });
    expect([value, thrown]).toMatchObject([INACTIVE, undefined]);
    expect(requests.map(({ secret }) => secret)).toEqual([LEAKED, "stale-token", "fresh-token", LEAKED]);
    const sealed = { client: { token: () => Promise.reject(new Error("vault sealed")) } };
    expect((await verified(invalid(), sealed)).value).toMatchObject({
      ...UNKNOWN,
      reason: failed(
        "The token provider failed: vault sealed. This says nothing about the secret. Nothing was sent: the token provider must return a token.",
      ),
    });
  });

  test("the control cannot be the secret itself", async () => {
    const own = `${ALONE} The secret is the client's own credential: another one is needed as its control.`;
    const fixed = await verified(invalid(), { secret: TOKEN });
    expect(fixed.value).toMatchObject({ ...UNKNOWN, reason: own });
    expect(new Set(fixed.secrets)).toEqual(new Set([TOKEN]));
    const provided = await verified(invalid(), { secret: "from-the-vault", client: { token: () => "from-the-vault" } });
    expect(provided.value).toMatchObject({ ...UNKNOWN, reason: own });
    expect((await verified(absent(), { secret: TOKEN })).value).toMatchObject(ACTIVE);
  });

  test("a control is not asked where it is not needed", async () => {
    const token = vi.fn(() => TOKEN);
    for (const step of [absent(), page(401), answer(503)]) {
      const { secrets } = await verified(step, { client: { token, retries: 0 } });
      expect(secrets).toEqual([LEAKED]);
    }
    expect(token).not.toHaveBeenCalled();
  });

  test("one control serves many secrets, in their order", async () => {
    const answers: Record<string, Steps> = {
      "secret-alive": absent(),
      "secret-revoked": invalid(),
      "secret-cached": [invalid(), absent()],
      "secret-unclear": page(502),
      [TOKEN]: [invalid(), absent()],
    };
    const { fetch, requests } = api((secret) => answers[secret] ?? absent());
    const { verifyMany } = openClient({ baseUrl: BASE, token: TOKEN, fetch, retries: 0 });
    const found = await verifyMany(["secret-alive", "secret-revoked", "secret-cached", "secret-unclear"]);
    expect(found.map(({ validity }) => validity)).toEqual(["active", "unknown", "unknown", "unknown"]);
    // The control was refused once; asked again, it is accepted.
    const again = await verifyMany(["secret-alive", "secret-revoked", TOKEN, "secret-unclear"]);
    expect(again.map(({ validity }) => validity)).toEqual(["active", "inactive", "active", "unknown"]);
    expect(requests.filter(({ secret }) => secret === TOKEN)).toHaveLength(3);
    const twenty = Array.from({ length: 20 }, (_, index) => `secret-number-${index}`);
    expect(await verifyMany(twenty)).toMatchObject(Array(20).fill(ACTIVE));
    expect(await verifyMany([])).toEqual([]);
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
  ])("for %s says so", async (_, step, reason) => {
    expect((await verified(step)).value.reason).toBe(reason);
  });

  const NOTHING = "This says nothing about the secret.";
  // What is said of an answer is that of any call.
  test.each<[string, Step, happened: string, advice: string]>([
    [
      "a 204",
      answer(204),
      "Unexpected response 204 (no media type).",
      " The server confirmed the revocation of a token that cannot exist, so none of its answers are proof. Check the base URL: it may lead to a mock or a proxy.",
    ],
    [
      "a redirect that the fetch followed",
      redirected(answer(204)),
      "Unexpected redirect 204 (no media type).",
      " Redirects are never followed: check the base URL.",
    ],
    ["a page", page(200), "Unexpected response 200 (text/html).", " This is not the API's answer: check the base URL."],
    ["another problem", problem(422, { code: "A.B" }), "The API answered 422 A.B.", ""],
    [
      "a lost answer",
      lost(),
      "The connection failed: fetch failed.",
      " Check the base URL and the network, then try again.",
    ],
    ["a timeout", never, "No complete response within 20 s.", " Try again, or allow a longer timeout."],
  ])("for %s says what happened, what it means and what to do", async (_, step, happened, advice) => {
    const { value } = await verified(step, { client: { retries: 0 } });
    expect(value).toMatchObject({ ...UNKNOWN, reason: `${happened} ${NOTHING}${advice}` });
  });

  test("has neither the secret nor the client's token in it", async () => {
    for (const part of [LEAKED, LEAKED.slice(0, 12), LEAKED.slice(4)]) {
      for (const step of [
        problem(422, { code: `of ${part}` }, { "Kaiten-TraceId": part }),
        new TypeError("fetch failed", { cause: new Error(`header ${part}`) }),
      ]) {
        const asked = await verified(step, { client: { retries: 0 } });
        const ofControl = await verified(invalid(), { control: step, client: { retries: 0 } });
        for (const { value } of [asked, ofControl]) {
          expect(value.reason).toContain("[credential]");
          expect(inspect(value)).not.toContain(part.slice(0, 12));
        }
      }
    }
    for (const token of [TOKEN, () => TOKEN]) {
      const steps = [invalid(), problem(422, { code: `of ${TOKEN}` }, { "Kaiten-TraceId": TOKEN })];
      const { value } = await verified(steps, { client: { token } });
      expect(value).toMatchObject({ validity: "unknown", traceId: "[credential]" });
      expect(value.reason).toContain("[credential]");
      expect(inspect(value)).not.toContain(TOKEN);
    }
  });
});

describe("nothing is destroyed", () => {
  test("each request names an account and a token that cannot exist: random, and of a form that the API accepts", async () => {
    const names: string[] = [];
    for (let call = 0; call < 20; call++) {
      const { requests } = await verified(absent());
      expect(requests).toHaveLength(1);
      expect(requests[0]?.method).toBe("DELETE");
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

describe("attempts", () => {
  test.each<[string, Step]>([
    ["503", answer(503)],
    ["429", answer(429)],
    ["a gateway's 403", page(403)],
    ["a lost answer", lost()],
  ])("after %s there is another one, up to the client's retries", async (_, step) => {
    expect((await verified([step, absent()])).value).toMatchObject(ACTIVE);
    expect((await verified(invalid(), { control: [step, absent()] })).value).toMatchObject(INACTIVE);
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
    await verified(problem(401), { client: { onAttempt } });
    expect(onAttempt).not.toHaveBeenCalled();
  });
});

test("a result has the time and the server's trace id, or none", async () => {
  for (const step of [absent(), problem(401), page(200)]) {
    step.headers.set("Kaiten-TraceId", "trace-1");
    expect((await verified(step)).value).toMatchObject({ at: AT, traceId: "trace-1" });
    step.headers.delete("Kaiten-TraceId");
    const { value } = await verified(step, { client: { traceparent: false } });
    expect(value).not.toHaveProperty("traceId");
  }
});

describe("an abort throws the signal's reason itself", () => {
  const REASON = { why: "a value of the caller" };

  test("before the call, and nothing is sent", async () => {
    const { thrown, requests } = await verified(absent(), { options: { signal: AbortSignal.abort(REASON) } });
    expect(thrown).toBe(REASON);
    expect(requests).toEqual([]);
  });

  test.each<[string, Steps, Partial<ClientOptions>]>([
    ["while the request is in flight", never, {}],
    ["while the token of the control is awaited", problem(401), { token: never }],
    ["while the secret is asked about once more", [problem(401), never], {}],
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
  test("for no secret, which must not be taken for the client's own", async () => {
    const { fetch, requests } = api(() => absent());
    const kaiten = createKaitenClient({ baseUrl: BASE, token: TOKEN, fetch });
    for (const verification of [
      kaiten.verify(undefined as unknown as string),
      kaiten.verify(...([] as unknown as [string])),
    ]) {
      await expect(verification).rejects.toThrow(TypeError);
    }
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
