// What a person can put right: told in a line each, without a stack.
import { relative } from "node:path";
import { getSystemErrorMap } from "node:util";

/** The message says what is wrong and where; nothing was written. */
export class InputError extends Error {}

/** A path as a person would type it here. */
export const shown = (path: string): string => (/^https?:/.test(path) ? path : relative("", path) || ".");

/** What the operating system or the command line refused, in words; other faults are our own, and stay as they are. */
export function asInputError(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  if (String(error.code).startsWith("ERR_PARSE_ARGS_")) {
    return new InputError(`${error.message.replace(/\. .*$/s, "")}. See --help.`);
  }
  const { errno, path } = error as NodeJS.ErrnoException;
  const [, reason] = getSystemErrorMap().get(errno ?? 0) ?? [];
  return reason && path ? new InputError(`${shown(path)}: ${reason}.`) : error;
}
