// Calls generated functions against a server on this machine.
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createJiti } from "jiti";

export type Answer = { data?: unknown; error?: unknown; response: Response };
export type GeneratedClient = Record<string, (client: unknown, init?: object) => Promise<Answer>> & {
  createClient: (options: object) => unknown;
  servers: readonly { url: string }[];
  serverUrl: (server: object, values?: object) => string;
  problemStatuses: Record<string, readonly (number | string)[]>;
};

export function load(folder: string): Promise<GeneratedClient> {
  return createJiti(import.meta.url, { fsCache: false }).import(join(folder, "generated/client.ts"));
}

export interface Arrived {
  method: string;
  /** As it was on the wire: path and query, nothing decoded. */
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/**
 * Calls a generated function against a server on this machine, and says what arrived there and what came back.
 * `answer` is what the server says: 204 by default.
 */
export async function call(
  client: GeneratedClient,
  name: string,
  init?: object,
  answer: { status?: number; type?: string; body?: string | Buffer; base?: string } = {},
): Promise<{ arrived: Arrived; result: Answer }> {
  const arrivals: Arrived[] = [];
  const server = createServer(async (request, response) => {
    const { method = "", url = "", headers } = request;
    arrivals.push({ method, url, headers, body: await text(request) });
    response.writeHead(answer.status ?? 204, answer.type ? { "content-type": answer.type } : {}).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const engine = client.createClient({ baseUrl: `http://127.0.0.1:${port}${answer.base ?? ""}` });
    const result = await client[name]?.(engine, init);
    const [arrived] = arrivals;
    if (!result || !arrived) throw new Error(`${name}() sent nothing`);
    return { arrived, result };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
