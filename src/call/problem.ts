// Problem details for HTTP APIs (RFC 9457), as the spec types them.
import type { components } from "../../generated/schema.js";

/** A problem as `openapi.yaml` has it, its `type` filled in. Members that a server added are kept. */
export type Problem = components["schemas"]["Problem"] & { type: string };

/** RFC 9457 §3: the media type says that a body is a problem; JSON alone does not. */
export function isProblemType(contentType: string | null): boolean {
  return /^\s*application\/problem\+json\s*(;|$)/i.test(contentType ?? "");
}

const TEXT_MEMBERS = ["type", "title", "detail", "instance", "code", "errorId"] as const;
const ERROR_MEMBERS = ["location", "message"] as const;

/** Without those of the named members that are there and not strings (RFC 9457 §3.1: they must be ignored). */
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
