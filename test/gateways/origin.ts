// The server behind a gateway: it answers as a function says, or its connection dies.
import { EventEmitter } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

/** `undefined`: the connection dies without an answer. */
export type Answer = (url: string, init: RequestInit) => Promise<Response | undefined>;

export interface Origin extends AsyncDisposable {
  port: number;
}

/** @param pem the key and the certificate, for HTTPS. */
export async function serve(answer: Answer, port = 0, pem?: string): Promise<Origin> {
  const listener: RequestListener = async (request, reply) => {
    const gone = new AbortController();
    reply.once("close", () => gone.abort());
    const headers = request.headers as Record<string, string>;
    const init = { method: request.method as string, headers, signal: gone.signal };
    const response = await answer(`http://127.0.0.1${request.url}`, init).catch(() => undefined);
    if (!response) return void request.socket.destroy();
    reply.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text());
  };
  const server = pem ? createTlsServer({ key: pem, cert: pem }, listener) : createServer(listener);
  server.listen(port, "127.0.0.1");
  await EventEmitter.once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await EventEmitter.once(server.close(), "close");
    },
  };
}

export const page = (status: number, title: string) =>
  new Response(`<!doctype html><title>${title}</title>`, { status, headers: { "content-type": "text/html" } });

export const problem = (status: number, code: string) =>
  new Response(JSON.stringify({ title: code, status, code }), {
    status,
    headers: { "content-type": "application/problem+json" },
  });
