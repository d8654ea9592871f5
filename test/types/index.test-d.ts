// What compiles, and what must not.
import { describe, expectTypeOf, test } from "vitest";
import {
  type CallOptions,
  type ClientOptions,
  createKaitenClient,
  isProblem,
  type KaitenClient,
  KaitenConnectionError,
  KaitenError,
  KaitenProblemError,
  KaitenResponseError,
  KaitenTimeoutError,
  type Outcome,
  type Problem,
  type ProblemStatus,
  type Revocation,
  type TokenRef,
  type TokenResult,
} from "../../src/index.js";

const kaiten = createKaitenClient({ baseUrl: "https://kaiten.example.com/api", token: "a-jwt" });
const { revoke } = kaiten.serviceAccounts.tokens;
const ref = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
const caught: unknown = undefined;

describe("revoke", () => {
  test("takes the slugs by name, and returns what became of the token", () => {
    expectTypeOf(revoke).toEqualTypeOf<(ref: TokenRef, options?: CallOptions) => Promise<Revocation>>();
    expectTypeOf<TokenRef>().toEqualTypeOf<{ serviceAccountSlug: string; tokenSlug: string }>();
    expectTypeOf<Revocation>().toEqualTypeOf<{ outcome: "revoked" | "absent"; attempts: number }>();
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
      ignoreAbsent?: boolean | undefined;
    }>();
    expectTypeOf(revoke).toBeCallableWith(ref, { signal: AbortSignal.timeout(1_000), ignoreAbsent: true });
    // @ts-expect-error ms, not text
    revoke(ref, { timeout: "10s" });
    // @ts-expect-error the credential is the client's
    revoke(ref, { token: "another" });
    // @ts-expect-error there is no such option
    revoke(ref, { retry: 2 });
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
    createKaitenClient({ baseUrl: "https://kaiten.example.com/api", token: "a-jwt", headers: {} });
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
    // @ts-expect-error a provider gives a token
    createKaitenClient({ baseUrl, token: () => undefined });
  });

  test("takes the platform's fetch, and tells an observer of each attempt", () => {
    createKaitenClient({
      baseUrl: "https://kaiten.example.com/api",
      token: "a-jwt",
      fetch,
      onAttempt: ({ number, outcome, status, error, ms, delay, traceId }) => {
        expectTypeOf({ number, outcome, ms }).toEqualTypeOf<{ number: number; outcome: Outcome; ms: number }>();
        expectTypeOf({ status, delay }).toEqualTypeOf<{ status: number | undefined; delay: number | undefined }>();
        expectTypeOf({ error, traceId }).toEqualTypeOf<{ error: string | undefined; traceId: string | undefined }>();
      },
    });
  });

  test("takes numbers and switches as what they are", () => {
    type Numbers = Required<Pick<ClientOptions, "timeout" | "retries" | "maxRetryAfter">>;
    expectTypeOf<Numbers[keyof Numbers]>().toEqualTypeOf<number>();
    expectTypeOf<Required<ClientOptions>["allowInsecure"]>().toEqualTypeOf<boolean>();
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

  test("takes the statuses that the spec documents as problems, and no others", () => {
    expectTypeOf<ProblemStatus>().toEqualTypeOf<400 | 401 | 403 | 404 | 422 | 500>();
    // @ts-expect-error a 204 is no problem
    isProblem(caught, 204);
    // @ts-expect-error 418 is not documented
    isProblem(caught, 418);
    // @ts-expect-error a status is a number
    isProblem(caught, "404");
  });

  test("leaves what was caught unknown where it is no problem", () => {
    if (isProblem(caught)) return;
    expectTypeOf(caught).toBeUnknown();
  });
});

describe("a problem", () => {
  test("has members of the contract, none of them certain but its type, and keeps others as unknown", () => {
    expectTypeOf<Problem["type"]>().toEqualTypeOf<string>();
    expectTypeOf<Problem["detail"]>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Problem["code"]>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Problem["something-else"]>().toBeUnknown();
  });
});

describe("an error", () => {
  test("is a KaitenError whose outcome is never revoked", () => {
    for (const kind of [KaitenProblemError, KaitenResponseError, KaitenConnectionError, KaitenTimeoutError]) {
      expectTypeOf(kind.prototype).toExtend<KaitenError>();
    }
    expectTypeOf<KaitenError["outcome"]>().toEqualTypeOf<"absent" | "not-revoked" | "unknown">();
    expectTypeOf<KaitenError["request"]>().toEqualTypeOf<{ method: string; url: string }>();
    expectTypeOf<KaitenTimeoutError["timeout"]>().toEqualTypeOf<number>();
    expectTypeOf<KaitenResponseError["excerpt"]>().toEqualTypeOf<string>();
  });

  test("cannot be changed by who caught it", () => {
    const error = new KaitenError("", { outcome: "unknown", attempts: 1, request: { method: "DELETE", url: "" } });
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
    expectTypeOf<TokenResult>().toEqualTypeOf<{
      ref: TokenRef;
      outcome: Outcome;
      attempts: number;
      error?: KaitenError | TypeError;
    }>();
  });

  test("takes nothing else", () => {
    // @ts-expect-error a reference is not an iterable of references
    revokeAll(ref);
    // @ts-expect-error nor are slugs
    revokeAll(["deploy-key"]);
    // @ts-expect-error concurrency is a number
    revokeAll([ref], { concurrency: "8" });
  });
});
