// What compiles, and what must not.
import { describe, expectTypeOf, test } from "vitest";
import {
  type AttemptEvent,
  type BulkOptions,
  type CallOptions,
  type ClientOptions,
  createKaitenClient,
  type Fetch,
  isProblem,
  KaitenAbortError,
  type KaitenClient,
  KaitenConnectionError,
  KaitenError,
  KaitenNotAttemptedError,
  KaitenProblemError,
  KaitenResponseError,
  KaitenTimeoutError,
  type Outcome,
  type PaceEvent,
  type Problem,
  type ProblemStatus,
  type Revocation,
  type ServiceAccount,
  type Token,
  type TokenRef,
  type TokenResult,
  type User,
  type Verification,
  type VerifyOptions,
} from "../../src/index.js";
import { undiciFetch } from "../../src/undici.js";

const kaiten = createKaitenClient({ baseUrl: "https://kaiten.example.com/api", token: "a-jwt" });
const { revoke } = kaiten.serviceAccounts.tokens;
const ref = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
const caught: unknown = undefined;

describe("revoke", () => {
  test("takes the slugs by name, and returns what became of the token", () => {
    expectTypeOf(revoke).toEqualTypeOf<(ref: TokenRef, options?: CallOptions) => Promise<Revocation>>();
    expectTypeOf<TokenRef>().toEqualTypeOf<{ serviceAccountSlug: string; tokenSlug: string }>();
    expectTypeOf<Revocation>().toEqualTypeOf<{
      ref: TokenRef;
      outcome: "revoked";
      attempts: number;
      at: string;
      revokedAt?: string;
      revokedBy?: User;
      status?: number;
      traceId?: string;
      errorId?: string;
    }>();
  });

  test("takes no slug by its place, none that is missing and none by another name", () => {
    // @ts-expect-error two strings in a row get swapped
    revoke("ci-bot", "deploy-key");
    // @ts-expect-error tokenSlug is missing
    revoke({ serviceAccountSlug: "ci-bot" });
    // @ts-expect-error serviceAccountSlug is missing
    revoke({ tokenSlug: "deploy-key" });
    // @ts-expect-error there is no tokenId
    revoke({ ...ref, tokenId: "deploy-key" });
    // @ts-expect-error a slug is a string
    revoke({ ...ref, tokenSlug: 7 });
    // @ts-expect-error a slug is not null
    revoke({ ...ref, tokenSlug: null });
    // @ts-expect-error what to revoke is not optional
    revoke();
  });

  test("takes options that are all optional", () => {
    expectTypeOf<CallOptions>().toEqualTypeOf<{
      signal?: AbortSignal | undefined;
      timeout?: number | undefined;
      retries?: number | undefined;
    }>();
    expectTypeOf(revoke).toBeCallableWith(ref, { signal: AbortSignal.timeout(1_000) });
    // @ts-expect-error ms, not text
    revoke(ref, { timeout: "10s" });
    // @ts-expect-error the credential is the client's
    revoke(ref, { token: "another" });
    // @ts-expect-error there is no such option
    revoke(ref, { retry: 2 });
  });
});

describe("get", () => {
  const { get } = kaiten.serviceAccounts;

  test("takes the slug of a service account, and returns its record", () => {
    expectTypeOf(get).toEqualTypeOf<(serviceAccountSlug: string, options?: CallOptions) => Promise<ServiceAccount>>();
    expectTypeOf<ServiceAccount["tokens"]>().toEqualTypeOf<Token[]>();
    expectTypeOf<Token["revokedAt"]>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Token["revokedBy"]>().toEqualTypeOf<User | undefined>();
    expectTypeOf<User>().toEqualTypeOf<{ id: string; name?: string }>();
  });

  test("takes nothing else", () => {
    // @ts-expect-error the record is of an account, not of a token
    get(ref);
    // @ts-expect-error the account is not optional
    get();
  });
});

