// Servers on loopback that misbehave, and an address where nobody listens.
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Servers } from "./scenario.js";

/** Lets pages of any origin in, so that browsers can take part. */
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "DELETE",
  "access-control-allow-headers": "authorization",
};

/** Starts them afresh: `breaking` counts its requests. */
export async function startServers(): Promise<Omit<Servers, "api"> & { stop(): void }> {
  let requests = 0;
  const server = createServer(({ method, url, socket }, response) => {
    if (method !== "DELETE") return response.writeHead(200, CORS).end();
    if (url?.startsWith("/silent/")) return;
    requests++;
    if (requests === 2) return socket.destroy();
    return response.writeHead(requests === 1 ? 204 : 401, CORS).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  // The near end of a connection: nobody listens there, and while it is open nobody else can.
  const near = connect(port, "127.0.0.1");
  await once(near, "connect");
  return {
    silent: `http://127.0.0.1:${port}/silent`,
    breaking: `http://127.0.0.1:${port}/breaking`,
    closed: `http://127.0.0.1:${near.localPort}`,
    stop() {
      near.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}
