// The table of faults: what a server does at each attempt, whether the token is dead in truth, and what must come of it.
import type { CallOptions, ClientOptions, Outcome, TokenProvider } from "../../src/index.js";
import type { Step } from "./server.js";
import {
  api,
  coded,
  codedRecord,
  cut,
  drip,
  endless,
  inTurn,
  killed,
  message,
  NOT_FOUND,
  page,
  problem,
  problemText,
  record,
  recordText,
  reset,
  send,
  stall,
  tooSlow,
} from "./steps.js";
import { expire } from "./timers.js";

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
  /** Answers a read of the record; with something that is none where nothing is said. */
  record?: Step;
  /** How often the record is read, where that is not for the other members to say. */
  reads?: number;
  /** What the record says of the token. */
  revokedAt?: string;
  /** Must be found in the error's message. */
  says?: string;
  /** Must not be found there. */
  never?: string;
  /** `deploy-key` where nothing else is said. */
  tokenSlug?: string;
  /** The path of the base URL; `/api` where nothing else is said. */
  path?: string;
  /** Whether the program is a page in a browser, as far as it can tell. */
  browser?: true;
  /** The trace id that the answer has; else it is the one that was sent. */
  traceId?: string;
  /** What the error says of the server's wish, in ms. */
  retryAfter?: number;
}

type Claim = Outcome | `${Outcome} ${Exclude<Row["error"], "" | undefined>}`;
type More = Omit<Row, "name" | "script" | "dead" | "outcome">;

/** @param claim the outcome, and the error where it rejects. */
const row =
  (isDead: boolean) =>
  (name: string, script: Step | readonly Step[], claim: Claim, more: More = {}): Row => {
    const [outcome, error] = claim.split(" ") as [Outcome, Row["error"]];
    const steps = typeof script === "function" ? [script] : script;
    return { name, script: steps, dead: isDead, outcome, ...(error && { error }), ...more };
  };

/** A row that ends with the token dead in truth. */
export const dead = row(true);
/** A row that ends with the token alive. */
export const alive = row(false);

/** With every character that somebody escapes. */
export const TOKEN = "ksh_faults.0123456789-abcdefgh+ijklmnop/qrstuvwxyz~==";
export const FRESH = "ksh_second.9876543210-zyxwvutsrqponmlkjihgfedcba";

/** Where redirects to another origin lead; nobody may ask it for anything. */
export const elsewhere = { url: "" };

/** What was sent of bodies without end. */
export const flood = { bytes: 0, most: 600 * 1024 * 1024 };

const ONCE = { retries: 0 };
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
  ).map(([name, step]) => dead(name, step, "revoked")),
];

/** Answers that prove nothing: neither is asked again, nor followed. */
const unproven: Row[] = [
  ...[200, 201, 202, 203, 205, 206, 207, 226, 299].map((status) =>
    alive(`${status} with a login page`, status === 205 ? send(message(205, "")) : page(status), "unknown Response"),
  ),
  dead("202 after the token was revoked", killed(page(202)), "unknown Response"),
  alive("200 without a body", send(message(200, "")), "unknown Response"),
  alive("200 with a problem", problem(200), "unknown Response"),
  alive("200 with a body that is not JSON but says so", problemText(200, "{"), "unknown Response"),
  ...[501, 505, 506, 507, 508, 511, 520, 529, 599].map((status) =>
    dead(`${status}`, killed(problem(status)), "unknown Problem"),
  ),
  // An intermediary's word for "the client left": the API may have carried the request out.
  ...[418, 420, 460, 499].map((status) =>
    dead(`${status}, which is not registered`, killed(page(status)), "unknown Response"),
  ),
  alive("501 with a page", page(501), "unknown Response"),
];

/** Never followed. */
const redirects: Row[] = [
  ...[300, 301, 302, 303, 304, 305, 307, 308].flatMap((status): Row[] => [
    alive(
      `${status} to the same origin`,
      [page(status, { Location: "/login" }), killed(send(message(204, undefined)))],
      "unknown Response",
    ),
    alive(
      `${status} to another origin`,
      (exchange) => page(status, { Location: `${elsewhere.url}/steal` })(exchange),
      "unknown Response",
    ),
  ]),
  alive("302 without a Location", page(302), "unknown Response", { says: "Redirects are never followed" }),
  alive("302 to a URL that is none", page(302, { Location: "http://[" }), "unknown Response"),
  dead("302 after the token was revoked", killed(page(302, { Location: "/" })), "unknown Response"),
];

