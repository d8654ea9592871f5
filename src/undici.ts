// An optional `fetch` for Node over undici's own client: pooled connections, HTTP/2 where a server offers it.
// Import it as `kaiten-service-accounts/undici`; it needs undici 7 beside it.
import type { IncomingHttpHeaders } from "node:http";
import { pipeline, Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { Agent, type Dispatcher } from "undici";
import type { Fetch } from "./attempt.js";

export interface UndiciOptions {
  /** How many connections to one origin may be open at once. Default 16. */
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
const DECODERS: Record<string, () => NodeJS.ReadWriteStream> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * The platform's `fetch` follows the Fetch Standard, which is written for browsers and costs most of a call's time. This
 * one sends the same request and reads the same answer without it.
 *
 * @example
 * const fetch = undiciFetch({ connections: 32 });
 * const kaiten = createKaitenClient({ baseUrl, token, fetch });
 * // …
 * await fetch.close();
 */
export function undiciFetch({ connections = 16, allowH2 = true, connect }: UndiciOptions = {}): UndiciFetch {
  const agent = new Agent({ connections, allowH2, ...(connect && { connect }) });
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
      signal: signal ?? null,
    });
    return answer(statusCode, fields, body);
  };
  return Object.assign(fetch, { close: () => agent.close() });
}

function answer(status: number, fields: IncomingHttpHeaders, body: Dispatcher.ResponseData["body"]): Response {
  const headers = new Headers();
  for (const [name, values] of Object.entries(fields)) {
    for (const value of [values ?? []].flat()) headers.append(name, value);
  }
  if (![204, 205, 304].includes(status)) {
    return new Response(decoded(body, headers.get("content-encoding")), { status, headers });
  }
  // RFC 9110 §6.4.1, §15.3.6: these have no content, whatever their headers say. Unread, it would keep its connection.
  body.on("error", () => {}).resume();
  return new Response(null, { status, headers });
}

function decoded(body: Readable, coding: string | null): ReadableStream<Uint8Array> {
  const codings = (coding ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  // The last coding was applied last. One that is not known is left as it is.
  const decoders = codings.reverse().map((name) => DECODERS[name]?.());
  const known = decoders.filter((decoder) => decoder !== undefined);
  const readable = known.length === decoders.length && known.length ? pipeline([body, ...known], () => {}) : body;
  return Readable.toWeb(readable as Readable) as ReadableStream<Uint8Array>;
}
