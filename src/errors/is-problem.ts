// Narrows a caught value to a problem that the API answered with.

import { KaitenProblemError } from "./errors.js";
import type { ProblemStatus } from "./problem.js";

/**
 * Whether a caught value is a {@link KaitenProblemError}, of that status where one is given.
 *
 * @example
 * if (isProblem(error, 403)) console.error("The credential lacks write:tokens", error.problem.detail);
 */
export function isProblem(error: unknown): error is KaitenProblemError;
/** @param status any number; those that the spec documents are suggested. */
export function isProblem<Status extends ProblemStatus | (number & {})>(
  error: unknown,
  status: Status,
): error is KaitenProblemError<Status>;
export function isProblem(error: unknown, status?: number): boolean {
  return error instanceof KaitenProblemError && (status === undefined || error.status === status);
}
