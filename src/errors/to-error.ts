// Turns the attempt that ended a call into the error that the caller gets: what happened, to which request, what it
// means for the token, and what to do.
import type { Attempt } from "../call/attempt.js";
import { CredentialError } from "../call/credential.js";
import { Expired } from "../call/deadline.js";
import { readProblem } from "../call/problem.js";
import { redact, redactCause, redactHeaders, redactJson } from "../call/redact.js";
import { readRetryAfter } from "../call/retry.js";
import {
  type Failure,
  KaitenConnectionError,
  KaitenError,
  KaitenProblemError,
  KaitenResponseError,
  KaitenTimeoutError,
} from "./errors.js";

const MEANING: Record<Failure["outcome"], string> = {
  absent:
    "The API has no active token by this slug in the credential's organization: it is revoked already, or a slug is misspelt.",
  "not-revoked": "The token was not revoked: if it was active, it still is.",
  unknown:
    "The token may be revoked or not: treat it as active and revoke it again; `absent` then means that it is dead.",
};

/** What to do about an answer, by its status. */
const ADVICE: readonly (readonly [from: number, to: number, advice: string])[] = [
  [0, 0, "Redirects are never followed: check the base URL."],
  [200, 299, "This is not the API's answer: check the base URL."],
  [300, 399, "Redirects are never followed: check the base URL."],
  [401, 401, "Check the credential."],
  [403, 403, "The credential needs the scope write:tokens."],
  [404, 405, "This says nothing of the token: check the base URL, its path, and the service account."],
  [429, 429, "Wait before you try again."],
];

/** How much of a body an error shows, in bytes. */
const EXCERPT = 2048;

export interface Ending {
  attempt: Attempt;
  outcome: Failure["outcome"];
  attempts: number;
  /** Of the last attempt, in ms. */
  timeout: number;
  /** Every token that was sent. */
  secrets: readonly string[];
}

export function explain(ending: Ending): KaitenError {
  const { attempt, outcome, attempts, timeout, secrets } = ending;
  const { evidence, answer, cause } = attempt;
  const { method } = attempt.request;
  const url = redact(attempt.request.url, secrets);
  const failure: Failure = { outcome, attempts, request: { method, url } };
  const say = (what: string, advice = "") =>
    `${what.replace(/\.$/, "")}. ${MEANING[outcome]}${advice && ` ${advice}`} ` +
    `(${method} ${url}, ${attempts} attempt${attempts === 1 ? "" : "s"})`;

  const copy = redactCause(cause instanceof CredentialError ? cause.cause : cause, secrets);
  const reason = reasonOf(cause, secrets);
  if (answer) {
    const { status } = answer;
    const headers = redactHeaders(answer.headers, secrets);
    const advice = outcome === "absent" ? "" : ADVICE.find(([from, to]) => status >= from && status <= to)?.[2];
    const then = cause ? `; then no other token was to be had: ${reason}` : "";
    if ("problem" in evidence && evidence.problem) {
      const problem = readProblem(redactJson(answer.body, secrets) as object, status);
      const retryAfter = readRetryAfter(headers.get("retry-after"));
      const { code, title, detail } = problem;
      const what =
        [`The API answered ${status} ${code ?? title ?? ""}`.trimEnd(), detail].filter(Boolean).join(": ") + then;
      return new KaitenProblemError(
        say(what, advice),
        { status, problem, headers, retryAfter },
        { ...failure, cause: copy },
      );
    }
    const excerpt = cut(redact(answer.text, secrets));
    const type = headers.get("content-type") ?? "no media type";
    const what = `Something answered ${status || "with a redirect"} (${type})${then}`;
    return new KaitenResponseError(say(what, advice), { status, headers, excerpt }, { ...failure, cause: copy });
  }
  if (cause instanceof Expired) {
    const unsent = "failure" in evidence && evidence.failure === "unsent";
    const what = `No ${unsent ? "token came from the provider" : "whole answer came"} within ${timeout} ms`;
    return new KaitenTimeoutError(say(what), timeout, failure);
  }
  if (cause instanceof CredentialError) return new KaitenError(say(reason), { ...failure, cause: copy });
  return new KaitenConnectionError(say(`The connection failed: ${reason}`), { ...failure, cause: copy });
}

/** Why an attempt got no answer, in words. */
export function reasonOf(cause: unknown, secrets: readonly string[]): string {
  const inner = redactCause(cause instanceof CredentialError ? cause.cause : cause, secrets);
  return [cause instanceof CredentialError && cause.message, inner && root(inner)].filter(Boolean).join(": ");
}

function cut(text: string): string {
  // As a stream, so that a character of several bytes at the end is left out, not replaced.
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, EXCERPT), { stream: true });
}

/** The innermost cause that has words: `fetch failed` alone helps nobody. */
function root(error: Error & { code?: unknown }): string {
  const inner = error.cause instanceof Error ? root(error.cause) : "";
  const { message, code } = error;
  return inner || (code && !message.includes(String(code)) ? `${message} (${code})` : message);
}