describe("createKaitenClient", () => {
  test("needs a base URL and a token", () => {
    expectTypeOf(createKaitenClient).toEqualTypeOf<(options: ClientOptions) => KaitenClient>();
    expectTypeOf<ClientOptions["baseUrl"]>().toEqualTypeOf<string | URL>();
    // @ts-expect-error no token
    createKaitenClient({ baseUrl: "https://kaiten.example.com/api" });
    // @ts-expect-error no base URL
    createKaitenClient({ token: "a-jwt" });
    // @ts-expect-error there is no such option
    createKaitenClient({ baseUrl: "https://kaiten.example.com/api", token: "a-jwt", retry: 2 });
  });

  test("takes a token, or a provider that is told which token was refused", () => {
    const baseUrl = "https://kaiten.example.com/api";
    createKaitenClient({ baseUrl, token: () => "a-jwt" });
    createKaitenClient({ baseUrl, token: async () => "a-jwt" });
    createKaitenClient({
      baseUrl,
      token: (request) => {
        expectTypeOf(request).toEqualTypeOf<{ rejected?: string; signal: AbortSignal }>();
        return "a-jwt";
      },
    });
    // @ts-expect-error a provider returns a token
    createKaitenClient({ baseUrl, token: () => undefined });
  });

  test("takes the platform's fetch, and tells an observer of each attempt", () => {
    createKaitenClient({
      baseUrl: "https://kaiten.example.com/api",
      token: "a-jwt",
      fetch,
      onAttempt: (event) => {
        expectTypeOf(event).toEqualTypeOf<AttemptEvent>();
        const { number, outcome, status, error, ms, delay, traceId, errorId, at, url, method } = event;
        expectTypeOf(event.ref).toEqualTypeOf<TokenRef>();
        expectTypeOf({ number, outcome, ms }).toEqualTypeOf<{ number: number; outcome: Outcome; ms: number }>();
        expectTypeOf({ at, url, method }).toEqualTypeOf<{ at: string; url: string; method: string }>();
        expectTypeOf(errorId).toEqualTypeOf<string | undefined>();
        expectTypeOf({ status, delay }).toEqualTypeOf<{ status: number | undefined; delay: number | undefined }>();
        expectTypeOf({ error, traceId }).toEqualTypeOf<{ error: string | undefined; traceId: string | undefined }>();
      },
    });
  });

  test("takes headers by name", () => {
    const options = { baseUrl: "https://kaiten.example.com/api", token: "a-jwt" };
    createKaitenClient({ ...options, headers: { "cf-access-client-id": "id" } });
    // @ts-expect-error nothing would be sent of it
    createKaitenClient({ ...options, headers: new Headers() });
    // @ts-expect-error a value is a text
    createKaitenClient({ ...options, headers: { "x-a": undefined } });
  });

  test("takes numbers and switches as what they are", () => {
    type Numbers = Required<Pick<ClientOptions, "timeout" | "retries" | "maxRetryAfter">>;
    expectTypeOf<Numbers[keyof Numbers]>().toEqualTypeOf<number>();
    expectTypeOf<Required<ClientOptions>["allowInsecure"]>().toEqualTypeOf<boolean>();
    expectTypeOf<Required<ClientOptions>["traceparent"]>().toEqualTypeOf<boolean>();
  });
});

describe("isProblem", () => {
  test("narrows what was caught to a problem", () => {
    if (!isProblem(caught)) return;
    expectTypeOf(caught).toEqualTypeOf<KaitenProblemError>();
    expectTypeOf(caught.status).toEqualTypeOf<number>();
    expectTypeOf(caught.problem).toEqualTypeOf<Problem>();
  });

  test("narrows it to the status that is asked for", () => {
    if (!isProblem(caught, 404)) return;
    expectTypeOf(caught).toEqualTypeOf<KaitenProblemError<404>>();
    expectTypeOf(caught.status).toEqualTypeOf<404>();
    expectTypeOf(caught.code).toEqualTypeOf<string | undefined>();
    expectTypeOf(caught.retryAfter).toEqualTypeOf<number | undefined>();
    expectTypeOf(caught.problem.errors).exclude<null | undefined>().items.toHaveProperty("value");
  });

  test("takes any status, also one that the spec does not document", () => {
    expectTypeOf<ProblemStatus>().toEqualTypeOf<400 | 401 | 403 | 404 | 422 | 500>();
    if (isProblem(caught, 429)) {
      expectTypeOf(caught).toEqualTypeOf<KaitenProblemError<429>>();
      expectTypeOf(caught.status).toEqualTypeOf<429>();
      expectTypeOf(caught.problem.status).toEqualTypeOf<429>();
      expectTypeOf(caught.problem.detail).toEqualTypeOf<string | undefined>();
    }
    const status: number = 418;
    if (isProblem(caught, status)) expectTypeOf(caught.status).toEqualTypeOf<number>();
    // @ts-expect-error a status is a number
    isProblem(caught, "404");
  });

  test("leaves what was caught unknown where it is no problem", () => {
    if (isProblem(caught)) return;
    expectTypeOf(caught).toBeUnknown();
  });
});

