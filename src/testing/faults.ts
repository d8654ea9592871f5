// The faults that the fake can play: what the client gets instead of the API's answer.

/** What a fault can do with a request. */
export interface Exchange {
  /** Carries the request out and returns the API's answer. */
  api(replica?: "stale"): Response;
  problem(status: keyof typeof PROBLEMS, members?: object, headers?: Record<string, string>): Response;
}

/**
 * A bad day, by name. The API carries a request out only where the name says *after commit*, and on a stale replica.
 *
 * | fault | what the client gets |
 * | --- | --- |
 * | `connection-refused` | no connection; over `listen()` a reset one |
 * | `lost-before-commit`, `lost-after-commit` | a connection that is reset |
 * | `no-answer-before-commit`, `no-answer-after-commit` | nothing, until it gives up |
 * | `gateway-403` | 403 that is no problem: the gateway cannot reach its auth service |
 * | `gateway-429` | 429 in plain text without `Retry-After`, as above the `rateLimit` |
 * | `login-page` | 200 with a page of HTML |
 * | `wrong-base-url` | 404 `NOT_FOUND`, as outside the API |
 * | `hidden-token` | 404 `Token.NotFound`, as for tokens of the platform and of ended memberships |
 * | `api-400`, `api-422` | a problem with `errors` |
 * | `api-429`, `api-503` | a problem with `Retry-After: 1` |
 * | `api-500-before-commit`, `api-500-after-commit` | 500, a problem |
 * | `stale-replica` | the answer of a replica that accepts a secret for 5 minutes after its revocation |
 */
export type Fault = keyof typeof FAULTS;

/** Each returns an answer, or `undefined` where none ever comes, or throws what `fetch` would. */
export const FAULTS = {
  "connection-refused": () => fail("connect", "ECONNREFUSED"),
  "lost-before-commit": () => fail("read", "ECONNRESET"),
  "lost-after-commit": ({ api }) => api() && fail("read", "ECONNRESET"),
  "no-answer-before-commit": () => undefined,
  "no-answer-after-commit": ({ api }) => void api(),
  "gateway-403": () => new Response(null, { status: 403 }),
  "gateway-429": () => text(429, "text/plain", "local_rate_limited"),
  "login-page": () => text(200, "text/html", "<!doctype html><title>Log in</title>"),
  "wrong-base-url": ({ problem }) => problem(404, NO_ROUTE),
  "hidden-token": ({ problem }) => problem(404, NO_TOKEN),
  "api-400": ({ problem }) => problem(400, INVALID),
  "api-422": ({ problem }) => problem(422, INVALID),
  "api-429": ({ problem }) => problem(429, {}, { "retry-after": "1" }),
  "api-503": ({ problem }) => problem(503, {}, { "retry-after": "1" }),
  "api-500-before-commit": ({ problem }) => problem(500),
  "api-500-after-commit": ({ api, problem }) => api() && problem(500),
  "stale-replica": ({ api }) => api("stale"),
} satisfies Record<string, (exchange: Exchange) => Response | undefined>;

/** A problem's `title`, and the section that its `type` names, as the real API does. */
export const PROBLEMS = {
  400: ["Bad Request", "rfc7231#section-6.5.1"],
  401: ["Unauthorized", "rfc7235#section-3.1"],
  403: ["Forbidden", "rfc7231#section-6.5.3"],
  404: ["Not Found", "rfc7231#section-6.5.4"],
  422: ["Unprocessable Entity", "rfc4918#section-11.2"],
  429: ["Too Many Requests", "rfc6585#section-4"],
  500: ["Internal Server Error", "rfc7231#section-6.6.1"],
  503: ["Service Unavailable", "rfc7231#section-6.6.4"],
} as const;

export const NO_ROUTE = { code: "NOT_FOUND", detail: "There is no such route." };
export const NO_SCOPE = { code: "Auth.MissingScope", detail: "The scope write:tokens is required." };
export const NO_TOKEN = { code: "Token.NotFound", detail: "The token was not found or is already revoked." };
const INVALID = { errors: [{ location: "path.tokenSlug", message: "is not a valid slug", value: null }] };

const text = (status: number, type: string, body: string) =>
  new Response(body, { status, headers: { "content-type": type } });

/** Fails as Node's `fetch` does. */
function fail(syscall: string, code: string): never {
  throw new TypeError("fetch failed", { cause: Object.assign(new Error(`${syscall} ${code}`), { syscall, code }) });
}
