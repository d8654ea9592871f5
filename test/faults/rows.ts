// The table of faults: what a server does at each attempt, whether the token is dead in truth, and what must come of it.
import { setTimeout as sleep } from "node:timers/promises";
import type { CallOptions, ClientOptions, Outcome, TokenProvider } from "../../src/index.js";
import type { Step } from "./server.js";
import {
  api,
  coded,
  cut,
  drip,
  endless,
  killed,
  message,
  NOT_FOUND,
  page,
  problem,
  problemText,
  reset,
  send,
  stall,
} from "./steps.js";

export interface Row {
  name: string;
  /** A step an attempt; the last repeats. */
  script: readonly Step[];
  /** Whether the token is dead in truth when the call has ended. */
  dead: boolean;
  outcome: Outcome;
  /** The error it rejects with; it resolves where there is none. */
  error?: "Problem" | "Response" | "Connection" | "Timeout" | "";
  /** 1 where nothing else is said. */
  attempts?: number;
  options?: Partial<ClientOptions> & CallOptions;
  /** Instead of a token: what the provider does. */
  provider?: TokenProvider;
  /** Must be found in the error's message. */
  says?: string;
}

/** With every character that somebody escapes. */
export const TOKEN = "ksh_faults.0123456789-abcdefgh+ijklmnop/qrstuvwxyz~==";
export const FRESH = "ksh_second.9876543210-zyxwvutsrqponmlkjihgfedcba";

/** Where redirects to another origin lead; nobody may ask it for anything. */
export const elsewhere = { url: "" };

const SHORT = { timeout: 250, retries: 0 };
const GONE = { code: "NOT_FOUND", detail: "There is no such route." };
const INDIFFERENT: TokenProvider = () => TOKEN;
const REFRESHING: TokenProvider = ({ rejected }) => (rejected ? FRESH : TOKEN);
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString();

const success: Row[] = [
  ...(
    [
      ["a 204", api],
      ["a 204 on a connection that then closes", killed(cut(message(204, undefined, { Connection: "close" })))],
      ["a 204 of HTTP/1.0", killed(cut("HTTP/1.0 204 No Content\r\n\r\n"))],
      ["a 204 without a reason phrase", killed(send("HTTP/1.1 204\r\n\r\n"))],
      ["a 204 that announces a body", killed(cut("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"))],
      [
        "a 204 that announces a body and sends none",
        killed(send("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n")),
      ],
      ["a 204 whose media type is a page's", killed(send(message(204, undefined, { "Content-Type": "text/html" })))],
      ["a 204 with a Retry-After", killed(send(message(204, undefined, { "Retry-After": "30" })))],
      ["a 204 after 102 Processing", killed(send("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"))],
      [
        "a 204 after 103 Early Hints, twice",
        killed(send(`${"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(2)}HTTP/1.1 204 No Content\r\n\r\n`)),
      ],
      ["a 204 that comes a byte at a time", killed(drip("HTTP/1.1 204 No Content\r\nX-Slow: yes\r\n\r\n", 1))],
    ] satisfies [string, Step][]
  ).map(([name, step]): Row => ({ name, script: [step], dead: true, outcome: "revoked" })),
];