describe("a problem", () => {
  test("has members of the contract, none certain but its type and its status, and keeps others as unknown", () => {
    expectTypeOf<Problem["type"]>().toEqualTypeOf<string>();
    expectTypeOf<Problem["status"]>().toEqualTypeOf<number>();
    expectTypeOf<Problem<404>["status"]>().toEqualTypeOf<404>();
    expectTypeOf<Problem["errorId"]>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Problem["detail"]>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Problem["code"]>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Problem["something-else"]>().toBeUnknown();
  });
});

describe("an error", () => {
  test("is a KaitenError whose outcome is never revoked", () => {
    for (const kind of [
      KaitenProblemError,
      KaitenResponseError,
      KaitenConnectionError,
      KaitenTimeoutError,
      KaitenAbortError,
      KaitenNotAttemptedError,
    ]) {
      expectTypeOf(kind.prototype).toExtend<KaitenError>();
    }
    expectTypeOf<KaitenError["outcome"]>().toEqualTypeOf<"absent" | "not-revoked" | "unknown">();
    expectTypeOf<KaitenError["ref"]>().toEqualTypeOf<TokenRef>();
    expectTypeOf<KaitenError["request"]>().toEqualTypeOf<{ method: string; url: string } | undefined>();
    expectTypeOf<KaitenError["at"]>().toEqualTypeOf<string>();
    expectTypeOf<KaitenError["traceId"]>().toEqualTypeOf<string | undefined>();
    expectTypeOf<KaitenError["status"]>().toEqualTypeOf<number | undefined>();
    expectTypeOf<KaitenError["errorId"]>().toEqualTypeOf<string | undefined>();
    expectTypeOf<KaitenError["summary"]>().toEqualTypeOf<string>();
    expectTypeOf<KaitenError["cause"]>().toBeUnknown();
    expectTypeOf<KaitenError["toJSON"]>().returns.toEqualTypeOf<Record<string, unknown>>();
  });

  test("has the members of its class", () => {
    expectTypeOf<KaitenTimeoutError["timeout"]>().toEqualTypeOf<number>();
    expectTypeOf<KaitenResponseError["excerpt"]>().toEqualTypeOf<string>();
    expectTypeOf<KaitenResponseError["retryAfter"]>().toEqualTypeOf<number | undefined>();
    expectTypeOf<KaitenProblemError["retryAfter"]>().toEqualTypeOf<number | undefined>();
    expectTypeOf<KaitenProblemError["errorId"]>().toEqualTypeOf<string | undefined>();
    expectTypeOf<KaitenProblemError["headers"]>().toEqualTypeOf<Headers>();
  });

  test("has a literal name, which narrows", () => {
    expectTypeOf<KaitenProblemError["name"]>().toEqualTypeOf<"KaitenProblemError">();
    expectTypeOf<KaitenResponseError["name"]>().toEqualTypeOf<"KaitenResponseError">();
    expectTypeOf<KaitenConnectionError["name"]>().toEqualTypeOf<"KaitenConnectionError">();
    expectTypeOf<KaitenTimeoutError["name"]>().toEqualTypeOf<"KaitenTimeoutError">();
    expectTypeOf<KaitenAbortError["name"]>().toEqualTypeOf<"KaitenAbortError">();
    expectTypeOf<KaitenNotAttemptedError["name"]>().toEqualTypeOf<"KaitenNotAttemptedError">();
    const error = caught as KaitenProblemError | KaitenResponseError | KaitenTimeoutError;
    if (error.name === "KaitenTimeoutError") expectTypeOf(error).toEqualTypeOf<KaitenTimeoutError>();
    else if (error.name === "KaitenResponseError") expectTypeOf(error).toEqualTypeOf<KaitenResponseError>();
    else expectTypeOf(error).toEqualTypeOf<KaitenProblemError>();
    // @ts-expect-error there is no error of this name
    if (error.name === "KaitenHttpError") return;
  });

  test("cannot be changed by who caught it", () => {
    const error = new KaitenError("", { outcome: "unknown", attempts: 1, ref, at: "" });
    // @ts-expect-error what is known of the token is not for the caller to say
    error.outcome = "absent";
  });
});