/** Answers without content, whatever their headers say and whatever follows: the socket is freed at once. */
const contentless: Row[] = [204, 205, 304].flatMap((status) =>
  (
    [
      ["a length of 1 GB", "Content-Length: 1000000000\r\n", "x"],
      ["chunks", "Transfer-Encoding: chunked\r\n", "1\r\nx\r\n"],
    ] as const
  ).flatMap(([announced, header, content]): Row[] => {
    const head = `HTTP/1.1 ${status} Status\r\n${header}\r\n`;
    const bodies: [string, Step][] = [
      ["sends nothing more", stall(head)],
      ["sends a byte now and then", inTurn(send(head), drip(content.repeat(100_000), 1))],
      ["sends bytes without end", endless(head, flood)],
    ];
    return bodies.map(([sends, step]): Row => {
      const name = `a ${status} that announces ${announced} and ${sends}`;
      if (status === 204) return dead(name, killed(step), "revoked");
      return alive(name, step, "unknown Response");
    });
  }),
);

const absent: Row[] = [
  alive("404 Token.NotFound", problem(404, NOT_FOUND), "absent Problem", { says: "misspelt" }),
  alive(
    "404 Token.NotFound, its media type in capitals and with a charset",
    problem(404, NOT_FOUND, { "Content-Type": "Application/Problem+JSON;charset=utf-8" }),
    "absent Problem",
  ),
  alive(
    "404 Token.NotFound after a 429 that revoked nothing",
    [problem(429), problem(404, NOT_FOUND)],
    "absent Problem",
    { attempts: 2 },
  ),
];

