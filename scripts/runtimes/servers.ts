// Servers on loopback that misbehave, each in its own way. They allow pages of any origin, so that browsers get there.
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Servers } from "./scenario.js";

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "DELETE",
  "access-control-allow-headers": "authorization",
};

/** Answers the preflights of browsers; all else is for `listener`. */
function afterPreflight(listener: RequestListener): RequestListener {
  return (request, response) => {
    if (request.method === "OPTIONS") response.writeHead(204, CORS).end();
    else listener(request, response);
  };
}

/** A server's base URL, once it listens. */
export async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Starts one of each, which have met nobody yet. */
export async function startServers(): Promise<Omit<Servers, "api"> & { stop(): void }> {
  const silent = createServer(afterPreflight(() => {}));

  let requests = 0;
  const breaking = createServer(
    afterPreflight(({ socket }, response) => {
      requests++;
      if (requests === 2) socket.destroy();
      else response.writeHead(requests === 1 ? 204 : 401, CORS).end();
    }),
  );

  const urls = { silent: await listen(silent), breaking: await listen(breaking) };

  // The near end of a connection: nobody listens there, and while it is open nobody else can.
  const near = connect(Number(new URL(urls.silent).port), "127.0.0.1");
  await once(near, "connect");

  return {
    ...urls,
    closed: `http://127.0.0.1:${near.localPort}`,
    stop() {
      near.destroy();
      for (const server of [silent, breaking]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}
