// Servers on loopback that misbehave, and an address where nobody listens.
import { once } from "node:events";
import { createServer } from "node:http";
import { constants, createSecureServer } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { generate } from "selfsigned";
import type { Servers } from "./scenario.js";

/** Lets pages of any origin in, so that browsers can take part. */
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "DELETE",
  "access-control-allow-headers": "authorization",
};

/** A certificate for 127.0.0.1, for the runtimes to trust. */
export const createCertificate = () =>
  generate([{ name: "commonName", value: "127.0.0.1" }], {
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
    ],
  });

/** Over HTTP/1.1 there is no stream to refuse: the connection ends. */
async function startRefusing({ private: key, cert }: Certificate) {
  let requests = 0;
  const sockets = new Set<{ destroy(): void }>();
  const server = createSecureServer({ key, cert, allowHTTP1: true }, ({ method, socket, stream }, response) => {
    if (method !== "DELETE") response.writeHead(method === "OPTIONS" ? 200 : 404, CORS).end();
    else if (++requests > 1) response.writeHead(401, CORS).end();
    else if (stream) stream.close(constants.NGHTTP2_REFUSED_STREAM);
    else socket.destroy();
  });
  server.on("secureConnection", (socket) => sockets.add(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

type Certificate = Awaited<ReturnType<typeof createCertificate>>;

/** Starts them afresh: two of them count their requests. */
export async function startServers(certificate: Certificate): Promise<Omit<Servers, "api"> & { stop(): void }> {
  const refusing = await startRefusing(certificate);
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
    refusing: refusing.url,
    closed: `http://127.0.0.1:${near.localPort}`,
    stop() {
      refusing.stop();
      near.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}
