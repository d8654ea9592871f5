// How requests leave this machine: over undici, through the proxy that the environment names. Loaded only to send something.
import { Agent, EnvHttpProxyAgent } from "undici";
import { isLoopback } from "../check.js";
import { type UndiciFetch, undiciFetch } from "../undici.js";

/** Never through a proxy to this machine: the proxy would see the credential of a plain http request. */
export function createFetch(hostname: string): UndiciFetch {
  const options = { connections: 256, allowH2: true };
  try {
    return undiciFetch({ dispatcher: isLoopback(hostname) ? new Agent(options) : new EnvHttpProxyAgent(options) });
  } catch {
    // The message leaves the proxy out: its URL may contain a password.
    throw new Error("HTTPS_PROXY and HTTP_PROXY must be URLs such as http://proxy.example.com:8080");
  }
}
