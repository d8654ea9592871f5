// An optional `fetch` for Node over undici's own client: pooled connections, HTTP/2 where a server offers it.
// Import it as `kaiten-service-accounts/undici`; it needs undici 7 beside it.
import { pipeline, Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { Agent, type Dispatcher } from "undici";
import type { Fetch } from "./types.js";

export interface UndiciOptions {
  /**
   * How many connections to one origin may be open at once. Default 256, the most that `revokeAll` has in flight. Each
   * carries one DELETE at a time, over HTTP/2 too: undici holds back what it takes for unsafe to repeat. With fewer
   * connections than calls, the wait for one counts towards an attempt's timeout, and the outcome of one that ends there
   * is `unknown`, though nothing was sent.
   */
  connections?: number;
  /** Speaks HTTP/2 to servers that offer it (ALPN, over TLS only). Default true. */
  allowH2?: boolean;
  /** What undici's `connect` takes, such as `{ ca }`. */
  connect?: Agent.Options["connect"];
}

/** A `fetch` for {@link ClientOptions.fetch} alone, and for no more than this library asks of it. */
export interface UndiciFetch extends Fetch {
  /** Closes its connections, once what is in flight has ended. */
  close(): Promise<void>;
}

/** Codings of a body (RFC 9110 §8.4.1). They are not asked for, but a proxy may send them all the same. */
const DECODERS = new Map<string, () => NodeJS.ReadWriteStream>([
  ["gzip", createGunzip],
  ["x-gzip", createGunzip],
  ["deflate", createInflate],
  ["br", createBrotliDecompress],
]);

/** More than one in a row is a mistake already; each takes memory. The platform's `fetch` has the same bound. */
const MOST_CODINGS = 5;

/**
 * The platform's `fetch` follows the Fetch Standard, which is written for browsers and costs most of a call's time. This
 * one sends the same request and reads the same answer without it. To load undici before the platform's `fetch` was ever
 * used puts undici's own connections under that too.
 *
 * @example
 * const fetch = undiciFetch();
 * const kaiten = createKaitenClient({ baseUrl, token, fetch });
 * // …
 * await fetch.close();
 */
export function undiciFetch({ connections = 256, allowH2 = true, connect }: UndiciOptions = {}): UndiciFetch {
  const agent = new Agent({ connections, allowH2, connect });
  const fetch: Fetch = async (url, { method, headers, signal }) => {
    const { origin, pathname, search } = new URL(url);
    const {
      statusCode,
      headers: fields,
      body,
    } = await agent.request({
      origin,
      path: pathname + search,
      method: method as Dispatcher.HttpMethod,
      headers: headers as Headers,
      signal,
    });
    // A header that came has a value, whatever the type says of those that did not.
    return answer(statusCode, fields as Record<string, string | string[]>, body);
  };
  return Object.assign(fetch, { close: () => agent.close() });
}

function answer(status: number, fields: Record<string, string | string[]>, body: Readable): Response {
  const headers = new Headers();
  try {
    for (const [name, values] of Object.entries(fields)) {
      for (const value of Array.isArray(values) ? values : [values]) headers.append(name, value);
    }
    // RFC 9110 §6.4.1, §15.3.6: these have no content, whatever their headers say. Unread, it would keep its connection.
    const bare = [204, 205, 304].includes(status);
    if (bare) body.on("error", () => {}).resume();
    return new Response(bare ? null : decoded(body, headers.get("content-encoding")), { status, headers });
  } catch (error) {
    body.on("error", () => {}).destroy();
    throw error;
  }
}

/** One coding that is not known leaves the body as it is, as the platform's `fetch` does. */
function decoded(body: Readable, header: string | null): ReadableStream<Uint8Array> {
  // The last coding was applied last.
  const codings = (header ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .reverse();
  if (codings.length > MOST_CODINGS) throw new Error(`the answer has more than ${MOST_CODINGS} content codings`);
  const decoders = codings.flatMap((name) => DECODERS.get(name) ?? []);
  const known = decoders.length === codings.length;
  const readable = known ? pipeline([body, ...decoders.map((create) => create())], () => {}) : body;
  return Readable.toWeb(readable as Readable) as ReadableStream<Uint8Array>;
}
