// What must come of a documented answer, whichever it is.
import { assert, expect } from "vitest";
import {
  createKaitenClient,
  isProblem,
  KaitenProblemError,
  KaitenResponseError,
  type Problem,
} from "../../src/index.js";
import { revocation } from "../revocation.js";
import { preferring, REF, TOKEN } from "./mock.js";
import { OUTCOMES, type Outcomes, outcomeOf } from "./outcomes.js";
import type { Answer } from "./spec.js";

/** What Prism is asked for: an example by its name (the first where none is given), or `any` problem of the schema. */
interface Wanted {
  example?: string;
  outcomes?: Outcomes;
}

/**
 * Revokes a token, has Prism answer as asked, and holds what the caller gets against what Prism sent.
 *
 * @returns the problem as Prism sent it, where it is one.
 */
export async function expectAnswer(
  baseUrl: string,
  { status, problem, examples }: Answer,
  { example, outcomes = OUTCOMES }: Wanted = {},
): Promise<Problem | undefined> {
  const outcome = outcomeOf(outcomes, status, example ?? examples[0]?.name);
  let sent: Problem | undefined;
  const more = example === "any" ? ", dynamic=true" : example ? `, example=${example}` : "";
  const send = preferring(`code=${status}${more}`);
  const kaiten = createKaitenClient({
    baseUrl,
    token: TOKEN,
    retries: 0,
    fetch: async (url, init) => {
      const response = await send(url, init);
      if (!problem) return response;
      const text = await response.text();
      sent = JSON.parse(text);
      const { status, ok, headers } = response;
      return { status, ok, headers, text: async () => text };
    },
  });

  const result: unknown = await kaiten.serviceAccounts.tokens.revoke(REF).catch((error: unknown) => error);
  if (outcome === "revoked") {
    expect(result).toEqual(revocation(outcome, 1));
    return undefined;
  }
  expect(result).toBeInstanceOf(problem ? KaitenProblemError : KaitenResponseError);
  expect(result).toMatchObject({
    ...{ status, outcome, attempts: 1, ref: REF },
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