/** Answers that prove nothing: neither is asked again, nor followed. */
const unproven: Row[] = [
  ...[200, 201, 202, 203, 205, 206, 207, 226, 299].map(
    (status): Row => ({
      name: `${status} with a login page`,
      script: [status === 205 ? send(message(205, "")) : page(status)],
      dead: false,
      outcome: "unknown",
      error: "Response",
    }),
  ),
  {
    name: "202 after the token was revoked",
    script: [killed(page(202))],
    dead: true,
    outcome: "unknown",
    error: "Response",
  },
  { name: "200 without a body", script: [send(message(200, ""))], dead: false, outcome: "unknown", error: "Response" },
  { name: "200 with a problem", script: [problem(200)], dead: false, outcome: "unknown", error: "Response" },
  {
    name: "200 with a body that is not JSON but says so",
    script: [problemText(200, "{")],
    dead: false,
    outcome: "unknown",
    error: "Response",
  },
  ...[300, 301, 302, 303, 304, 305, 307, 308].flatMap((status): Row[] => [
    {
      name: `${status} to the same origin`,
      script: [page(status, { Location: "/login" }), killed(send(message(204, undefined)))],
      dead: false,
      outcome: "unknown",
      error: "Response",
    },
    {
      name: `${status} to another origin`,
      script: [(exchange) => page(status, { Location: `${elsewhere.url}/steal` })(exchange)],
      dead: false,
      outcome: "unknown",
      error: "Response",
    },
  ]),
  {
    name: "302 without a Location",
    script: [page(302)],
    dead: false,
    outcome: "unknown",
    error: "Response",
    says: "Redirects are never followed",
  },
  {
    name: "302 to a URL that is none",
    script: [page(302, { Location: "http://[" })],
    dead: false,
    outcome: "unknown",
    error: "Response",
  },
  {
    name: "302 after the token was revoked",
    script: [killed(page(302, { Location: "/" }))],
    dead: true,
    outcome: "unknown",
    error: "Response",
  },
  ...[501, 505, 506, 507, 508, 511, 520, 529, 599].map(
    (status): Row => ({
      name: `${status}`,
      script: [killed(problem(status))],
      dead: true,
      outcome: "unknown",
      error: "Problem",
    }),
  ),
  { name: "501 with a page", script: [page(501)], dead: false, outcome: "unknown", error: "Response" },
];

const absent: Row[] = [
  {
    name: "404 Token.NotFound",
    script: [problem(404, NOT_FOUND)],
    dead: false,
    outcome: "absent",
    error: "Problem",
    says: "misspelt",
  },
  { name: "404 without a code", script: [problem(404)], dead: false, outcome: "absent", error: "Problem" },
  {
    name: "404 whose code is null",
    script: [problem(404, { code: null })],
    dead: false,
    outcome: "absent",
    error: "Problem",
  },
  {
    name: "404 with no member at all",
    script: [problemText(404, "{}")],
    dead: false,
    outcome: "absent",
    error: "Problem",
  },
  {
    name: "404 Token.NotFound, absent is fine",
    script: [problem(404, NOT_FOUND)],
    dead: false,
    outcome: "absent",
    options: { ignoreAbsent: true },
  },
  {
    name: "404 Token.NotFound, its media type in capitals and with a charset",
    script: [problem(404, NOT_FOUND, { "Content-Type": "Application/Problem+JSON;charset=utf-8" })],
    dead: false,
    outcome: "absent",
    error: "Problem",
  },
  {
    name: "404 Token.NotFound after a 429 that revoked nothing",
    script: [problem(429), problem(404, NOT_FOUND)],
    dead: false,
    outcome: "absent",
    error: "Problem",
    attempts: 2,
  },
];

/** A 404 that says nothing of the token. */
const elsewhere404: Row[] = (
  [
    ["404 NOT_FOUND", problem(404, GONE), "Problem"],
    ["404 of a type of its own, without a code", problem(404, { type: "https://example.com/no-route" }), "Problem"],
    ["404 whose type is no text, without a code", problem(404, { type: 7 }), "Problem"],
    ["404 with an empty code", problem(404, { code: "" }), "Problem"],
    ["404 whose code is a number", problem(404, { code: 7 }), "Problem"],
    ["404 whose code is a list", problem(404, { code: ["Token.NotFound"] }), "Problem"],
    ["404 whose code is that of the service account", problem(404, { code: "ServiceAccount.NotFound" }), "Problem"],
    ["404 with a page", page(404), "Response"],
    ["404 without a body", send(message(404, "")), "Response"],
    ["404 with JSON that is no problem", problem(404, NOT_FOUND, { "Content-Type": "application/json" }), "Response"],
    ["404 without a media type", problem(404, NOT_FOUND, { "Content-Type": "" }), "Response"],
    [
      "404 of a media type that only begins alike",
      problem(404, NOT_FOUND, { "Content-Type": "application/problem+jsonx" }),
      "Response",
    ],
    ["404 with problem+xml", problem(404, NOT_FOUND, { "Content-Type": "application/problem+xml" }), "Response"],
    ...["", "{", "null", "[]", '"Token.NotFound"', "404", "true", "\0\0", '{"code":"Token.NotFound"'].map(
      (body) => [`404 with the problem ${JSON.stringify(body)}`, problemText(404, body), "Response"] as const,
    ),
  ] as const
).map(
  ([name, step, error]): Row => ({
    name,
    script: [step],
    dead: false,
    outcome: "not-revoked",
    error,
    says: "base URL",
  }),
);

