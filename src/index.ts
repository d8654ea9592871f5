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
  BulkRef,
  BulkRefs,
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
  TokenProvider,
  TokenRef,
  TokenRequest,
  TokenResult,
  Verification,
  VerifyOptions,
} from "./types.js";
