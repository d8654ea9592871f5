// What is asked of a deployment. None of it can destroy anything: the slugs are random, or are never sent.
import { randomUUID } from "node:crypto";
import { isProblemType } from "../../src/call/problem.js";
import { createKaitenClient, isProblem, type KaitenError, type TokenRef } from "../../src/index.js";
import type { Exchange, Relay } from "./relay.js";

export interface Check {
  /** What must be so. */
  name: string;
  /** @returns what is wrong, in words. */
  run(prism: string, relay: Relay): Promise<string[]>;
}

const NOT_ALLOWED = "openapi.yaml does not allow its answer:";

const randomSlug = () => `live-test-${randomUUID()}`;

export const CHECKS: readonly Check[] = [
  { name: "An unsafe slug sends nothing", run: (prism, { standIn }) => sendNothing(prism, standIn) },
  {
    name: "A wrong credential is answered 401",
    run: (prism, relay) =>
      answer(prism, relay, {
        token: `ksh_${randomUUID()}`,
        status: 401,
        outcome: "not-revoked",
        hints: {
          204: "It took a credential that nobody was ever given.",
          404: "It answers without regard to the credential.",
        },
      }),
  },
  {
    name: "A token that never was is answered 404, and is absent",
    run: (prism, relay) =>
      answer(prism, relay, {
        token: relay.standIn,
        status: 404,
        outcome: "absent",
        hints: {
          204: "It says that it revoked a token that never was.",
          401: "Check KAITEN_AUTH_TOKEN: it is not accepted.",
          403: "Check KAITEN_AUTH_TOKEN: it needs the scope write:tokens.",
        },
      }),
  },
];

async function sendNothing(prism: string, token: string): Promise<string[]> {
  const faults: string[] = [];
  for (const slug of ["", ".", "..", "\ud800"]) {
    const kaiten = createKaitenClient({
      baseUrl: prism,
      token,
      retries: 0,
      fetch: async (url) => {
        faults.push(`The slug ${JSON.stringify(slug)} would have been sent, as DELETE ${url}.`);
        throw new Error("never sent");
      },
    });
    const ref = { serviceAccountSlug: randomSlug(), tokenSlug: slug };
    const end: unknown = await kaiten.serviceAccounts.tokens.revoke(ref).catch((error: unknown) => error);
    if (!(end instanceof TypeError)) faults.push(`The slug ${JSON.stringify(slug)} was not refused with a TypeError.`);
  }
  return faults;
}

interface Expected {
  token: string;
  status: number;
  outcome: KaitenError["outcome"];
  /** What another status means here. */
  hints: Record<number, string>;
}

/** Revokes a token that never was, through Prism and the relay. */
async function answer(prism: string, relay: Relay, expected: Expected): Promise<string[]> {
  let violations: string[] = [];
  const kaiten = createKaitenClient({
    baseUrl: prism,
    token: expected.token,
    timeout: 20_000,
    retries: 0,
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      violations = readViolations(response.headers.get("sl-violations"));
      return response;
    },
  });
  const before = relay.exchanges.length;
  const ref: TokenRef = { serviceAccountSlug: randomSlug(), tokenSlug: randomSlug() };
  const end: unknown = await kaiten.serviceAccounts.tokens.revoke(ref).catch((error: unknown) => error);
  const [exchange] = relay.exchanges.slice(before);

  const wrong = wrongAnswer(exchange, expected);
  if (wrong !== undefined) return [wrong, ...(exchange?.status ? violations : [])];
  // Prism answers with an error of its own where it cannot read what it was given.
  if (violations.length === 0 && isProblem(end) && end.status !== expected.status) {
    return [`Prism cannot read its answer: ${end.problem.detail ?? end.problem.title}`];
  }
  // Prism takes application/json for application/problem+json.
  if (violations.length === 0 && !isProblemType(exchange?.type ?? null)) {
    return [
      `Its answer is of the type ${exchange?.type}, not application/problem+json: no client takes it for a problem.`,
    ];
  }
  const { outcome, message } = end as KaitenError;
  if (violations.length > 0 || outcome === expected.outcome) return violations;
  return [`Its answer does not say that the token is ${expected.outcome}: ${message.replaceAll(prism, relay.baseUrl)}`];
}

function wrongAnswer(exchange: Exchange | undefined, { status, hints }: Expected): string | undefined {
  if (!exchange) return "Prism did not pass the request on: openapi.yaml does not allow it.";
  if (exchange.failure !== undefined) return `It cannot be reached: ${exchange.failure}`;
  if (exchange.status === status) return undefined;
  const redirect =
    exchange.location === undefined ? "" : ` It redirects to ${exchange.location}, and redirects are never followed.`;
  const hint = hints[exchange.status ?? 0];
  return `It answered ${exchange.status}, not ${status}.${redirect}${hint ? ` ${hint}` : ""}`;
}

/** Prism's list in words, or its beginning where it is long. */
function readViolations(header: string | null): string[] {
  if (header === null) return [];
  try {
    const violations = JSON.parse(header) as { location: string[]; message: string }[];
    return violations.map(({ location, message }) => `${NOT_ALLOWED} ${location.join(".")}: ${message}`);
  } catch {
    return [`${NOT_ALLOWED} ${header}`];
  }
}
