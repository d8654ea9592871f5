// Serves the fake over real sockets, on Node.
export async function listen(fetch: (url: string, init: RequestInit) => Promise<Response>, port: number) {
  // Not imported: a bundler for browsers would look for these modules.
  const [http, { once }] = [process.getBuiltinModule("node:http"), process.getBuiltinModule("node:events")];
  const server = http.createServer(async ({ method, url, headers, socket }, reply) => {
    const gone = new AbortController();
    reply.once("close", () => gone.abort());
    try {
      const init = { method, headers: headers as Record<string, string>, signal: gone.signal };
      const answer = await fetch(`http://127.0.0.1${url}`, init);
      reply.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    } catch {
      socket.resetAndDestroy();
    }
  });
  await once(server.listen(port, "127.0.0.1"), "listening");
  async function close(): Promise<void> {
    if (!server.listening) return;
    server.closeAllConnections();
    await once(server.close(), "close");
  }
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}/api`, close };
}
