// A deployment to stand in for a real one: it conforms, but for what it is told to do otherwise.
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";

export const TOKEN = "ksh_live.0123456789-abcdefghijklmnopqrstuvwxyz";

export type Answer = (response: ServerResponse) => unknown;

export interface Deployment {
  url: string;
  /** What it was asked: method and path, with a word on the credential. */
  asked: string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** An answer with a body; an object is sent as a problem. */
export function answer(status: number, body: object | string, headers: Record<string, string> = {}): Answer {
  const [type, text] =
    typeof body === "string" ? ["text/html", body] : ["application/problem+json", JSON.stringify(body)];
  return (response) => response.writeHead(status, { "content-type": type, ...headers }).end(text);
}

export const REFUSED = { type: "about:blank", title: "Unauthorized", status: 401, detail: "The token is not valid." };
export const ABSENT = {
  type: "about:blank",
  title: "Not Found",
  status: 404,
  detail: "The token was not found or is already revoked.",
  code: "Token.NotFound",
};

/** Starts one on loopback. */
export async function deploy(answers: { refused?: Answer; absent?: Answer } = {}): Promise<Deployment> {
  const { refused = answer(401, REFUSED), absent = answer(404, ABSENT) } = answers;
  const asked: string[] = [];
  const server = createServer(({ method, url, headers }, response) => {
    const known = headers.authorization === `Bearer ${TOKEN}`;
    asked.push(`${known ? "known" : "unknown"} ${method} ${url}`);
    (known ? absent : refused)(response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/api`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
