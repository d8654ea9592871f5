// What differs between runtimes: repeated requests, and the headers that a browser does not let us send.
import { VERSION } from "../version.js";

interface Runtime {
  navigator?: { userAgent?: unknown };
  Deno?: { createHttpClient?(options: { poolMaxIdlePerHost: number }): object };
}

/**
 * When a kept connection breaks before the answer, a browser repeats a DELETE (RFC 9110 §9.2.2) and does not report
 * it. The API's CORS rules allow only the headers `Authorization` and `Content-Type`.
 */
export function isBrowser(): boolean {
  const userAgent = (globalThis as Runtime).navigator?.userAgent;
  return typeof userAgent === "string" && userAgent.startsWith("Mozilla/");
}

export const USER_AGENT = `kaiten-service-accounts/${VERSION}`;

let baseInit: RequestInit | undefined;

/**
 * What the platform's `fetch` gets with every request. Bun and Deno repeat requests as browsers do, but not on a new
 * connection: `keepalive: false` asks Bun for one (elsewhere it is the default), a client without idle connections asks
 * Deno. Deno never frees such a client by itself, so all calls share one.
 */
export function platformInit(): RequestInit {
  if (!baseInit) {
    const client = (globalThis as Runtime).Deno?.createHttpClient?.({ poolMaxIdlePerHost: 0 });
    baseInit = { keepalive: false, ...(client && { client }) };
  }
  return baseInit;
}

/** A table: `toString(16)` for a trace takes 4 % of a call (Node 20). */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hex digits that nobody can guess. */
export function secureHex(bytes: number): string {
  let hex = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(bytes))) hex += HEX[byte];
  return hex;
}

/** Lower-case hex digits for ids. They need not be hard to guess, and `crypto` takes 5 % of a call. */
export function randomHex(bytes: number): string {
  let hex = "";
  for (let index = 0; index < bytes; index++) hex += HEX[Math.floor(Math.random() * 256)];
  return hex;
}

let latest = { ms: Number.NaN, iso: "" };

/** The time by the local clock (ISO 8601). Calls that end within a ms share its text: to write it takes 2 % of a call. */
export function isoTime(): string {
  const ms = Date.now();
  if (ms !== latest.ms) latest = { ms, iso: new Date(ms).toISOString() };
  return latest.iso;
}
