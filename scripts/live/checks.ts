// What a deployment must answer. Nothing here can revoke a token: the slugs are random, or are never sent.
import { randomUUID } from "node:crypto";
import { createKaitenClient, isProblem, type Outcome, type ProblemStatus } from "../../src/index.js";

export interface Deployment {
  baseUrl: string;
  token: string;
  /** The URL of Prism, which passes requests on to the deployment and compares the answers with openapi.yaml. */
  proxy: string;
}

/** By what must be true: finds the faults, in words that may repeat the credential. */
export const CHECKS: Record<string, (deployment: Deployment) => Promise<string[]>> = {
  "An unsafe slug is not sent": checkUnsafeSlugs,
  "A wrong credential is answered 401": (deployment) =>
    checkAnswer({ ...deployment, token: `ksh_${randomUUID()}` }, 401, "not-revoked"),
  "A token that does not exist is answered 404 and is absent": (deployment) => checkAnswer(deployment, 404, "absent"),
};

const randomSlug = () => `live-test-${randomUUID()}`;

async function checkUnsafeSlugs({ baseUrl, token }: Deployment): Promise<string[]> {
  const sent: string[] = [];
  const fetch = async (url: string) => {
    sent.push(url);
    throw new Error("not sent");
  };
  const { tokens } = createKaitenClient({ baseUrl, token, fetch, retries: 0 }).serviceAccounts;
  const slugs = ["", ".", "..", "\ud800"];
  await Promise.allSettled(slugs.map((slug) => tokens.revoke({ serviceAccountSlug: randomSlug(), tokenSlug: slug })));
  return sent.map((url) => `It would have been sent: DELETE ${url}.`);
}

/** Asks without Prism first, as a caller would: Prism answers in place of what it cannot read. Then compares. */
async function checkAnswer(
  { baseUrl, token, proxy }: Deployment,
  status: ProblemStatus,
  outcome: Outcome,
): Promise<string[]> {
  const timeout = 20_000; // ms: longer than a deployment's gateway waits, so that its own answer is seen
  const { tokens } = createKaitenClient({ baseUrl, token, timeout, retries: 0 }).serviceAccounts;
  const ref = { serviceAccountSlug: randomSlug(), tokenSlug: randomSlug() };
  const result: unknown = await tokens.revoke(ref).catch((error: unknown) => error);
  const seen = result instanceof Error ? result.message : "It answered 204, as if there were such a token.";
  if (!isProblem(result, status) || result.outcome !== outcome) return [`Expected ${status}, ${outcome}. ${seen}`];

  const answer = await fetch(`${proxy}/service-accounts/${ref.serviceAccountSlug}/tokens/${ref.tokenSlug}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${token}` },
    redirect: "manual",
    signal: AbortSignal.timeout(timeout),
  });
  const header = answer.headers.get("sl-violations");
  if (header !== null) return readViolations(header);
  return answer.status === status ? [] : [`Through Prism it answered ${answer.status}: ${await answer.text()}`];
}

/** Prism sends a list as JSON, but of a long list only the beginning. */
function readViolations(header: string): string[] {
  if (!header.startsWith("[")) return [header];
  const violations = JSON.parse(header) as { location: string[]; message: string }[];
  return violations.map(({ location, message }) => `openapi.yaml does not allow ${location.join(".")}: ${message}`);
}
