// What differs between runtimes: repeated requests, and the headers that a browser does not let us send.
import { VERSION } from "../version.js";

interface Runtime {
  navigator?: { userAgent?: unknown };
  process?: { versions?: { node?: string; undici?: string } };
  Deno?: { createHttpClient?(options: { poolMaxIdlePerHost: number; http2: boolean }): object };
}

const runtime = globalThis as Runtime;

/** An older Node lacks what is used here, in part only when a revocation is under way. Deno names a Node, and is none. */
const NODE = runtime.Deno ? undefined : runtime.process?.versions?.node;
const [major = 0, minor = 0] = NODE?.split(".").map(Number) ?? [Number.POSITIVE_INFINITY];
if (major < 20 || (major === 20 && minor < 19)) {
  throw new Error(`kaiten-service-accounts needs Node 20.19 or later. This is Node ${NODE}.`);
}

/** The API's CORS rules allow only the headers `Authorization` and `Content-Type`. */
export function isBrowser(): boolean {
  const userAgent = runtime.navigator?.userAgent;
  return typeof userAgent === "string" && userAgent.startsWith("Mozilla/");
}

/**
 * Whether the platform's `fetch` may send a request again and not report it: DELETE is idempotent (RFC 9110 §9.2.2).
 * Browsers do so when a kept connection breaks before the answer. Node's own, from undici 8 on, speaks HTTP/2 and does so
 * after REFUSED_STREAM and GOAWAY (RFC 9113 §8.7), which an intermediary may also send for a request that its backend has
 * carried out.
 */
export function mayRepeat(): boolean {
  return isBrowser() || Number.parseInt(runtime.process?.versions?.undici ?? "0", 10) >= 8;
}

export const USER_AGENT = `kaiten-service-accounts/${VERSION}`;

let baseInit: RequestInit | undefined;

/**
 * What the platform's `fetch` gets with every request. Bun and Deno repeat requests as browsers do, but not on a new
 * connection over HTTP/1.1: `keepalive: false` asks Bun for one (elsewhere it is the default), a client without idle
 * connections asks Deno. Deno never frees such a client by itself, so all calls share one.
 */
export function platformInit(): RequestInit {
  if (!baseInit) {
    const client = runtime.Deno?.createHttpClient?.({ poolMaxIdlePerHost: 0, http2: false });
    baseInit = { keepalive: false, ...(client && { client }) };
  }
  return baseInit;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hex digits that nobody can guess. */
export function secureHex(bytes: number): string {
  let hex = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(bytes))) hex += HEX[byte];
  return hex;
}

/** Lower-case hex digits for the ids of traces. They need not be hard to guess. */
export function randomHex(bytes: number): string {
  let hex = "";
  for (let index = 0; index < bytes; index++) hex += HEX[Math.floor(Math.random() * 256)];
  return hex;
}
