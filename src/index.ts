// The public surface: what is not exported here may change at any time.
export type { Fetch, TokenRef } from "./attempt.js";
export { createKaitenClient, type KaitenClient } from "./client.js";
export type { TokenProvider, TokenRequest } from "./credential.js";
export {
  KaitenConnectionError,
  KaitenError,
  KaitenProblemError,
  KaitenResponseError,
  KaitenTimeoutError,
} from "./errors.js";
export { isProblem, type ProblemStatus } from "./is-problem.js";
export type { BulkOptions, CallOptions, ClientOptions } from "./options.js";
export type { Problem } from "./problem.js";
export type { AttemptEvent, Revocation } from "./revoke.js";
export type { TokenRefs, TokenResult } from "./revoke-all.js";
export type { Outcome } from "./verdict.js";
