// The public surface: what is not exported here may change at any time.
export { createKaitenClient } from "./client.js";
export {
  KaitenAbortError,
  KaitenConnectionError,
  KaitenError,
  KaitenNotAttemptedError,
  KaitenProblemError,
  KaitenResponseError,
  KaitenTimeoutError,
} from "./errors/errors.js";
export { isProblem } from "./errors/is-problem.js";
export type {
  AttemptEvent,
  BulkOptions,
  CallOptions,
  ClientOptions,
  Fetch,
  FetchHeaders,
  FetchResponse,
  KaitenClient,
  Outcome,
  PaceEvent,
  Problem,
  ProblemStatus,
  Revocation,
  ServiceAccount,
  Token,
  TokenProvider,
  TokenRef,
  TokenRefs,
  TokenRequest,
  TokenResult,
  User,
  Verification,
  VerifyOptions,
} from "./types.js";
