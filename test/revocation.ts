// What a call resolves with, member by member.
import { expect } from "vitest";
import type { Outcome, TokenRef } from "../src/index.js";

/** For `toEqual`: no member is missing, and there is no other one. */
export function revocation(outcome: Outcome, attempts: number, more: { ref?: TokenRef; errorId?: string } = {}) {
  return {
    ref: { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" },
    outcome,
    attempts,
    status: outcome === "revoked" ? 204 : 404,
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    traceId: expect.stringMatching(/^[\da-f]{32}$/),
    ...more,
  };
}
