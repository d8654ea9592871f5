// What a deployment must answer. Nothing here can revoke a token: the slugs are random. The faults that are found may repeat
// the credential.
import { randomUUID } from "node:crypto";
import { createKaitenClient } from "../../src/index.js";

/** Asks without Prism, as a caller would: Prism answers in place of what it cannot read. `token` is the control. */
export async function checkValidity(
  baseUrl: string,
  token: string,
  secret: string,
  expected: "active" | "inactive",
): Promise<string[]> {
  const { validity, canRevoke, reason } = await createKaitenClient({ baseUrl, token, retries: 0 }).verify(secret);
  return validity === expected && canRevoke !== false ? [] : [reason];
}

/** Asks Prism, which passes the request on and compares the answer with openapi.yaml. */
export async function checkAnswer(
  proxy: string,
  method: "DELETE" | "GET",
  token: string,
  status: number,
): Promise<string[]> {
  const account = `${proxy}/service-accounts/live-test-${randomUUID()}`;
  const answer = await fetch(method === "GET" ? account : `${account}/tokens/live-test-${randomUUID()}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    redirect: "manual",
    // Longer than a deployment's gateway waits, so that its own answer is seen.
    signal: AbortSignal.timeout(20_000),
  });
  const header = answer.headers.get("sl-violations");
  const seen = `Through Prism it answered ${answer.status}`;
  if (header === null) return answer.status === status ? [] : [`Expected ${status}. ${seen}: ${await answer.text()}`];
  // Prism sends a list as JSON, but of a long list only the beginning.
  if (!header.startsWith("[")) return [`${seen}: ${header}`];
  const violations = JSON.parse(header) as { location: string[]; message: string }[];
  return violations.map((each) => `${seen}. openapi.yaml does not allow ${each.location.join(".")}: ${each.message}`);
}
