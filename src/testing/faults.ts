// The faults that the fake can play: what the client gets instead of the API's answer.

/** What a fault can do with a request. */
export interface Exchange {
  /** Carries the request out, as far as the API does with that fault, and returns its answer. */
  api(fault?: "wrong-base-url" | "database-down" | "stale-replica" | "hidden-token" | "membership-ended"): Response;
  problem(status: keyof typeof PROBLEMS, members?: object, headers?: Record<string, string>): Response;
}

/**
 * A bad day, by name. Only DELETE requests meet a fault, unless the table says *both* (a state that lasts: play it with
 * `{ times: Infinity }`) or *record*. The request is carried out only *after commit*, *twice*, and by a stale replica.
 *
 * | fault | what the client gets |
 * | --- | --- |
 * | `connection-refused` | no connection; over `listen()` a reset one |
 * | `lost-before-commit`, `lost-after-commit` | a connection that is reset |
 * | `no-answer-before-commit`, `no-answer-after-commit` | nothing, until it gives up |
 * | `sent-twice` | the answer to the second of two requests, as where a gateway repeats the first |
 * | `gateway-403` | 403 that is no problem: the gateway cannot reach its auth service |
 * | `gateway-429` | 429 in plain text without `Retry-After`, as above the `rateLimit` |
 * | `login-page` | 200 with a page of HTML |
 * | `api-400`, `api-422`, `api-429`, `api-503` | a problem: the first two with `errors`, the others with `Retry-After: 1` |
 * | `api-500-before-commit`, `api-500-after-commit` | 500, a problem |
 * | `hidden-token` | 404 `Token.NotFound`; from then on the record lacks the token, as one of the platform |
 * | `jwt-expired` | both: 401 in plain text, the gateway's answer to a JWT that has expired |
 * | `wrong-base-url` | both: 404 `NOT_FOUND`, as outside the API |
 * | `membership-ended` | both: 404 `Token.NotFound`, or for the record `ServiceAccount.NotFound`; secrets stay accepted |
 * | `database-down` | both: 401 `ValidateToken.Invalid`, whatever the credential |
 * | `stale-replica` | both: the answer of a replica that accepts a secret for 5 minutes after its revocation |
 * | `record-unreadable` | record: 500, a problem |
 */
export type Fault = keyof typeof FAULTS;

/** Each returns an answer, or `undefined` where none ever comes, or throws what `fetch` would. */
export const FAULTS = {
  "connection-refused": () => fail("connect", "ECONNREFUSED"),
  "lost-before-commit": () => fail("read", "ECONNRESET"),
  "lost-after-commit": ({ api }) => api() && fail("read", "ECONNRESET"),
  "no-answer-before-commit": () => undefined,
  "no-answer-after-commit": ({ api }) => void api(),
  "sent-twice": ({ api }) => api() && api(),
  "gateway-403": () => new Response(null, { status: 403 }),
  "gateway-429": () => text(429, "text/plain", "local_rate_limited"),
  "jwt-expired": () => text(401, "text/plain", "Jwt is expired"),
  "login-page": () => text(200, "text/html", "<!doctype html><title>Log in</title>"),
  "wrong-base-url": ({ api }) => api("wrong-base-url"),
  "hidden-token": ({ api }) => api("hidden-token"),
  "membership-ended": ({ api }) => api("membership-ended"),
  "database-down": ({ api }) => api("database-down"),
  "record-unreadable": ({ problem }) => problem(500),
  "api-400": ({ problem }) => problem(400, INVALID),
  "api-422": ({ problem }) => problem(422, INVALID),
  "api-429": ({ problem }) => problem(429, {}, { "retry-after": "1" }),
  "api-503": ({ problem }) => problem(503, {}, { "retry-after": "1" }),
  "api-500-before-commit": ({ problem }) => problem(500),
  "api-500-after-commit": ({ api, problem }) => api() && problem(500),
  "stale-replica": ({ api }) => api("stale-replica"),
} satisfies Record<string, (exchange: Exchange) => Response | undefined>;

const BOTH: readonly string[] = ["jwt-expired", "wrong-base-url", "membership-ended", "database-down", "stale-replica"];
/** Whether requests of this method meet the fault. */
export const isMetBy = (method: string, fault: Fault): boolean =>
  fault === "record-unreadable" ? method === "GET" : method === "DELETE" || BOTH.includes(fault);

/** A problem's `title` and `type`. */
export const PROBLEMS = {
  400: ["Bad Request", "https://tools.ietf.org/html/rfc7231#section-6.5.1"],
  401: ["Unauthorized", "https://tools.ietf.org/html/rfc7235#section-3.1"],
  403: ["Forbidden", "https://tools.ietf.org/html/rfc7231#section-6.5.3"],
  404: ["Not Found", "https://tools.ietf.org/html/rfc7231#section-6.5.4"],
  422: ["Unprocessable Entity", "https://tools.ietf.org/html/rfc4918#section-11.2"],
  429: ["Too Many Requests", "https://tools.ietf.org/html/rfc6585#section-4"],
  500: ["Internal Server Error", "https://tools.ietf.org/html/rfc7231#section-6.6.1"],
  503: ["Service Unavailable", "https://tools.ietf.org/html/rfc7231#section-6.6.4"],
} as const;

const INVALID = { errors: [{ location: "path.tokenSlug", message: "is not a valid slug", value: null }] };
const text = (status: number, type: string, body: string) =>
  new Response(body, { status, headers: { "content-type": type } });

/** Fails as Node's `fetch` does. */
function fail(syscall: string, code: string): never {
  throw new TypeError("fetch failed", { cause: Object.assign(new Error(`${syscall} ${code}`), { syscall, code }) });
}
