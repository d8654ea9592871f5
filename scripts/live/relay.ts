// Stands between Prism and a deployment. It puts the credential in, so that Prism never holds it; it follows no
// redirect, where Prism would; and it keeps what was truly answered, where Prism may answer in its place.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { readText } from "../../src/call/body.js";
import { redact, redactHeaders } from "../../src/call/redact.js";
import { reasonOf } from "../../src/errors/to-error.js";

/** What the deployment did with one request. */
export interface Exchange {
  status?: number;
  /** The media type of its body. */
  type?: string | null;
  /** Where it leads, if it is a redirect. */
  location?: string;
  /** Why there was no answer. */
  failure?: string;
}

export interface Relay {
  url: string;
  /** Of the deployment. */
  baseUrl: string;
  /** What is sent to here as the credential. A secret too: with it, anybody on this machine could use the credential. */
  standIn: string;
  exchanges: Exchange[];
  stop(): Promise<void>;
}

/** How long the deployment may take to answer, in ms. */
const TIMEOUT = 10_000;

/** Of this connection (RFC 9110 §7.6.1) or of a body that is decoded here; and what would be followed. */
const NOT_PASSED_ON = /^(connection|keep-alive|transfer-encoding|content-encoding|content-length|location)$/;

export async function startRelay(baseUrl: string, token: string): Promise<Relay> {
  const standIn = `stand-in-${randomUUID()}`;
  const exchanges: Exchange[] = [];

  const secrets = [token];

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange: Exchange = {};
    exchanges.push(exchange);
    const authorization = request.headers.authorization?.replace(standIn, token);
    const signal = AbortSignal.timeout(TIMEOUT);
    try {
      const answer = await fetch(baseUrl + request.url, {
        method: request.method,
        headers: { accept: "application/problem+json", ...(authorization && { authorization }) },
        redirect: "manual",
        signal,
      });
      const body = redact(await readText(answer.body, signal), secrets);
      const headers = redactHeaders(answer.headers, secrets);
      exchange.status = answer.status;
      exchange.type = headers.get("content-type");
      const location = headers.get("location");
      if (location !== null) exchange.location = location;
      response.statusCode = answer.status;
      headers.forEach((value, name) => {
        if (!NOT_PASSED_ON.test(name)) response.appendHeader(name, value);
      });
      response.end(body);
    } catch (cause) {
      exchange.failure = reasonOf(cause, secrets);
      response.writeHead(502).end();
    }
  }

  const server = createServer((request, response) => void pass(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    baseUrl,
    standIn,
    exchanges,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
