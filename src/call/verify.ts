// Asks whether a secret is still accepted, by the one operation there is, and destroys nothing.
import { deleteServiceAccountToken } from "../../generated/client.js";
import type { Verification } from "../types.js";
import type { Transport } from "./attempt.js";
import type { CallCredential } from "./credential.js";
import { type CallSettings, perform } from "./perform.js";
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
  const { last, aborted } = await perform(transport, {
    slugs: ref,
    send: (client, init) => deleteServiceAccountToken(client, { params: { path: ref }, ...init }),
    judge(result, maybeRevoked) {
      const { outcome, next } = verdict(result, maybeRevoked, false);
      // The question is about this token, not about its replacement.
      return { outcome, next: next === "refresh" ? "stop" : next };
    },
    ...{ credential, ...settings },
  });
  if (aborted || !last) throw settings.signal?.reason;
  const { at, traceId, result } = last;
  return { ...read(result), at, ...(traceId !== undefined && { traceId }) };
}

function read(result: AttemptResult): Finding {
  if (result.kind === "failure") return { validity: "unknown", reason: result.reason };
  const { status } = result;
  if (result.kind === "response") {
    const reason =
      status === 204
        ? "The server confirmed the revocation of a token that cannot exist: its answers prove nothing."
        : `Unexpected response ${status}: it is not the API's, and proves nothing. Check the base URL, or try again later.`;
    return { validity: "unknown", reason };
  }
  const { code, title = "", type } = result.problem;
  if (status === 404 && code === "Token.NotFound") {
    return { validity: "active", canRevoke: true, reason: "The API accepts the secret, and it may revoke tokens." };
  }
  if (status === 403 && code === "Auth.MissingScope") {
    const reason = "The API accepts the secret. It lacks the scope write:tokens.";
    return { validity: "active", canRevoke: false, reason };
  }
  if (status === 401 && (code === "ValidateToken.Invalid" || (code === undefined && type === "about:blank"))) {
    const reason =
      "This replica of the API does not accept the secret: it is revoked, expired, mistyped or of another deployment.";
    return { validity: "inactive", reason };
  }
  return { validity: "unknown", reason: `The API answered ${status} ${code ?? title}`.trimEnd() };
}