const refused: Row[] = [
  ...[
    400, 401, 402, 403, 405, 406, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428,
    431, 451, 499,
  ].map(
    (status): Row => ({
      name: `${status}`,
      script: [problem(status)],
      dead: false,
      outcome: "not-revoked",
      error: "Problem",
    }),
  ),
  ...[400, 401, 403, 422].map(
    (status): Row => ({
      name: `${status} with a page`,
      script: [page(status)],
      dead: false,
      outcome: "not-revoked",
      error: "Response",
    }),
  ),
];

const retried: Row[] = [
  { name: "429, then a 204", script: [problem(429), api], dead: true, outcome: "revoked", attempts: 2 },
  { name: "429 with a page, then a 204", script: [page(429), api], dead: true, outcome: "revoked", attempts: 2 },
  {
    name: "429 for ever",
    script: [problem(429)],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
    attempts: 2,
    says: "Wait",
  },
  {
    name: "429 with a page for ever",
    script: [page(429)],
    dead: false,
    outcome: "not-revoked",
    error: "Response",
    attempts: 2,
  },
  {
    name: "429, no retry allowed",
    script: [problem(429)],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
    options: { retries: 0 },
  },
  { name: "408, then a 204", script: [problem(408), api], dead: true, outcome: "revoked", attempts: 2 },
  {
    name: "408 after the token was revoked, then 404",
    script: [killed(problem(408)), api],
    dead: true,
    outcome: "absent",
    attempts: 2,
  },
  { name: "408 for ever", script: [page(408)], dead: false, outcome: "unknown", error: "Response", attempts: 2 },
  ...[500, 502, 503, 504].flatMap((status): Row[] => [
    { name: `${status}, then a 204`, script: [problem(status), api], dead: true, outcome: "revoked", attempts: 2 },
    {
      name: `${status} with a page, then a 204`,
      script: [page(status), api],
      dead: true,
      outcome: "revoked",
      attempts: 2,
    },
    {
      name: `${status} after the token was revoked, then 404`,
      script: [killed(problem(status)), api],
      dead: true,
      outcome: "absent",
      attempts: 2,
    },
    {
      name: `${status} for ever`,
      script: [killed(problem(status))],
      dead: true,
      outcome: "unknown",
      error: "Problem",
      attempts: 2,
    },
  ]),
];

const waits: Row[] = [
  ...[
    "0",
    "00",
    " 0 ",
    "1",
    inSeconds(-3600),
    inSeconds(1),
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
  ].map(
    (value): Row => ({
      name: `429 with Retry-After: ${value}`,
      script: [problem(429, {}, { "Retry-After": value }), api],
      dead: true,
      outcome: "revoked",
      attempts: 2,
    }),
  ),
  ...[
    "soon",
    "-1",
    "1.5",
    "1e9",
    "0x10",
    "10, 20",
    "Nonsense, 99 Foo 9999 99:99:99 GMT",
    "NaN",
    "Infinity",
    "+5",
    "5s",
  ].map(
    (value): Row => ({
      name: `503 with a Retry-After that makes no sense: ${value}`,
      script: [problem(503, {}, { "Retry-After": value }), api],
      dead: true,
      outcome: "revoked",
      attempts: 2,
    }),
  ),
  ...["61", "86400", "99999999999999999999999999", `${"9".repeat(400)}`, inSeconds(7200)].map(
    (value): Row => ({
      name: `429 with a Retry-After beyond what we wait: ${value.slice(0, 40)}`,
      script: [problem(429, {}, { "Retry-After": value }), api],
      dead: false,
      outcome: "not-revoked",
      error: "Problem",
    }),
  ),
  {
    name: "503 with a Retry-After beyond what we wait",
    script: [killed(page(503, { "Retry-After": "3600" })), api],
    dead: true,
    outcome: "unknown",
    error: "Response",
  },
  {
    name: "429 with a Retry-After beyond what the caller allows",
    script: [problem(429, {}, { "Retry-After": "1" })],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
    options: { maxRetryAfter: 999 },
  },
];

