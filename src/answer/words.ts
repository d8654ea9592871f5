// Puts an answer into words: what came, and what to do about it. One table of advice for revoking, reading and verifying.
import type { Answer } from "./result.js";

/** Control characters, which could end a line of a log or begin another. */
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu;

/** One line, with a full stop. */
export function sentence(text: string): string {
  const line = text.replace(CONTROL, " ").trim();
  return /[.!?]$/.test(line) ? line : `${line}.`;
}

/** What a page or a plain text says of itself, at most this long. */
const MAX_TITLE = 100;

const isRedirect = (answer: Answer): boolean =>
  answer.kind === "response" && (answer.redirected || (answer.status >= 300 && answer.status < 400));

export function describeAnswer(answer: Answer): string {
  if (answer.kind === "problem") {
    const { status, problem } = answer;
    const name = problem.code ?? problem.title ?? "";
    return [`The API answered ${status} ${name}`.trimEnd(), problem.detail].filter(Boolean).join(": ");
  }
  const type = answer.headers.get("content-type") ?? "no media type";
  const title = titleOf(type, answer.excerpt);
  const what = isRedirect(answer) ? "Unexpected redirect" : "Unexpected response";
  return `${what} ${answer.status || "without a status"} (${type}${title && `, "${title}"`})`.replace(
    "redirect without a status",
    "redirect",
  );
}

function titleOf(type: string, excerpt: string): string {
  const text = /^text\/plain/i.test(type) ? excerpt : /<title[^>]*>([^<]+)/i.exec(excerpt)?.[1];
  const line = (text ?? "").trim().replace(/\s+/g, " ");
  return line.length > MAX_TITLE ? `${line.slice(0, MAX_TITLE)}…` : line;
}

const NOT_THE_API = "This is not the API's answer: check the base URL.";
const LATER = "Try again later.";

/** What to do, by the code of the problem. */
const BY_CODE: Readonly<Record<string, (scope: string) => string>> = {
  "Auth.MissingScope": (scope) => `The credential needs the scope ${scope}.`,
  "Auth.MissingAuthorizationHeader": () =>
    "No credential arrived. A proxy on the way may remove the Authorization header.",
  "Auth.UserDeleted": () => "The user that the credential belongs to is deleted: use another credential.",
  "Auth.MembershipDeleted": () => "The membership that the credential belongs to has ended: use another credential.",
  // What it means was said: it is the API's own answer.
  "Token.NotFound": () => "",
  "ValidateToken.Invalid": () =>
    "The credential is revoked, expired or unknown here, or the API cannot reach its database, which looks the same: use another credential, or try again later.",
};

/** What to do, by what came; the first row that fits. */
const BY_ANSWER: readonly (readonly [
  fits: (answer: Answer) => boolean,
  advice: (answer: Answer, hint: string) => string,
])[] = [
  [isRedirect, (_, hint) => `Redirects are never followed: check the base URL.${hint}`],
  [({ status }) => status < 300, (_, hint) => NOT_THE_API + hint],
  [
    ({ kind, status }) => status === 401 && kind === "response",
    () => "A gateway refused the credential, as it does with a JWT that has expired: get a new one.",
  ],
  [({ status }) => status === 401, () => "The credential was refused: use another one, or try again later."],
  [
    ({ kind, status }) => status === 403 && kind === "response",
    () => `This 403 comes from a gateway in front of the API, not from the API. ${LATER}`,
  ],
  [
    ({ status }) => status === 404 || status === 405,
    (_, hint) => `There may be no API at this base URL: check it.${hint}`,
  ],
  [
    ({ status }) => status === 429,
    ({ retryAfter }) => `Wait ${retryAfter ? `${Math.ceil(retryAfter / 1_000)} s` : "a few seconds"}, then try again.`,
  ],
  [({ status }) => status === 408 || status >= 500, () => LATER],
];

/**
 * @param url that was asked, redacted.
 * @param scope that the operation needs.
 * @returns what to do about the answer; empty where there is nothing to say.
 */
export function adviceFor(answer: Answer, url: string, scope: string): string {
  const code = answer.kind === "problem" ? answer.problem.code : undefined;
  if (code !== undefined && Object.hasOwn(BY_CODE, code)) return (BY_CODE[code] as (scope: string) => string)(scope);
  return BY_ANSWER.find(([fits]) => fits(answer))?.[1](answer, pathHint(url)) ?? "";
}

/** Every real deployment serves the API below a path. The URL is redacted: it may not parse. */
function pathHint(url: string): string {
  return /^https?:\/\/[^/]*\/service-accounts\//.test(url) ? " Is its path missing, such as /api?" : "";
}