/** A 404 that says nothing of the token. */
const elsewhere404: Row[] = (
  [
    ["404 NOT_FOUND", problem(404, GONE), "Problem"],
    ["404 without a code", problem(404), "Problem"],
    ["404 whose code is null", problem(404, { code: null }), "Problem"],
    ["404 with no member at all", problemText(404, "{}"), "Problem"],
    ["404 whose code is only in its prototype", problemText(404, '{"__proto__":{"code":"Token.NotFound"}}'), "Problem"],
    ["404 whose code is in other letters", problem(404, { code: "token.notfound" }), "Problem"],
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
).map(([name, step, error]) =>
  alive(name, step, `not-revoked ${error}`, { says: "base URL", never: "Is its path missing" }),
);

/** Every real deployment serves the API below a path. */
const withoutPath: Row[] = (
  [
    ["404 NOT_FOUND", problem(404, GONE), "Problem"],
    ["404 with a page", page(404), "Response"],
  ] as const
).map(([name, step, error]) =>
  alive(`${name}, for a base URL without a path`, step, `not-revoked ${error}`, {
    path: "",
    says: "Is its path missing, such as /api?",
  }),
);

/** The API creates no such names: that it finds none says nothing of the token that was meant. */
const impossible: Row[] = ["Deploy-Key", "-deploy-key", "deploy_key", "x", "x".repeat(101)].flatMap(
  (tokenSlug): Row[] => {
    const more = { tokenSlug, says: "lower-case letters" };
    const of = `for ${tokenSlug.slice(0, 12)}, a name that the API cannot have created`;
    return [
      alive(`404 Token.NotFound, ${of}`, problem(404, NOT_FOUND), "absent Problem", more),
      alive(`a lost answer, then 404 Token.NotFound, ${of}`, [cut(), problem(404, NOT_FOUND)], "absent Problem", {
        ...more,
        attempts: 2,
      }),
      dead(`a 204, ${of}`, api, "revoked", { tokenSlug }),
    ];
  },
);

const refused: Row[] = [
  ...[
    400, 401, 402, 403, 405, 406, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 425, 426, 428, 431,
    451,
  ].map((status) => alive(`${status}`, problem(status), "not-revoked Problem")),
  ...[400, 401, 422].map((status) => alive(`${status} with a page`, page(status), "not-revoked Response")),
  alive("403 Auth.MissingScope", problem(403, { code: "Auth.MissingScope" }), "not-revoked Problem", {
    says: "write:tokens",
  }),
  alive("403 of another code", problem(403, { code: "Auth.Other" }), "not-revoked Problem", { never: "scope" }),
  alive(
    "401 Auth.MissingAuthorizationHeader",
    problem(401, { code: "Auth.MissingAuthorizationHeader" }),
    "not-revoked Problem",
    { says: "proxy" },
  ),
  alive("401 ValidateToken.Invalid", problem(401, { code: "ValidateToken.Invalid" }), "not-revoked Problem", {
    says: "revoked, expired or unknown",
  }),
];

/** The API answers 403 with a problem. Without one it comes from the gateway, whose own auth service is down. */
const gateway: Row[] = (
  [
    ["with a page", page(403)],
    ["without a body", send(message(403, ""))],
    ["with JSON that is no problem", problem(403, {}, { "Content-Type": "application/json" })],
    ["with a problem that is no object", problemText(403, "[]")],
  ] satisfies [string, Step][]
).flatMap(([name, step]): Row[] => [
  dead(`403 ${name}, then a 204`, [step, api], "revoked", { attempts: 2 }),
  alive(`403 ${name}`, step, "not-revoked Response", { attempts: 2, says: "gateway", never: "scope" }),
]);

const retried: Row[] = [
  dead("429, then a 204", [problem(429), api], "revoked", { attempts: 2 }),
  dead("429 with a page, then a 204", [page(429), api], "revoked", { attempts: 2 }),
  alive("429 for ever", problem(429), "not-revoked Problem", { attempts: 2, says: "Wait a few seconds" }),
  alive("429 that says for how long", page(429, { "Retry-After": "7" }), "not-revoked Response", {
    options: ONCE,
    says: "Wait 7 s",
    retryAfter: 7_000,
  }),
  alive("429 with a page for ever", page(429), "not-revoked Response", { attempts: 2 }),
  alive("429, no retry allowed", problem(429), "not-revoked Problem", { options: ONCE }),
  dead("408, then a 204", [problem(408), api], "revoked", { attempts: 2 }),
  dead("408 after the token was revoked, then 404", [killed(problem(408)), api], "absent Problem", { attempts: 2 }),
  alive("408 for ever", page(408), "unknown Response", { attempts: 2 }),
  ...[500, 502, 503, 504].flatMap((status): Row[] => [
    dead(`${status}, then a 204`, [problem(status), api], "revoked", { attempts: 2 }),
    dead(`${status} with a page, then a 204`, [page(status), api], "revoked", { attempts: 2 }),
    dead(`${status} after the token was revoked, then 404`, [killed(problem(status)), api], "absent Problem", {
      attempts: 2,
    }),
    dead(`${status} for ever`, killed(problem(status)), "unknown Problem", { attempts: 2 }),
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
  ].map((value) =>
    dead(`429 with Retry-After: ${value}`, [problem(429, {}, { "Retry-After": value }), api], "revoked", {
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
    "9".repeat(400),
  ].map((value) =>
    dead(
      `503 with a Retry-After that makes no sense: ${value.slice(0, 40)}`,
      [problem(503, {}, { "Retry-After": value }), api],
      "revoked",
      { attempts: 2 },
    ),
  ),
  ...["61", "86400", "99999999999999999999999999", "9".repeat(300), inSeconds(7200)].map((value) =>
    alive(
      `429 with a Retry-After beyond what we wait: ${value.slice(0, 40)}`,
      [problem(429, {}, { "Retry-After": value }), api],
      "not-revoked Problem",
    ),
  ),
  dead(
    "503 with a Retry-After beyond what we wait",
    [killed(page(503, { "Retry-After": "3600" })), api],
    "unknown Response",
    { retryAfter: 3_600_000 },
  ),
  ...[429, 503].map(
    (status): Row => ({
      name: `${status} with a Retry-After, more often than there are retries`,
      script: [1, 2, 3].map(() => problem(status, {}, { "Retry-After": "1" })).concat(api),
      dead: false,
      outcome: status === 429 ? "not-revoked" : "unknown",
      error: "Problem",
      attempts: 3,
      options: { retries: 2 },
    }),
  ),
  alive(
    "503 whose Retry-After is no finite number, once too often",
    problem(503, {}, { "Retry-After": "9".repeat(400) }),
    "unknown Problem",
    { attempts: 2, never: "Infinity" },
  ),
  alive(
    "429 with a Retry-After beyond what the caller allows",
    problem(429, {}, { "Retry-After": "1" }),
    "not-revoked Problem",
    { retryAfter: 1_000, options: { maxRetryAfter: 999 } },
  ),
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
  dead(`${name}, before the token was revoked`, [step, api], "revoked", { attempts: 2 }),
  dead(`${name}, after the token was revoked`, [killed(step), api], "absent Problem", { attempts: 2 }),
  dead(`${name}, for ever`, killed(step), "unknown Connection", { options: ONCE }),
]);

/** Node's fetch makes no answer of these: it is not told the status, and neither are we. */
export const HIDDEN: readonly Row[] = [
  dead("407, then a 204", [problem(407), api], "revoked", { attempts: 2 }),
  dead(
    "a 204 after a 100 Continue that nobody waits for",
    [killed(send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")), api],
    "absent Problem",
    { attempts: 2 },
  ),
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
    dead(name, killed(tooSlow(step)), "unknown Timeout", {
      options: ONCE,
      says: "No complete response within 86400 s",
    }),
    dead(`${name}, then 404`, [killed(tooSlow(step)), api], "absent Problem", { attempts: 2 }),
  ]),
];

/** After one unknown attempt the token may be dead by our own request, whatever a later answer says. */
const afterUnknown: Row[] = [
  dead("a lost answer, then 401: a token that revoked itself", [killed(cut()), problem(401)], "unknown Problem", {
    attempts: 2,
  }),
  dead(
    "a lost answer, then 401, and a new token then meets 404",
    [killed(cut()), problem(401), api],
    "absent Problem",
    { attempts: 3, provider: REFRESHING },
  ),
  dead(
    "a lost answer, then 401, and the provider has no other token",
    [killed(cut()), problem(401)],
    "unknown Problem",
    { attempts: 2, provider: INDIFFERENT },
  ),
  ...[400, 403, 405, 422].map((status) =>
    dead(`a lost answer, then ${status}`, [killed(cut()), problem(status)], "unknown Problem", { attempts: 2 }),
  ),
  dead("a lost answer, then 404 NOT_FOUND", [killed(cut()), problem(404, GONE)], "unknown Problem", { attempts: 2 }),
  dead("a lost answer, then 404 with a page", [killed(cut()), page(404)], "unknown Response", { attempts: 2 }),
  dead("a lost answer, then 429 for ever", [killed(cut()), problem(429)], "unknown Problem", { attempts: 2 }),
  dead("a lost answer, then 429, then 404", [killed(cut()), problem(429), api], "absent Problem", {
    attempts: 3,
    options: { retries: 2 },
  }),
  dead("a 429, then a lost answer, then 404", [problem(429), killed(cut()), api], "absent Problem", {
    attempts: 3,
    options: { retries: 2 },
  }),
  dead("a lost answer, then 404 without a code", [killed(cut()), problem(404)], "unknown Problem", { attempts: 2 }),
  dead("a lost answer, then 403 of the gateway for ever", [killed(cut()), page(403)], "unknown Response", {
    attempts: 2,
  }),
  dead("a 500, then a login page", [killed(problem(500)), page(200)], "unknown Response", { attempts: 2 }),
  dead("a 500, then a redirect", [killed(problem(500)), page(302)], "unknown Response", { attempts: 2 }),
];

/** A browser may repeat a request without telling: a refusal may be the answer to the second one. */
const browser: Row[] = [
  dead("a 204 in a browser", api, "revoked", { browser: true }),
  alive("404 Token.NotFound in a browser", problem(404, NOT_FOUND), "absent Problem", { browser: true }),
  ...[400, 401, 403, 404, 405, 409, 422, 451].map((status) =>
    dead(`${status} in a browser, which may have repeated the request`, killed(problem(status)), "unknown Problem", {
      says: `The API answered ${status}`,
      browser: true,
    }),
  ),
  ...[403, 429].map((status) =>
    dead(
      `${status} with a page in a browser, which may have repeated the request`,
      killed(page(status)),
      "unknown Response",
      { attempts: 2, browser: true },
    ),
  ),
  dead("429 in a browser, which has repeated the request, then 404", [killed(problem(429)), api], "absent Problem", {
    attempts: 2,
    browser: true,
  }),
  dead(
    "401 in a browser, which has repeated the request, and another token then meets 404",
    [killed(problem(401)), api],
    "absent Problem",
    { attempts: 2, provider: REFRESHING, browser: true },
  ),
];

/** What the vendor's support needs is in the message, and no credential with it. */
const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const ids: Row[] = [
  dead("a 204 with a trace id", killed(send(message(204, undefined, { "Kaiten-TraceId": TRACE_ID }))), "revoked", {
    traceId: TRACE_ID,
  }),
  alive("a 500 with the id of its log entry", problem(500, { errorId: "0197e2c4-8a20" }), "unknown Problem", {
    options: ONCE,
    says: "error id 0197e2c4-8a20, trace id ",
  }),
  alive("a 403 with a trace id", problem(403, {}, { "Kaiten-TraceId": TRACE_ID }), "not-revoked Problem", {
    says: `trace id ${TRACE_ID}`,
    traceId: TRACE_ID,
  }),
  alive(
    "ids that repeat the credential",
    (exchange) => {
      const known = exchange.authorization.replace(/^Bearer (ksh_)?/, "");
      return problem(403, { errorId: known }, { "Kaiten-TraceId": exchange.authorization })(exchange);
    },
    "not-revoked Problem",
    { says: "error id [credential], trace id [credential]", traceId: "[credential]" },
  ),
];

const bodies: Row[] = [
  alive(
    "the end of the credential, plain and escaped, in a page",
    (exchange) => {
      const end = exchange.authorization.slice(-20);
      const html = [...end].map((character) => `&#${character.charCodeAt(0)};`).join("");
      const texts = [end, encodeURIComponent(end), end.replaceAll("/", "\\/"), html, end.slice(-16)];
      return send(message(422, texts.join("\n"), { "Content-Type": "text/plain" }))(exchange);
    },
    "not-revoked Response",
  ),
  alive(
    "a short credential that is part of ordinary words",
    problem(403, { title: "No token", detail: "There are no tokens here." }),
    "not-revoked Problem",
    { says: "No token: There are no tokens here.", provider: () => "token" },
  ),
  alive(
    "the credential percent-encoded, in a page and in a header",
    (exchange) => {
      const encoded = encodeURIComponent(exchange.authorization);
      return send(message(403, `<p>${encoded}`, { "Content-Type": "text/html", "X-Echo": encoded }))(exchange);
    },
    "not-revoked Response",
    { attempts: 2 },
  ),
  alive(
    "the credential with its slashes escaped, in a page of JSON",
    (exchange) => {
      const escaped = `{"echo":"${exchange.authorization.replaceAll("/", "\\/")}"}`;
      return send(message(403, escaped, { "Content-Type": "application/json" }))(exchange);
    },
    "not-revoked Response",
    { attempts: 2 },
  ),
  alive(
    "more content codings than anybody needs",
    problemText(403, "x", { "Content-Encoding": Array(3_000).fill("br").join(",") }),
    "unknown Connection",
    { options: ONCE },
  ),
  alive(
    "a content coding of an odd name",
    problemText(403, "{}", { "Content-Encoding": "constructor" }),
    "not-revoked Problem",
  ),
  alive("403 in gzip", coded(403, "gzip"), "not-revoked Problem", { says: "Coded" }),
  alive("403 in deflate", coded(403, "deflate"), "not-revoked Problem", { says: "Coded" }),
  alive("403 in br", coded(403, "br"), "not-revoked Problem", { says: "Coded" }),
  alive("404 Token.NotFound in gzip", coded(404, "gzip", NOT_FOUND), "absent Problem"),
  alive(
    "404 Token.NotFound after a byte order mark",
    problemText(404, '\uFEFF{"code":"Token.NotFound"}'),
    "absent Problem",
  ),
  alive(
    "403 in a coding that nobody knows",
    problemText(403, '{"title":"T"}', { "Content-Encoding": "x-own" }),
    "not-revoked Problem",
  ),
  alive("403 in UTF-16", problemText(403, Buffer.from('{"title":"T"}', "utf16le")), "not-revoked Response", {
    attempts: 2,
  }),
  alive(
    "403 in bytes that are no UTF-8",
    problemText(403, Buffer.from([0x22, 0xff, 0xfe, 0x80, 0x22])),
    "not-revoked Response",
    { attempts: 2 },
  ),
  alive(
    "a problem whose members all have the wrong type",
    problemText(
      403,
      '{"type":1,"title":{},"status":"x","detail":[],"instance":0,"errors":"no","code":{},"errorId":false}',
    ),
    "not-revoked Problem",
  ),
  alive(
    "a problem whose errors are no objects",
    problemText(422, '{"errors":[null,1,"x",[],{"location":3,"message":"m"}]}'),
    "not-revoked Problem",
  ),
  alive(
    "a problem whose members are all null",
    problemText(403, '{"type":null,"title":null,"status":null,"detail":null,"errors":null}'),
    "not-revoked Problem",
  ),
  alive("a problem whose status lies", problem(403, { status: 204 }), "not-revoked Problem"),
  alive("a problem whose status is 404 in a 403", problem(403, { status: 404, ...NOT_FOUND }), "not-revoked Problem"),
  alive(
    "a problem that would change prototypes",
    problemText(
      403,
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"errors":[{"__proto__":{"polluted":1}}],"x":{"__proto__":{"polluted":1}}}',
    ),
    "not-revoked Problem",
  ),
  alive(
    "a 404 with a code of its own, and another one in its prototype",
    problemText(404, '{"code":"Token.NotFound","__proto__":{"code":"NOT_FOUND"}}'),
    "absent Problem",
  ),
  alive(
    "a problem nested 30 000 deep",
    problemText(403, `{"x":${"[".repeat(30_000)}${"]".repeat(30_000)}}`),
    "not-revoked Problem",
  ),
  alive(
    "a list nested 30 000 deep",
    problemText(403, `${"[".repeat(30_000)}${"]".repeat(30_000)}`),
    "not-revoked Response",
    { attempts: 2 },
  ),
  alive(
    "a problem of exactly 64 KiB",
    problemText(403, JSON.stringify({ title: "t", pad: "x".repeat(64 * 1024 - 22) }).padEnd(64 * 1024)),
    "not-revoked Problem",
  ),
  alive(
    "a problem longer than 64 KiB",
    problemText(403, JSON.stringify({ title: "t", pad: "x".repeat(80 * 1024) })),
    "not-revoked Response",
    { attempts: 2 },
  ),
  alive(
    "a 404 Token.NotFound longer than 64 KiB",
    problemText(404, JSON.stringify({ ...NOT_FOUND, pad: "x".repeat(80 * 1024) })),
    "not-revoked Response",
  ),
  alive(
    "the credential all over a body longer than 64 KiB",
    (exchange) => problemText(403, `${exchange.authorization}`.repeat(4000))(exchange),
    "not-revoked Response",
    { attempts: 2 },
  ),
];

const floods: Row[] = [
  dead(
    "a 500 with a body of hundreds of MB",
    killed(endless("HTTP/1.1 500 No\r\nContent-Length: 900000000\r\n\r\n", flood)),
    "unknown Response",
    { options: ONCE },
  ),
  alive(
    "a 403 with a body without end",
    endless("HTTP/1.1 403 No\r\nConnection: close\r\n\r\n", flood),
    "not-revoked Response",
    { attempts: 2 },
  ),
  alive(
    "a 205 with a body without end",
    endless("HTTP/1.1 205 Reset Content\r\nContent-Length: 900000000\r\n\r\n", flood),
    "unknown Response",
  ),
  alive("a login page without end", endless("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", flood), "unknown Response"),
];

const fail = (cause: unknown) => () => {
  throw cause;
};

/** A provider that gives no token before the time limit of the attempt ends, nor after. */
const never = () => {
  queueMicrotask(expire);
  return new Promise<never>(() => {});
};

const credentials: Row[] = [
  dead("a provider whose token is accepted", api, "revoked", { provider: INDIFFERENT }),
  dead("401, and the provider has another token", [problem(401), api], "revoked", {
    attempts: 2,
    provider: REFRESHING,
  }),
  dead("401 with a page, and the provider has another token", [page(401), api], "revoked", {
    attempts: 2,
    provider: REFRESHING,
  }),
  alive("401, and the other token is refused too", problem(401), "not-revoked Problem", {
    attempts: 2,
    provider: REFRESHING,
  }),
  alive("401, and the provider has no other token", problem(401), "not-revoked Problem", { provider: INDIFFERENT }),
  alive("401, and the provider then fails", problem(401), "not-revoked Problem", {
    says: "vault sealed",
    provider: ({ rejected }) => (rejected ? fail(new Error("vault sealed"))() : TOKEN),
  }),
  alive("401, and the provider then fails with the token in its words", problem(401), "not-revoked Problem", {
    says: "gave no replacement: The token provider failed: [credential]",
    provider: ({ rejected }) => (rejected ? fail(new Error(`vault sealed for ${rejected}`))() : TOKEN),
  }),
  alive("401, and the provider then hangs", problem(401), "not-revoked Problem", {
    says: "the token provider gave no replacement: it took longer than 86400 s",
    provider: ({ rejected }) => (rejected ? never() : TOKEN),
  }),
  alive("401, and the provider then gives nonsense", problem(401), "not-revoked Problem", {
    says: "white space",
    provider: ({ rejected }) => (rejected ? `${FRESH}\n` : TOKEN),
  }),
  dead(
    "401, another token, then 503, then 204: the other token is kept",
    [problem(401), problem(503), api],
    "revoked",
    { attempts: 3, provider: REFRESHING },
  ),
  alive("a provider that throws", api, "not-revoked", {
    error: "",
    says: "vault sealed",
    provider: fail(new Error("vault sealed")),
  }),
  alive("a provider that throws a text", api, "not-revoked", {
    error: "",
    says: "vault sealed",
    provider: fail("vault sealed"),
  }),
  alive("a provider that throws nothing", api, "not-revoked", {
    error: "",
    says: "provider failed",
    provider: fail(undefined),
  }),
  alive("a provider that rejects", api, "not-revoked", {
    error: "",
    says: "vault sealed",
    provider: () => Promise.reject(new Error("vault sealed")),
  }),
  alive("a provider that hangs", api, "not-revoked Timeout", {
    options: ONCE,
    says: "No token from the token provider within 86400 s",
    provider: never,
  }),
  alive("a provider that is late", api, "not-revoked Timeout", {
    options: ONCE,
    provider: async () => {
      expire();
      return TOKEN;
    },
  }),
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
  ].map((token) =>
    alive(`a provider that gives ${JSON.stringify(token)?.replace(TOKEN, "T") ?? "undefined"}`, api, "not-revoked", {
      error: "",
      says: "from the token provider",
      provider: () => token as string,
    }),
  ),
  dead("a lost answer, then a provider that throws", killed(cut()), "unknown", {
    error: "",
    attempts: 2,
    provider: (() => {
      let asked = 0;
      return () => (asked++ ? fail(new Error("vault sealed"))() : TOKEN);
    })(),
  }),
];

const REVOKED_AT = "2026-11-28T09:30:00.123456Z";
const REVOKED = { slug: "deploy-key", revokedAt: REVOKED_AT, revokedBy: { id: "user-1", name: "Ada" } };
const ACTIVE = { slug: "deploy-key" };
const OTHERS = [{ slug: "deploy-key-2" }, { slug: "Deploy-Key", revokedAt: REVOKED_AT }];
const NO_ACCOUNT = problem(404, { code: "ServiceAccount.NotFound" });

/** What the record makes of an answer that leaves the token open. */
const records: Row[] = [
  dead("a lost answer, and the record has the token revoked", killed(cut()), "revoked", {
    options: ONCE,
    record: record([...OTHERS, REVOKED]),
    revokedAt: REVOKED_AT,
  }),
  alive("a lost answer, and the record has the token active", cut(), "unknown Connection", {
    options: ONCE,
    record: record([ACTIVE]),
    says: "active",
  }),
  ...[record(OTHERS), record([]), NO_ACCOUNT].map((step, index) =>
    alive(
      `a lost answer, and the record has no such ${["token", "token, nor any", "account"][index]}`,
      cut(),
      "absent Connection",
      {
        options: ONCE,
        record: step,
        says: `${["The service account has no token", "The service account has no token", "There is no service account"][index]} by this name`,
      },
    ),
  ),
  dead("404 Token.NotFound, and the record has the token revoked", killed(problem(404, NOT_FOUND)), "revoked", {
    record: record([REVOKED]),
    revokedAt: REVOKED_AT,
  }),
  alive(
    "404 Token.NotFound, and the record has the token active: they contradict each other",
    problem(404, NOT_FOUND),
    "unknown Problem",
    { record: record([ACTIVE]) },
  ),
  alive("404 Token.NotFound, and the record has no such token", problem(404, NOT_FOUND), "absent Problem", {
    record: record(OTHERS),
  }),
  dead("400, and the record has the token revoked", killed(problem(400)), "revoked", {
    record: record([REVOKED]),
    revokedAt: REVOKED_AT,
  }),
  alive("400, and the record has the token active", problem(400), "not-revoked Problem", { record: record([ACTIVE]) }),
  ...[problem(401), page(401), problem(403)].map(
    (step, index): Row => ({
      name: `${["401", "401 with a page", "403"][index]}: the record is not asked`,
      script: [step],
      dead: false,
      outcome: "not-revoked",
      error: index === 1 ? "Response" : "Problem",
      record: record([REVOKED]),
      reads: 0,
    }),
  ),
  dead("403 with a page, and the record has the token revoked", killed(page(403)), "revoked", {
    options: ONCE,
    record: record([REVOKED]),
    revokedAt: REVOKED_AT,
  }),
  dead("a login page, and the record has the token revoked", killed(page(200)), "revoked", {
    record: record([REVOKED]),
    revokedAt: REVOKED_AT,
  }),
  ...(
    [
      ["in gzip", codedRecord("gzip", [REVOKED])],
      ["in br", codedRecord("br", [REVOKED])],
      ["of ten megabytes", record([REVOKED, { slug: "x", name: "x".repeat(10_000_000) }])],
    ] satisfies [string, Step][]
  ).map(([name, step]) =>
    dead(`a lost answer, and a record ${name}`, killed(cut()), "revoked", {
      options: ONCE,
      record: step,
      revokedAt: REVOKED_AT,
    }),
  ),
];

/** Answers to a read that prove nothing: `unit/record.test.ts` has those that differ in what a whole record says. */
const unread: Row[] = (
  [
    ["a page", page(200)],
    ["401", problem(401)],
    ["403", problem(403)],
    ["404 NOT_FOUND", problem(404, GONE)],
    ["404 Token.NotFound", problem(404, NOT_FOUND)],
    ["429", problem(429)],
    ["500", problem(500)],
    ["status 203", record([REVOKED], {}, {}, 203)],
    ["a redirect", (exchange) => record([REVOKED], {}, { Location: `${elsewhere.url}/steal` }, 302)(exchange)],
    ["an age of a minute", record([REVOKED], {}, { Age: "60" })],
    ["no media type", record([REVOKED], {}, { "Content-Type": "" })],
    ["half of it", recordText('{"slug":"ci-bot","tokens":[{"slug":"deploy-key","revokedAt":"2026-11-28T09:30:00Z"}')],
    ["nothing", recordText("")],
    [
      "a body that is cut off",
      cut('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"slug":'),
    ],
    [
      "a body without end",
      endless("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n", flood),
    ],
    ["more than 16 MiB", record([REVOKED, { slug: "x", name: "x".repeat(17 * 1024 * 1024) }])],
    ["garbled gzip", recordText("this is not gzip", { "Content-Encoding": "gzip" })],
    ["30 000 levels", recordText(`{"slug":"ci-bot","tokens":[${'{"x":'.repeat(30_000)}1${"}".repeat(30_000)}]}`)],
    ["a closed connection", cut()],
    ["a reset", reset],
    ["no answer in time", tooSlow(stall())],
    ["half an answer in time", tooSlow(stall('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"slug"'))],
  ] satisfies [string, Step][]
).map(([name, step]) =>
  dead(`a lost answer, and ${name} in place of the record`, killed(cut()), "unknown Connection", {
    options: ONCE,
    record: step,
    says: "record could not be read",
  }),
);

/** Rows in which it matters through which transport they are played. */
export const TRANSPORT_ROWS: readonly Row[] = [
  ...success,
  ...redirects,
  ...contentless,
  ...lost,
  ...late,
  ...bodies,
  ...floods,
  ...unread,
];

/** Rows that any client can play. */
export const ROWS: readonly Row[] = [
  ...success,
  ...unproven,
  ...redirects,
  ...contentless,
  ...absent,
  ...elsewhere404,
  ...refused,
  ...gateway,
  ...retried,
  ...waits,
  ...lost,
  ...late,
  ...afterUnknown,
  ...ids,
  ...bodies,
  ...floods,
  ...credentials,
];

/** Rows about options, names and runtimes that only this client knows. */
export const OWN_ROWS: readonly Row[] = [...withoutPath, ...impossible, ...records, ...unread, ...browser];
