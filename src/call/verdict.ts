// What an attempt proves about the token. The one place where that is decided; pure, and imports nothing.

/**
 * What is known of the token:
 *
 * - `revoked`: the API answered 204 to our own request. It is dead.
 * - `absent`: the API has no active token by that slug. It is dead, or never was.
 * - `not-revoked`: the request was not carried out. If the token was alive, it still is.
 * - `unknown`: nobody can tell from here. Treat it as alive, and revoke it again.
 */
export type Outcome = "revoked" | "absent" | "not-revoked" | "unknown";

/** What one attempt met: an answer, or why there is none. */
export type Evidence =
  | {
      status: number;
      /** Whether somebody followed a redirect, so that the answer is to a request that is not ours. */
      redirected: boolean;
      /** Whether the body is a problem of the API's (RFC 9457), not the page of a proxy. */
      problem: boolean;
      /** The problem's `code`, as it was sent. */
      code?: unknown;
      /** The problem's `type`, as it was sent. */
      type?: unknown;
    }
  | {
      /**
       * `no-credential`: there was none to send; `unsent`: not a byte of the request was written; `lost`: it may have
       * been, and no whole answer came.
       */
      failure: "no-credential" | "unsent" | "lost";
    };

/** Evidence with every member there to be asked for, so that a row is one line. */
type Facts = {
  status?: number;
  redirected?: boolean;
  problem?: boolean;
  code?: unknown;
  type?: unknown;
  failure?: string;
};

interface Row {
  when(facts: Facts): boolean | undefined;
  outcome: Outcome;
  retry?: true;
}

/** The first row that fits decides. An answer that fits none proves nothing, and asking again would not help. */
const TABLE: readonly Row[] = [
  { when: ({ redirected }) => redirected, outcome: "unknown" },
  { when: ({ status }) => status === 204, outcome: "revoked" },
  { when: (facts) => facts.status === 404 && facts.problem && saysAbsent(facts), outcome: "absent" },
  { when: ({ status }) => status === 429, outcome: "not-revoked", retry: true },
  { when: ({ status }) => status === 408, outcome: "unknown", retry: true },
  { when: ({ status = 0 }) => status >= 400 && status < 500, outcome: "not-revoked" },
  { when: ({ status = 0 }) => [500, 502, 503, 504].includes(status), outcome: "unknown", retry: true },
  { when: ({ failure }) => failure === "no-credential", outcome: "not-revoked" },
  { when: ({ failure }) => failure === "unsent", outcome: "not-revoked", retry: true },
  { when: ({ failure }) => failure === "lost", outcome: "unknown", retry: true },
];

/** A route that does not exist is a 404 too, by another code, or by a type that says more than 404 (RFC 9457 §4.2.1). */
function saysAbsent({ code, type }: Facts): boolean {
  return code === "Token.NotFound" || ((code ?? null) === null && (type ?? "about:blank") === "about:blank");
}

export interface Verdict {
  /** Of the call, if it ended here. */
  outcome: Outcome;
  /** Whether another attempt can learn more. */
  retry: boolean;
  /** Whether an earlier attempt may have revoked the token: then `absent` is what we asked for. */
  stained: boolean;
}

/** Judges an attempt by what it met and by the outcomes of the attempts before it. */
export function verdict(evidence: Evidence, earlier: readonly Outcome[]): Verdict {
  const { outcome, retry = false } = TABLE.find((row) => row.when(evidence)) ?? { outcome: "unknown" };
  const stained = earlier.includes("unknown");
  return { outcome: stained && outcome === "not-revoked" ? "unknown" : outcome, retry, stained };
}
