// What must come of a documented answer, whichever it is.
import { assert, expect } from "vitest";
import {
  createKaitenClient,
  isProblem,
  type KaitenClient,
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

/** The account of the examples: a record of another one does not count. */
const ACCOUNT = "service-account-slug";

/** Has Prism answer as asked. Returns how the call ended, and the body that Prism sent where it is JSON. */
async function exchange(
  baseUrl: string,
  method: "DELETE" | "GET",
  { status, media }: Answer,
  example: string | undefined,
  call: (kaiten: KaitenClient) => Promise<unknown>,
): Promise<{ end: unknown; sent: unknown }> {
  let sent: unknown;
  const more = example === "any" ? ", dynamic=true" : example ? `, example=${example}` : "";
  const send = preferring(method, `code=${status}${more}`);
  const kaiten = createKaitenClient({
    baseUrl,
    token: TOKEN,
    retries: 0,
    fetch: async (url, init) => {
      const response = await send(url, init);
      if (!media || init.method !== method) return response;
      const text = await response.text();
      sent = JSON.parse(text);
      const { status, ok, headers } = response;
      return { status, ok, headers, text: async () => text };
    },
  });
  return { end: await call(kaiten).catch((error: unknown) => error), sent };
}

/** Holds what the caller gets against what Prism sent. @returns the problem, where it is one. */
function expectError(
  end: unknown,
  { status, media }: Answer,
  sent: unknown,
  members: object,
): Partial<Problem> | undefined {
  const isDocumented = media === "problem";
  expect(end).toBeInstanceOf(isDocumented ? KaitenProblemError : KaitenResponseError);
  expect(end).toMatchObject({ status, attempts: 1, message: expect.stringContaining(` ${status} `), ...members });
  if (!isDocumented) return undefined;
  assert(isProblem(end));
  const problem = sent as Partial<Problem>;
  expect(end.problem).toEqual({ type: "about:blank", ...problem, status });
  expect(end.code).toBe(problem.code);
  expect(end.errorId).toBe(problem.errorId);
  expect(end.headers.get("content-type")).toMatch("application/problem+json");
  return problem;
}

/** Revokes a token, where the record cannot be read. @returns the problem as Prism sent it, where it is one. */
export async function expectAnswer(
  baseUrl: string,
  answer: Answer,
  { example, outcomes = OUTCOMES }: Wanted = {},
): Promise<Partial<Problem> | undefined> {
  const outcome = outcomeOf(outcomes, answer.status, example ?? answer.examples[0]?.name);
  const { end, sent } = await exchange(baseUrl, "DELETE", answer, example, (kaiten) =>
    kaiten.serviceAccounts.tokens.revoke(REF),
  );
  if (outcome === "revoked") {
    expect(end).toEqual(revocation(outcome, 1));
    return undefined;
  }
  const request = { method: "DELETE", url: `${baseUrl}/service-accounts/ci-bot/tokens/deploy-key` };
  return expectError(end, answer, sent, { outcome, ref: REF, request });
}

/** Reads the record. @returns what the caller got: the record, or the problem as Prism sent it. */
export async function expectReading(baseUrl: string, answer: Answer, example?: string): Promise<unknown> {
  const { end, sent } = await exchange(baseUrl, "GET", answer, example, (kaiten) =>
    kaiten.serviceAccounts.get(ACCOUNT),
  );
  if (answer.status === 200) {
    expect(end).toEqual(sent);
    return end;
  }
  const request = { method: "GET", url: `${baseUrl}/service-accounts/${ACCOUNT}` };
  // Reading revokes nothing, whatever is answered.
  return expectError(end, answer, sent, { outcome: "not-revoked", request });
}
