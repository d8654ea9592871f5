// Narrows what was caught to a problem that the API answered with.
import type { problemStatuses } from "../../generated/client.js";
import { KaitenProblemError } from "./errors.js";

/** A status that the spec documents as a problem. */
export type ProblemStatus = (typeof problemStatuses.deleteServiceAccountToken)[number];

/**
 * Whether a caught value is a {@link KaitenProblemError}, of that status where one is given.
 *
 * @example
 * if (isProblem(error, 403)) console.error("The credential lacks write:tokens", error.problem.detail);
 */
export function isProblem(error: unknown): error is KaitenProblemError;
export function isProblem<Status extends ProblemStatus>(
  error: unknown,
  status: Status,
): error is KaitenProblemError<Status>;
export function isProblem(error: unknown, status?: number): boolean {
  return error instanceof KaitenProblemError && (status === undefined || error.status === status);
}
