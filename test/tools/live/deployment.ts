// A local deployment that keeps the contract, except for what a test changes.
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const TOKEN = "ksh_live.0123456789-abcdefghijklmnopqrstuvwxyz";

export type Answer = (response: ServerResponse) => unknown;

/** What a deployment answers to a wrong credential, and for a token and an account that do not exist. */
export interface Answers {
  refused?: Answer;
  absent?: Answer;
  record?: Answer;
}

export interface LocalDeployment {
  url: string;
  /** The requests: method, path, and whether the credential was the known one. */
  requests: string[];
  /** Changes the answers from now on. */
  answerWith(answers: Answers): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** An answer with a body; an object is sent as a problem. */
export function answer(status: number, body: object | string, headers: Record<string, string> = {}): Answer {
  const [type, text] =
    typeof body === "string" ? ["text/html", body] : ["application/problem+json", JSON.stringify(body)];
  return (response) => response.writeHead(status, { "content-type": type, ...headers }).end(text);
}

export const REFUSED = {
  type: "about:blank",
  title: "Unauthorized",
  status: 401,
  detail: "The token is not valid.",
  code: "ValidateToken.Invalid",
};
export const ABSENT = {
  type: "about:blank",
  title: "Not Found",
  status: 404,
  detail: "The token was not found or is already revoked.",
  code: "Token.NotFound",
};

const NO_ACCOUNT = { ...ABSENT, detail: "There is no such service account.", code: "ServiceAccount.NotFound" };

/** Starts one on loopback. */
export async function deploy(answers: Answers = {}): Promise<LocalDeployment> {
  const requests: string[] = [];
  let current = answers;
  const server = createServer(({ method, url, headers }, response) => {
    const known = headers.authorization === `Bearer ${TOKEN}`;
    requests.push(`${method} ${url} ${known ? "known" : "unknown"}`);
    const { refused = answer(401, REFUSED), absent = answer(404, ABSENT), record = answer(404, NO_ACCOUNT) } = current;
    const found = method === "GET" ? record : absent;
    (known ? found : refused)(response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`,
    requests,
    answerWith(answers) {
      current = answers;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
