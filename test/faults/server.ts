// A server on a raw socket that does what a script says, and keeps the truth: whether the token is dead by our request.
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { page } from "./steps.js";

export interface Exchange {
  socket: Socket;
  /** The request as it came, to the end of its headers. */
  raw: string;
  path: string;
  authorization: string;
  /** Revokes the token, as the API would: false if it is dead already. */
  kill(): boolean;
}

/** What the server does with one request. */
export type Step = (exchange: Exchange) => unknown;

export interface ScriptedServer {
  url: string;
  port: number;
  /** All but the reads. */
  requests: Exchange[];
  /** The requests for the record. */
  reads: Exchange[];
  /** The truth. */
  readonly dead: boolean;
  /** Resolves when no socket has a request that was never answered whole, or an answer that is still being sent. */
  idle(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Plays one step a request, over all connections; the last step repeats. A read is no step of the script.
 *
 * @param record answers the reads: by default with something that is no record.
 * @param wrap turns the plain server into another one that emits sockets, such as a TLS server.
 */
export async function playScript(
  steps: readonly Step[],
  {
    server = createServer(),
    event = "connection",
    record = page(404),
  }: { server?: Server; event?: string; record?: Step } = {},
): Promise<ScriptedServer> {
  const requests: Exchange[] = [];
  const reads: Exchange[] = [];
  const open = new Set<Socket>();
  const answering = new Set<Socket>();
  const waiting = new Set<() => void>();
  let dead = false;
  const kill = () => {
    const alive = !dead;
    dead = true;
    return alive;
  };

  const answered = (socket: Socket) => {
    answering.delete(socket);
    if (answering.size === 0) for (const resolve of waiting) resolve();
  };

  server.on(event, (socket: Socket) => {
    open.add(socket);
    socket.on("close", () => {
      open.delete(socket);
      answered(socket);
    });
    socket.on("error", () => {});
    let pending = "";
    socket.on("data", async (chunk) => {
      pending += chunk.toString("latin1");
      for (let end = pending.indexOf("\r\n\r\n"); end >= 0; end = pending.indexOf("\r\n\r\n")) {
        const raw = pending.slice(0, end);
        pending = pending.slice(end + 4);
        const path = raw.split(" ")[1] ?? "";
        const authorization = /^authorization: *(.*)$/im.exec(raw)?.[1] ?? "";
        const exchange: Exchange = { socket, raw, path, authorization, kill };
        const read = raw.startsWith("GET ");
        (read ? reads : requests).push(exchange);
        const step = read ? record : steps[Math.min(requests.length, steps.length) - 1];
        answering.add(socket);
        // A step that ends has answered whole; one that hangs or drips keeps its socket among the busy.
        await step?.(exchange);
        answered(socket);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    reads,
    get dead() {
      return dead;
    },
    async idle() {
      if (answering.size > 0) await new Promise<void>((resolve) => waiting.add(resolve));
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
