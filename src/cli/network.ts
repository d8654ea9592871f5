// How requests leave this machine: over undici, through the proxy that the environment names. Loaded only to send something.
import { STATUS_CODES } from "node:http";
import { EnvHttpProxyAgent, Pool } from "undici";
import { ProxyError } from "../answer/cause.js";
import { type UndiciFetch, undiciFetch } from "../undici.js";

/** What undici's EnvHttpProxyAgent takes in the place of the environment. */
export type ProxyVariables = Record<"httpProxy" | "httpsProxy" | "noProxy", string>;

/** An attempt has its own limit: undici has none. */
const NO_LIMIT = { headersTimeout: 0, bodyTimeout: 0 };
const CONNECT = { timeout: 0 };

/** @param proxy undefined: requests go straight. */
export function createFetch(proxy: ProxyVariables | undefined): UndiciFetch {
  if (!proxy) return undiciFetch();
  const options = { ...NO_LIMIT, connections: 256, allowH2: false, connect: CONNECT };
  const throughProxy = { requestTls: CONNECT, proxyTls: CONNECT, clientFactory: createProxyPool };
  return undiciFetch({ dispatcher: new EnvHttpProxyAgent({ ...options, ...throughProxy, ...proxy }) });
}

/** What a tunnel is asked for with, and what undici takes of the answer. */
type Connect = (request: object) => Promise<{ socket: NodeJS.EventEmitter & { destroy(): void }; statusCode: number }>;

/** The connections to the proxy. What fails there fails before anything was sent, and undici does not say that it was there. */
function createProxyPool(origin: URL, options: object): Pool {
  const pool = new Pool(origin, { ...options, ...NO_LIMIT });
  const connect = pool.connect.bind(pool) as Connect;
  const connectOrExplain: Connect = async (request) => {
    const answer = await connect(request).catch((cause: Error & { code?: string }) => {
      const words = cause.message || cause.code;
      throw new ProxyError(`it cannot be reached: ${words}. Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY`);
    });
    const { socket, statusCode } = answer;
    if (statusCode === 200) return answer;
    socket.on("error", () => {}).destroy();
    const advice =
      statusCode === 407
        ? "Put a user and a password into the URL of the proxy variable"
        : "Its rules may not allow this host: ask those who run it, or name the host in NO_PROXY";
    throw new ProxyError(`it answered ${statusCode} ${STATUS_CODES[statusCode] ?? ""}. ${advice}`);
  };
  return Object.assign(pool, { connect: connectOrExplain });
}
