// How requests leave this machine: over undici, through the proxy that the environment names. Loaded only to send something.
import { STATUS_CODES } from "node:http";
import { Agent, EnvHttpProxyAgent, Pool } from "undici";
import { ProxyError } from "../answer/cause.js";
import { type UndiciFetch, undiciFetch } from "../undici.js";
import type { ProxyOptions } from "./settings.js";

/** An attempt has its own limit: undici has none. */
const NO_LIMIT = { headersTimeout: 0, bodyTimeout: 0 };
const CONNECT = { timeout: 0 };

/** @param proxy undefined: requests go straight. */
export function createFetch(proxy: ProxyOptions | undefined): UndiciFetch {
  const options = { connections: 256, allowH2: false, connect: CONNECT, ...NO_LIMIT };
  if (!proxy) return undiciFetch({ dispatcher: new Agent(options) });
  const throughProxy = { requestTls: CONNECT, proxyTls: CONNECT, clientFactory: createProxyPool };
  return undiciFetch({ dispatcher: new EnvHttpProxyAgent({ ...options, ...throughProxy, ...proxy }) });
}

/** undici calls it for the connections to the proxy, and what it throws there does not say so. */
function createProxyPool(origin: URL, options: object): Pool {
  const pool = new Pool(origin, { ...options, ...NO_LIMIT });
  const connect = pool.connect.bind(pool) as (
    request: object,
  ) => Promise<{ socket: NodeJS.EventEmitter & { destroy(): void }; statusCode: number }>;
  const tunnel = async (request: object) => {
    const answer = await connect(request).catch((cause) => {
      throw new ProxyError(`it cannot be reached. Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY: ${wordsOf(cause)}`);
    });
    const { socket, statusCode } = answer;
    if (statusCode === 200) return answer;
    socket.on("error", () => {}).destroy();
    throw new ProxyError(
      `it refused the connection with ${statusCode} ${STATUS_CODES[statusCode] ?? ""}. ${adviceFor(statusCode)}`,
    );
  };
  return Object.assign(pool, { connect: tunnel });
}

const adviceFor = (status: number): string =>
  status === 407
    ? "It wants a user and a password: put them into the URL of HTTPS_PROXY, or HTTP_PROXY"
    : "Its rules may not allow this host: ask those who run it, or name the host in NO_PROXY";

function wordsOf(cause: Error & { code?: string }): string {
  return cause.message || String(cause.code);
}