/** No whole answer: the token may be dead or not, and only asking again can tell. */
const lost: Row[] = (
  [
    ["a connection closed before any answer", cut()],
    ["a connection reset", reset],
    ["half a status line", cut("HTTP/1.1 20")],
    ["a status line and half a header", cut("HTTP/1.1 204 No Content\r\nX-Half: ")],
    ["a 204 cut off before the end of its headers", cut("HTTP/1.1 204 No Content\r\n")],
    [
      "a 403 cut off in its body",
      cut(`HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\nContent-Length: 500\r\n\r\n{"title":`),
    ],
    [
      "a 404 cut off in its body",
      cut(
        `HTTP/1.1 404 Not Found\r\nContent-Type: application/problem+json\r\nContent-Length: 500\r\n\r\n{"code":"Token.NotFound"}`,
      ),
    ],
    [
      "a chunked answer without its last chunk",
      cut("HTTP/1.1 422 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
    ],
    ["a chunk whose size is no number", cut("HTTP/1.1 422 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n")],
    ["a problem whose gzip is garbled", problemText(403, "this is not gzip at all", { "Content-Encoding": "gzip" })],
    ["an SSH banner", cut("SSH-2.0-OpenSSH_9.6\r\n")],
    ["an SMTP banner that stays open", send("220 mail.example.com ESMTP\r\n")],
    ["bytes of TLS", cut(Buffer.from([0x15, 3, 1, 0, 2, 2, 70]))],
    ["zeros", cut(Buffer.alloc(64))],
    ["our own request, sent back", (exchange) => cut(`${exchange.raw}\r\n\r\n`)(exchange)],
    [
      "our own request inside a broken header",
      (exchange) => cut(`HTTP/1.1 204 No Content\r\n${exchange.authorization}\r\n\r\n`)(exchange),
    ],
    [
      "headers without end",
      (exchange) => send(`HTTP/1.1 204 No Content\r\n${"X-Long: 0123456789abcdef\r\n".repeat(20_000)}`)(exchange),
    ],
    ["a status of two digits", cut("HTTP/1.1 20 No\r\n\r\n")],
    ["another HTTP's version", cut("HTTP/9.9 204 No Content\r\n\r\n")],
    [
      "an answer that switches protocols",
      cut("HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n"),
    ],
    [
      "two lengths that contradict each other",
      cut("HTTP/1.1 403 No\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
    ],
  ] satisfies [string, Step][]
).flatMap(([name, step]): Row[] => [
  { name: `${name}, before the token was revoked`, script: [step, api], dead: true, outcome: "revoked", attempts: 2 },
  {
    name: `${name}, after the token was revoked`,
    script: [killed(step), api],
    dead: true,
    outcome: "absent",
    attempts: 2,
  },
  {
    name: `${name}, for ever`,
    script: [killed(step)],
    dead: true,
    outcome: "unknown",
    error: "Connection",
    options: { retries: 0 },
  },
]);

/** Node's fetch makes no answer of these: it is not told the status, and neither are we. */
export const HIDDEN: readonly Row[] = [
  { name: "407, then a 204", script: [problem(407), api], dead: true, outcome: "revoked", attempts: 2 },
  {
    name: "a 204 after a 100 Continue that nobody waits for",
    script: [killed(send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")), api],
    dead: true,
    outcome: "absent",
    attempts: 2,
  },
];

const late: Row[] = [
  ...(
    [
      ["no answer", stall()],
      ["half a status line and then nothing", stall("HTTP/1.1 2")],
      [
        "headers and then no body",
        stall("HTTP/1.1 403 No\r\nContent-Type: application/problem+json\r\nContent-Length: 99\r\n\r\n"),
      ],
      ["headers that drip without end", drip(`HTTP/1.1 204 No Content\r\nX-Drip: ${"x".repeat(2000)}`, 5)],
      ["a body that drips without end", drip(`HTTP/1.1 403 No\r\nContent-Length: 90000\r\n\r\n${"x".repeat(2000)}`, 5)],
      ["interim answers without end", drip("HTTP/1.1 102 Processing\r\n\r\n".repeat(200), 1)],
    ] satisfies [string, Step][]
  ).flatMap(([name, step]): Row[] => [
    {
      name,
      script: [killed(step)],
      dead: true,
      outcome: "unknown",
      error: "Timeout",
      options: SHORT,
      says: "within 250 ms",
    },
    {
      name: `${name}, then 404`,
      script: [killed(step), api],
      dead: true,
      outcome: "absent",
      attempts: 2,
      options: { ...SHORT, retries: 1 },
    },
  ]),
];

/** One unknown attempt stains the rest: the token may be dead by our own request. */
const stained: Row[] = [
  {
    name: "a lost answer, then 401: a token that revoked itself",
    script: [killed(cut()), problem(401)],
    dead: true,
    outcome: "unknown",
    error: "Problem",
    attempts: 2,
  },
  {
    name: "a lost answer, then 401, and a new token then meets 404",
    script: [killed(cut()), problem(401), api],
    dead: true,
    outcome: "absent",
    attempts: 3,
    provider: REFRESHING,
  },
  {
    name: "a lost answer, then 401, and the provider has no other token",
    script: [killed(cut()), problem(401)],
    dead: true,
    outcome: "unknown",
    error: "Problem",
    attempts: 2,
    provider: INDIFFERENT,
  },
  ...[400, 403, 405, 422].map(
    (status): Row => ({
      name: `a lost answer, then ${status}`,
      script: [killed(cut()), problem(status)],
      dead: true,
      outcome: "unknown",
      error: "Problem",
      attempts: 2,
    }),
  ),
  {
    name: "a lost answer, then 404 NOT_FOUND",
    script: [killed(cut()), problem(404, GONE)],
    dead: true,
    outcome: "unknown",
    error: "Problem",
    attempts: 2,
  },
  {
    name: "a lost answer, then 404 with a page",
    script: [killed(cut()), page(404)],
    dead: true,
    outcome: "unknown",
    error: "Response",
    attempts: 2,
  },
  {
    name: "a lost answer, then 429 for ever",
    script: [killed(cut()), problem(429)],
    dead: true,
    outcome: "unknown",
    error: "Problem",
    attempts: 2,
  },
  {
    name: "a lost answer, then 429, then 404",
    script: [killed(cut()), problem(429), api],
    dead: true,
    outcome: "absent",
    attempts: 3,
    options: { retries: 2 },
  },
  {
    name: "a 429, then a lost answer, then 404",
    script: [problem(429), killed(cut()), api],
    dead: true,
    outcome: "absent",
    attempts: 3,
    options: { retries: 2 },
  },
  {
    name: "a 500, then a login page",
    script: [killed(problem(500)), page(200)],
    dead: true,
    outcome: "unknown",
    error: "Response",
    attempts: 2,
  },
  {
    name: "a 500, then a redirect",
    script: [killed(problem(500)), page(302)],
    dead: true,
    outcome: "unknown",
    error: "Response",
    attempts: 2,
  },
];

const bodies: Row[] = [
  {
    name: "the credential percent-encoded, in a page and in a header",
    script: [
      (exchange) => {
        const encoded = encodeURIComponent(exchange.authorization);
        return send(message(403, `<p>${encoded}`, { "Content-Type": "text/html", "X-Echo": encoded }))(exchange);
      },
    ],
    dead: false,
    outcome: "not-revoked",
    error: "Response",
  },
  {
    name: "the credential with its slashes escaped, in a page of JSON",
    script: [
      (exchange) => {
        const escaped = `{"echo":"${exchange.authorization.replaceAll("/", "\\/")}"}`;
        return send(message(403, escaped, { "Content-Type": "application/json" }))(exchange);
      },
    ],
    dead: false,
    outcome: "not-revoked",
    error: "Response",
  },
  {
    name: "more content codings than anybody needs",
    script: [problemText(403, "x", { "Content-Encoding": Array(3_000).fill("br").join(",") })],
    dead: false,
    outcome: "unknown",
    error: "Connection",
    options: { retries: 0 },
  },
  {
    name: "a content coding of an odd name",
    script: [problemText(403, "{}", { "Content-Encoding": "constructor" })],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
  },
  {
    name: "403 in gzip",
    script: [coded(403, "gzip")],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
    says: "Coded",
  },
  {
    name: "403 in deflate",
    script: [coded(403, "deflate")],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
    says: "Coded",
  },
  {
    name: "403 in br",
    script: [coded(403, "br")],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
    says: "Coded",
  },
  {
    name: "404 Token.NotFound in gzip",
    script: [coded(404, "gzip", NOT_FOUND)],
    dead: false,
    outcome: "absent",
    error: "Problem",
  },
  {
    name: "404 Token.NotFound after a byte order mark",
    script: [problemText(404, '\uFEFF{"code":"Token.NotFound"}')],
    dead: false,
    outcome: "absent",
    error: "Problem",
  },
  {
    name: "403 in a coding that nobody knows",
    script: [problemText(403, '{"title":"T"}', { "Content-Encoding": "x-own" })],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
  },
  {
    name: "403 in UTF-16",
    script: [problemText(403, Buffer.from('{"title":"T"}', "utf16le"))],
    dead: false,
    outcome: "not-revoked",
    error: "Response",
  },
  {
    name: "403 in bytes that are no UTF-8",
    script: [problemText(403, Buffer.from([0x22, 0xff, 0xfe, 0x80, 0x22]))],
    dead: false,
    outcome: "not-revoked",
    error: "Response",
  },
  {
    name: "a problem whose members all have the wrong type",
    script: [
      problemText(
        403,
        '{"type":1,"title":{},"status":"x","detail":[],"instance":0,"errors":"no","code":{},"errorId":false}',
      ),
    ],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
  },
  {
    name: "a problem whose errors are no objects",
    script: [problemText(422, '{"errors":[null,1,"x",[],{"location":3,"message":"m"}]}')],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
  },
  {
    name: "a problem whose members are all null",
    script: [problemText(403, '{"type":null,"title":null,"status":null,"detail":null,"errors":null}')],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
  },
  {
    name: "a problem whose status lies",
    script: [problem(403, { status: 204 })],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
  },
  {
    name: "a problem whose status is 404 in a 403",
    script: [problem(403, { status: 404, ...NOT_FOUND })],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
  },
  {
    name: "a problem that would change prototypes",
    script: [
      problemText(
        403,
        '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"errors":[{"__proto__":{"polluted":1}}],"x":{"__proto__":{"polluted":1}}}',
      ),
    ],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
  },
  {
    name: "a 404 whose code is only in its prototype",
    script: [problemText(404, '{"__proto__":{"code":"NOT_FOUND"}}')],
    dead: false,
    outcome: "absent",
    error: "Problem",
  },
  {
    name: "a problem nested 30 000 deep",
    script: [problemText(403, `{"x":${"[".repeat(30_000)}${"]".repeat(30_000)}}`)],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
  },
  {
    name: "a list nested 30 000 deep",
    script: [problemText(403, `${"[".repeat(30_000)}${"]".repeat(30_000)}`)],
    dead: false,
    outcome: "not-revoked",
    error: "Response",
  },
  {
    name: "a problem of exactly 64 KiB",
    script: [problemText(403, JSON.stringify({ title: "t", pad: "x".repeat(64 * 1024 - 22) }).padEnd(64 * 1024))],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
  },
  {
    name: "a problem longer than 64 KiB",
    script: [problemText(403, JSON.stringify({ title: "t", pad: "x".repeat(80 * 1024) }))],
    dead: false,
    outcome: "not-revoked",
    error: "Response",
  },
  {
    name: "a 404 Token.NotFound longer than 64 KiB",
    script: [problemText(404, JSON.stringify({ ...NOT_FOUND, pad: "x".repeat(80 * 1024) }))],
    dead: false,
    outcome: "not-revoked",
    error: "Response",
  },
  {
    name: "the credential all over a body longer than 64 KiB",
    script: [(exchange) => problemText(403, `${exchange.authorization}`.repeat(4000))(exchange)],
    dead: false,
    outcome: "not-revoked",
    error: "Response",
  },
];

export const flood = { bytes: 0, most: 600 * 1024 * 1024 };
const floods: Row[] = [
  {
    name: "a 500 with a body of hundreds of MB",
    script: [killed(endless("HTTP/1.1 500 No\r\nContent-Length: 900000000\r\n\r\n", flood))],
    dead: true,
    outcome: "unknown",
    error: "Response",
    options: { retries: 0 },
  },
  {
    name: "a 403 with a body without end",
    script: [endless("HTTP/1.1 403 No\r\nConnection: close\r\n\r\n", flood)],
    dead: false,
    outcome: "not-revoked",
    error: "Response",
  },
  {
    name: "a 205 with a body without end",
    script: [endless("HTTP/1.1 205 Reset Content\r\nContent-Length: 900000000\r\n\r\n", flood)],
    dead: false,
    outcome: "unknown",
    error: "Response",
  },
  {
    name: "a login page without end",
    script: [endless("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", flood)],
    dead: false,
    outcome: "unknown",
    error: "Response",
  },
];

const fail = (cause: unknown) => () => {
  throw cause;
};

const credentials: Row[] = [
  { name: "a provider whose token is accepted", script: [api], dead: true, outcome: "revoked", provider: INDIFFERENT },
  {
    name: "401, and the provider has another token",
    script: [problem(401), api],
    dead: true,
    outcome: "revoked",
    attempts: 2,
    provider: REFRESHING,
  },
  {
    name: "401 with a page, and the provider has another token",
    script: [page(401), api],
    dead: true,
    outcome: "revoked",
    attempts: 2,
    provider: REFRESHING,
  },
  {
    name: "401, and the other token is refused too",
    script: [problem(401)],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
    attempts: 2,
    provider: REFRESHING,
  },
  {
    name: "401, and the provider has no other token",
    script: [problem(401)],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
    provider: INDIFFERENT,
  },
  {
    name: "401, and the provider then fails",
    script: [problem(401)],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
    says: "vault sealed",
    provider: ({ rejected }) => (rejected ? fail(new Error(`vault sealed for ${rejected}`))() : TOKEN),
  },
  {
    name: "401, and the provider then hangs",
    script: [problem(401)],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
    options: SHORT,
    provider: ({ rejected }) => (rejected ? new Promise(() => {}) : TOKEN),
  },
  {
    name: "401, and the provider then gives nonsense",
    script: [problem(401)],
    dead: false,
    outcome: "not-revoked",
    error: "Problem",
    says: "white space",
    provider: ({ rejected }) => (rejected ? `${FRESH}\n` : TOKEN),
  },
  {
    name: "401, another token, then 503, then 204: the other token is kept",
    script: [problem(401), problem(503), api],
    dead: true,
    outcome: "revoked",
    attempts: 3,
    provider: REFRESHING,
  },
  {
    name: "a provider that throws",
    script: [api],
    dead: false,
    outcome: "not-revoked",
    error: "",
    says: "vault sealed",
    provider: fail(new Error("vault sealed")),
  },
  {
    name: "a provider that throws a text",
    script: [api],
    dead: false,
    outcome: "not-revoked",
    error: "",
    says: "vault sealed",
    provider: fail("vault sealed"),
  },
  {
    name: "a provider that throws nothing",
    script: [api],
    dead: false,
    outcome: "not-revoked",
    error: "",
    says: "provider failed",
    provider: fail(undefined),
  },
  {
    name: "a provider that rejects",
    script: [api],
    dead: false,
    outcome: "not-revoked",
    error: "",
    says: "vault sealed",
    provider: () => Promise.reject(new Error("vault sealed")),
  },
  {
    name: "a provider that hangs",
    script: [api],
    dead: false,
    outcome: "not-revoked",
    error: "Timeout",
    options: SHORT,
    says: "provider",
    provider: () => new Promise(() => {}),
  },
  {
    name: "a provider that is late",
    script: [api],
    dead: false,
    outcome: "not-revoked",
    error: "Timeout",
    options: SHORT,
    provider: () => sleep(300, TOKEN),
  },
  ...[
    undefined,
    null,
    "",
    7,
    {},
    [TOKEN],
    `Bearer ${TOKEN}`,
    `${TOKEN}\n`,
    ` ${TOKEN}`,
    "a b",
    "tökën",
    `${TOKEN}\r\nX-Injected: 1`,
    "=",
    "a=b",
  ].map(
    (token): Row => ({
      name: `a provider that gives ${JSON.stringify(token)?.replace(TOKEN, "T") ?? "undefined"}`,
      script: [api],
      dead: false,
      outcome: "not-revoked",
      error: "",
      says: "provider gave",
      provider: () => token as string,
    }),
  ),
  {
    name: "a lost answer, then a provider that throws",
    script: [killed(cut())],
    dead: true,
    outcome: "unknown",
    error: "",
    attempts: 2,
    provider: (() => {
      let asked = 0;
      return () => (asked++ ? fail(new Error("vault sealed"))() : TOKEN);
    })(),
  },
];

export const ROWS: readonly Row[] = [
  ...success,
  ...unproven,
  ...absent,
  ...elsewhere404,
  ...refused,
  ...retried,
  ...waits,
  ...lost,
  ...late,
  ...stained,
  ...bodies,
  ...floods,
  ...credentials,
];
