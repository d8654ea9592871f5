// A server that keeps the truth of each token: which are dead, and how often each was asked for.
import { playScript, type Step } from "../faults/server.js";
import { message, NOT_FOUND, problem, send } from "../faults/steps.js";

export interface TokenServer {
  url: string;
  /** The dead, as `account/token`, in the order that they died. */
  readonly dead: readonly string[];
  /** How often each was asked for. */
  readonly asked: ReadonlyMap<string, number>;
  /** How many requests wait for an answer. */
  readonly waiting: number;
  /** Answers those that wait, and all that come. */
  release(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param limit how many requests are answered until {@link TokenServer.release}; by default all. */
export async function playTokens({ limit = Number.POSITIVE_INFINITY } = {}): Promise<TokenServer> {
  const dead = new Set<string>();
  const asked = new Map<string, number>();
  const waiting = new Set<() => void>();
  let left = limit;
  const step: Step = async (exchange) => {
    const [, account = "", token = ""] = /\/service-accounts\/([^/]+)\/tokens\/([^/]+)$/.exec(exchange.path) ?? [];
    const slugs = `${decodeURIComponent(account)}/${decodeURIComponent(token)}`;
    asked.set(slugs, (asked.get(slugs) ?? 0) + 1);
    // As the API would: it dies before that is answered, so that whoever leaves does not hear of it.
    const wasAlive = !dead.has(slugs);
    dead.add(slugs);
    if (left-- <= 0) await new Promise<void>((resolve) => waiting.add(resolve));
    await (wasAlive ? send(message(204, undefined)) : problem(404, NOT_FOUND))(exchange);
  };
  const server = await playScript([step]);
  return {
    url: server.url,
    get dead() {
      return [...dead];
    },
    asked,
    get waiting() {
      return waiting.size;
    },
    release() {
      left = Number.POSITIVE_INFINITY;
      for (const answer of waiting) answer();
      waiting.clear();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A list of so many tokens of ten accounts, and their slugs as the server names them. */
export function makeList(length: number): { text: string; slugs: string[] } {
  const pairs = Array.from({ length }, (_, index) => [`account-${index % 10}`, `token-${index}`]);
  return { text: pairs.map((pair) => `${pair.join(",")}\n`).join(""), slugs: pairs.map((pair) => pair.join("/")) };
}
