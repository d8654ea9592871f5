// Keeps a runtime from sending a request a second time by itself.

interface Deno {
  createHttpClient?(options: { poolMaxIdlePerHost: number }): object;
}

/**
 * When a kept connection breaks before the answer, a client may repeat a DELETE (RFC 9110 §9.2.2). Bun, Deno and browsers
 * do, and do not tell: the first request may have revoked the token, and a 401 or a refused connection that the second
 * one meets would pass for the whole truth. On a new connection nothing is repeated, so Bun and Deno are asked for one;
 * browsers do not let themselves be asked.
 *
 * @returns what to give to `fetch` with every request of a client.
 */
export function sentOnce(): RequestInit {
  const { Deno } = globalThis as { Deno?: Deno };
  const client = Deno?.createHttpClient?.({ poolMaxIdlePerHost: 0 });
  // To Bun, a connection of its own; to all others, the default of the Fetch Standard.
  return { keepalive: false, ...(client && { client }) };
}
