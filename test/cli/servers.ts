// The fake API on a socket, with a gate: requests can be made to wait for their answer.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { TokenRef } from "../../src/index.js";
import {
  createFakeKaiten,
  type FakeKaiten,
  type FakeOptions,
  type FakeRequest,
  type FakeToken,
} from "../../src/testing/index.js";
import { CREDENTIAL, until } from "./command.js";

export interface Served extends AsyncDisposable {
  fake: FakeKaiten;
  url: string;
  /** For the command. */
  env: Record<string, string>;
  /** The requests that revoke, without those that read the record. */
  readonly sent: FakeRequest[];
  /** How many of them wait for their answer. What they ask for is done by then. */
  readonly waiting: number;
  /** Answers those that wait, and all that come. */
  release(): void;
  /** Resolves when nothing that a client sent is still to be carried out. The client must have ended. */
  settled(): Promise<unknown>;
}

/** @param limit how many requests to revoke are answered until `release()`. */
export async function serve(
  tokens: Iterable<FakeToken>,
  { limit = Number.POSITIVE_INFINITY, ...options }: FakeOptions & { limit?: number } = {},
): Promise<Served> {
  const fake = createFakeKaiten({ credential: CREDENTIAL, tokens, ...options });
  const gates = new Set<() => void>();
  let left = limit;
  const sockets = new Set<Socket>();
  let busy = 0;
  const server = createServer(async ({ method = "", url, headers, socket }, reply) => {
    busy++;
    try {
      const answer = await fake.fetch(`http://fake${url}`, { method, headers: headers as Record<string, string> });
      if (method === "DELETE" && left-- <= 0) await new Promise<void>((resolve) => gates.add(resolve));
      reply.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    } catch {
      socket.resetAndDestroy();
    } finally {
      busy--;
    }
  }).listen(0, "127.0.0.1");
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
  const release = () => {
    left = Number.POSITIVE_INFINITY;
    for (const open of gates) open();
    gates.clear();
  };
  return {
    fake,
    url,
    env: { KAITEN_BASE_URL: url },
    get sent() {
      return fake.requests.filter(({ method }) => method === "DELETE");
    },
    get waiting() {
      return gates.size;
    },
    release,
    settled: () => until(() => busy === 0 && sockets.size === 0),
    async [Symbol.asyncDispose]() {
      release();
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * Tokens of ten accounts, and the list that names them.
 *
 * @param suffix makes their names longer: 1,000 results with 70 characters more fill any pipe.
 */
export function makeTokens(length: number, suffix = ""): { refs: TokenRef[]; csv: string } {
  const refs = Array.from({ length }, (_, index) => ({
    serviceAccountSlug: `account-${index % 10}`,
    tokenSlug: `token-${index}${suffix}`,
  }));
  return { refs, csv: refs.map((ref) => `${ref.serviceAccountSlug},${ref.tokenSlug}\n`).join("") };
}

/** Tokens of one account. */
export const tokensOf = (serviceAccountSlug: string, ...slugs: string[]): TokenRef[] =>
  slugs.map((tokenSlug) => ({ serviceAccountSlug, tokenSlug }));
