// Serves the fake over real sockets, on Node.

export async function listen(fetch: (url: string, init: RequestInit) => Promise<Response>, port: number) {
  // Imported here, so that the rest of the fake works everywhere.
  const [{ createServer }, { EventEmitter }] = await Promise.all([import("node:http"), import("node:events")]);
  const server = createServer(async ({ method, url, headers, socket }, reply) => {
    const gone = new AbortController();
    reply.once("close", () => gone.abort());
    try {
      const init = { method, headers: headers as Record<string, string>, signal: gone.signal };
      const answer = await fetch(`http://127.0.0.1${url}`, init);
      reply.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    } catch {
      socket.resetAndDestroy();
    }
  }).listen(port, "127.0.0.1");
  await EventEmitter.once(server, "listening");
  async function close(): Promise<void> {
    if (!server.listening) return;
    server.closeAllConnections();
    await EventEmitter.once(server.close(), "close");
  }
  const address = server.address() as { port: number };
  return { url: `http://127.0.0.1:${address.port}/api`, close };
}
