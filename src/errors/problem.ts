// Problem details for HTTP APIs (RFC 9457), as the spec types them.
import type { problemStatuses } from "../../generated/client.js";
import type { components, operations } from "../../generated/schema.js";

type Responses = operations["delete-service-account-token"]["responses"];

/** A status that the spec documents as a problem. */
export type ProblemStatus = (typeof problemStatuses.deleteServiceAccountToken)[number];

/** The gateway's 429 has no documented content, and another gateway may answer with a problem. */
type Documented<Status> = Status extends keyof Responses
  ? Responses[Status] extends { content: infer Content }
    ? Content[keyof Content]
    : components["schemas"]["Problem"]
  : components["schemas"]["Problem"];

/**
 * A problem as the spec types it for its status. `type` is filled in (RFC 9457 §3.1.1), `status` is that of the answer.
 * Members that a server added are kept.
 */
export type Problem<Status extends number = number> = Documented<Status> & { type: string; status: Status };

/** RFC 9457 §3: the media type says that a body is a problem; JSON alone does not. */
export function isProblemType(contentType: string | null): boolean {
  return /^\s*application\/problem\+json\s*(;|$)/i.test(contentType ?? "");
}

const TEXT_MEMBERS = ["type", "title", "detail", "instance", "code", "errorId"] as const;
const ERROR_MEMBERS = ["location", "message"] as const;

/** RFC 9457 §3.1: a member of the wrong type must be ignored. */
function withoutNonText(value: object, names: readonly string[]): object {
  return Object.fromEntries(
    Object.entries(value).filter(([name, member]) => !names.includes(name) || typeof member === "string"),
  );
}

/**
 * Reads a parsed body as a problem. The HTTP status replaces the body's own, which is advisory (RFC 9457 §3.1.2);
 * `type` is `about:blank` where none is given (§3.1.1).
 */
export function readProblem(body: object, status: number): Problem {
  const { errors, ...rest } = body as Record<string, unknown>;
  const details = Array.isArray(errors)
    ? errors.filter((item) => typeof item === "object" && item).map((item) => withoutNonText(item, ERROR_MEMBERS))
    : errors;
  return {
    type: "about:blank",
    ...withoutNonText(rest, TEXT_MEMBERS),
    status,
    ...((Array.isArray(details) || details === null) && { errors: details }),
  };
}
