// The server under all measurements, a process of its own on loopback: says 204 to whatever it is asked.
import { createServer } from "node:http";

const server = createServer((_, response) => response.writeHead(204).end());
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.(typeof address === "object" ? address?.port : undefined);
});
// It ends when whoever started it has gone.
process.on("disconnect", () => process.exit());
