// The public surface: what is not exported here may change at any time.
export type { Fetch, TokenRef } from "./call/attempt.js";
export type { TokenProvider, TokenRequest } from "./call/credential.js";
export type { Problem } from "./call/problem.js";
export type { AttemptEvent, Revocation } from "./call/revoke.js";
export type { TokenRefs, TokenResult } from "./call/revoke-all.js";
export type { Outcome } from "./call/verdict.js";
export type { BulkOptions, CallOptions, ClientOptions } from "./check.js";
export { createKaitenClient, type KaitenClient } from "./client.js";
export {
  KaitenConnectionError,
  KaitenError,
  KaitenProblemError,
  KaitenResponseError,
  KaitenTimeoutError,
} from "./errors/errors.js";
export { isProblem, type ProblemStatus } from "./errors/is-problem.js";
