// What must come of a documented answer, whichever it is.
import { assert, expect } from "vitest";
import {
  createKaitenClient,
  isProblem,
  KaitenProblemError,
  KaitenResponseError,
  type Outcome,
  type Problem,
} from "../../src/index.js";
import { preferring, REF, TOKEN } from "./mock.js";
import type { Answer } from "./spec.js";

/** What an answer proves, where it is the only one. */
function provenBy(status: number, { code, type = "about:blank" }: Partial<Problem> = {}): Outcome {
  if (status === 204) return "revoked";
  if (status === 404 && (code === "Token.NotFound" || (!code && type === "about:blank"))) return "absent";
  return status >= 400 && status < 500 && status !== 408 ? "not-revoked" : "unknown";
}

/**
 * Revokes a token, has Prism answer as asked, and holds what the caller gets against what Prism sent.
 *
 * @param more what else Prism is asked for, such as an example by its name.
 * @returns the problem as Prism sent it, where it is one.
 */
export async function expectAnswer(baseUrl: string, answer: Answer, more = ""): Promise<Problem | undefined> {
  const { status, problem } = answer;
  let sent: Problem | undefined;
  const send = preferring(`code=${status}${more}`);
  const kaiten = createKaitenClient({
    baseUrl,
    token: TOKEN,
    retries: 0,
    fetch: async (url, init) => {
      const response = await send(url, init);
      if (problem) sent = await response.clone().json();
      return response;
    },
  });

  const result: unknown = await kaiten.serviceAccounts.tokens.revoke(REF).catch((error: unknown) => error);
  const outcome = provenBy(status, sent);
  if (outcome === "revoked") {
    expect(result).toEqual({ outcome, attempts: 1 });
    return undefined;
  }
  expect(result).toBeInstanceOf(problem ? KaitenProblemError : KaitenResponseError);
  expect(result).toMatchObject({
    status,
    outcome,
    attempts: 1,
    request: { method: "DELETE", url: `${baseUrl}/service-accounts/ci-bot/tokens/deploy-key` },
    message: expect.stringContaining(` ${status} `),
  });
  if (!problem) return undefined;
  assert(isProblem(result));
  expect(result.problem).toEqual({ type: "about:blank", ...sent, status });
  expect(result.code).toBe(sent?.code);
  expect(result.errorId).toBe(sent?.errorId);
  expect(result.headers.get("content-type")).toMatch("application/problem+json");
  return sent;
}
