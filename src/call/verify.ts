// Asks whether a secret is still accepted, by the one operation there is, and destroys nothing.
import { deleteServiceAccountToken } from "../../generated/client.js";
import {
  type Answer,
  describeAnswer,
  GATEWAY,
  NOT_THE_API,
  pathHint,
  sentence,
  waitAdvice,
} from "../answer/to-error.js";
import type { Verification } from "../types.js";
import type { Attempt, Transport } from "./attempt.js";
import type { CallCredential } from "./credential.js";
import { type CallOperation, type CallSettings, createCall, perform } from "./perform.js";
import { secureHex } from "./platform.js";
import { type AttemptResult, verdict } from "./verdict.js";

type Finding = Pick<Verification, "validity" | "canRevoke" | "reason">;

/**
 * Sends a DELETE for a token that cannot exist: its name and its account's are 128 random bits each.
 *
 * @throws the signal's reason.
 */
export async function verify(
  transport: Transport,
  credential: CallCredential,
  settings: CallSettings,
): Promise<Verification> {
  const ref = { serviceAccountSlug: `verify-${secureHex(16)}`, tokenSlug: `verify-${secureHex(16)}` };
  const operation: CallOperation = {
    slugs: ref,
    send: (client, init) => deleteServiceAccountToken(client, { params: { path: ref }, ...init }),
    judge(result, maybeRevoked) {
      const { outcome, next } = verdict(result, maybeRevoked, false);
      // The question is about this token, not about its replacement.
      return { outcome, next: next === "refresh" ? "stop" : next };
    },
    credential,
  };
  const { last, aborted } = await perform(createCall(transport, operation, settings), settings);
  if (aborted || !last) throw settings.signal?.reason;
  const { at, traceId } = last;
  return { ...read(last), at, ...(traceId !== undefined && { traceId }) };
}

function read({ result, request }: Attempt): Finding {
  if (result.kind !== "problem") return { validity: "unknown", reason: whyUnknown(result, request.url) };
  const { status, unreadableName } = result;
  const { code, type } = result.problem;
  if (status === 404 && code === "Token.NotFound") {
    return { validity: "active", canRevoke: true, reason: "The API accepts the secret, and it may revoke tokens." };
  }
  if (status === 403 && code === "Auth.MissingScope") {
    const reason = "The API accepts the secret. It lacks the scope write:tokens.";
    return { validity: "active", canRevoke: false, reason };
  }
  const isNamed = code !== undefined || type !== "about:blank";
  if (status === 401 && !unreadableName && (code === "ValidateToken.Invalid" || !isNamed)) {
    const reason =
      "This replica of the API does not accept the secret: it is revoked, expired, mistyped or of another deployment.";
    return { validity: "inactive", reason };
  }
  return { validity: "unknown", reason: whyUnknown(result, request.url) };
}

/** What happened, what it means, and what to do. */
function whyUnknown(result: AttemptResult, url: string): string {
  const [what, advice] =
    result.kind === "failure"
      ? [result.reason, AFTER_FAILURE[result.why]]
      : [describeAnswer(result), adviceFor(result, url)];
  return `${sentence(what)} This says nothing about the secret. ${advice}`;
}

const AFTER_FAILURE = {
  argument: "Nothing was sent.",
  credential: "Nothing was sent: the token provider must return a token.",
  connection: "Check the base URL and the network, then try again.",
  timeout: "Try again, or allow a longer timeout.",
  abort: "Try again.",
};

function adviceFor(result: Answer, url: string): string {
  const { status } = result;
  if (result.kind === "response") {
    if (result.redirected || status === 0 || (status >= 300 && status < 400)) {
      return `The request was redirected: check the base URL.${pathHint(url)}`;
    }
    if (status === 204) {
      return "The server confirmed the revocation of a token that cannot exist, so none of its answers are proof. Check the base URL: it may lead to a mock or a proxy.";
    }
    if (status === 403) return GATEWAY;
  } else if (result.problem.code === "Auth.NoIdentity") {
    return "No credential arrived. A proxy on the way may remove the Authorization header: use a way around it.";
  }
  if (status === 429) return waitAdvice(result);
  if (status === 408 || status >= 500) return "Try again later.";
  if (status === 404 || status === 405) return `There may be no API at this base URL: check it.${pathHint(url)}`;
  if (result.kind === "response") return NOT_THE_API + pathHint(url);
  return "Check the base URL. If it is right, give the trace id to the support of the API.";
}