describe("revokeAll", () => {
  const { revokeAll } = kaiten.serviceAccounts.tokens;

  test("takes any iterable of references, and yields a result for each", () => {
    expectTypeOf(revokeAll([ref])).toEqualTypeOf<AsyncGenerator<TokenResult, void, undefined>>();
    expectTypeOf(revokeAll).toBeCallableWith(new Set([ref]), { concurrency: 16, signal: AbortSignal.timeout(1_000) });
    expectTypeOf(revokeAll).toBeCallableWith(
      (async function* () {
        yield ref;
      })(),
    );
  });

  test("yields results that narrow by their outcome: what is not recorded as revoked has an error", () => {
    const result = caught as TokenResult;
    expectTypeOf(result.outcome).toEqualTypeOf<Outcome>();
    expectTypeOf(result.ref).toEqualTypeOf<TokenRef>();
    expectTypeOf(result.attempts).toEqualTypeOf<number>();
    expectTypeOf(result.at).toEqualTypeOf<string>();
    expectTypeOf(result.status).toEqualTypeOf<number | undefined>();
    expectTypeOf(result.traceId).toEqualTypeOf<string | undefined>();
    expectTypeOf(result.errorId).toEqualTypeOf<string | undefined>();
    if (result.outcome === "revoked") {
      expectTypeOf(result.error).toEqualTypeOf<undefined>();
      expectTypeOf(result.revokedAt).toEqualTypeOf<string | undefined>();
    }
    if (result.outcome === "absent") expectTypeOf(result.error).toEqualTypeOf<KaitenError>();
    if (result.outcome === "unknown") expectTypeOf(result.error).toEqualTypeOf<KaitenError | TypeError>();
    if (result.outcome === "not-revoked") expectTypeOf(result.error).toEqualTypeOf<KaitenError | TypeError>();
  });

  test("tells what the run as a whole does", () => {
    expectTypeOf<Parameters<Required<BulkOptions>["onPace"] & object>>().toEqualTypeOf<[event: PaceEvent]>();
    const event = caught as PaceEvent;
    if (event.state === "paused") expectTypeOf(event.ms).toEqualTypeOf<number>();
  });

  test("takes nothing else", () => {
    // @ts-expect-error a reference is not an iterable of references
    revokeAll(ref);
    // @ts-expect-error nor are slugs
    revokeAll(["deploy-key"]);
    // @ts-expect-error concurrency is a number
    revokeAll([ref], { concurrency: "8" });
    // @ts-expect-error there is no such member
    revokeAll([{ ...ref, force: true }]);
  });
});

describe("verify", () => {
  test("takes a secret and options, and returns what is known of it", () => {
    type Verify = (secret: string, options?: VerifyOptions) => Promise<Verification>;
    expectTypeOf(kaiten.verify).toEqualTypeOf<Verify>();
    expectTypeOf(kaiten.verify).toBeCallableWith("a-secret", { signal: AbortSignal.timeout(1_000), timeout: 1_000 });
    expectTypeOf<Verification>().toEqualTypeOf<{
      validity: "active" | "inactive" | "unknown";
      canRevoke?: boolean;
      reason: string;
      at: string;
      traceId?: string;
    }>();
  });

  test("takes nothing else", () => {
    // @ts-expect-error without a secret it could only be about the client's own
    kaiten.verify();
    // @ts-expect-error nor may it be missing by accident
    kaiten.verify(new Map<string, string>().get("leaked"));
    // @ts-expect-error a secret, not a reference
    kaiten.verify(ref);
    // @ts-expect-error the client's retries apply
    kaiten.verify("a-secret", { retries: 1 });
  });
});

describe("undiciFetch", () => {
  test("is a fetch of a client, and has no option for HTTP/2, over which undici may send a request twice", () => {
    expectTypeOf(undiciFetch()).toExtend<Fetch>();
    expectTypeOf(undiciFetch).toBeCallableWith({ connections: 8, connect: { ca: "" } });
    // @ts-expect-error there is no such option
    undiciFetch({ allowH2: true });
  });
});
