// What each answer that openapi.yaml documents proves, where it is the only one. Written by hand: nothing here is derived.
import { expect } from "vitest";
import type { Outcome } from "../../src/index.js";

/** By status, and by the name of its example. `any`: whichever problem the schema allows. */
export type Outcomes = Record<string, Outcome>;

export const OUTCOMES: Outcomes = {
  "204": "revoked",
  "400 documented": "not-revoked",
  "400 any": "not-revoked",
  "401 unauthorized": "not-revoked",
  "401 no-credential": "not-revoked",
  "401 any": "not-revoked",
  "403 forbidden": "not-revoked",
  "403 membership-deleted": "not-revoked",
  "403 any": "not-revoked",
  "404 token-not-found": "absent",
  "404 route-not-found": "not-revoked",
  "404 any": "not-revoked",
  "422 invalid-slug": "not-revoked",
  "422 any": "not-revoked",
  "429": "not-revoked",
  "500 internal-server-error": "unknown",
  "500 any": "unknown",
};

/** Fails for an answer that is not listed. */
export function outcomeOf(outcomes: Outcomes, status: number, example?: string): Outcome {
  const answer = [status, example].filter(Boolean).join(" ");
  return outcomes[answer] ?? expect.fail(`${answer} is not listed in outcomes.ts: decide what ${status} means.`);
}
