// An optional `fetch` for Node over undici's own client: pooled connections, proxies, HTTP/2 where a server offers it.
// Import it as `kaiten-service-accounts/undici`; it needs undici 7 or 8 beside it.
import undici, { type Agent, type Dispatcher } from "undici";
import { announcesBody, BODY_LIMIT, hasNoContent } from "./answer/body.js";
import { decode } from "./answer/decode.js";
import type { SendingInit } from "./call/attempt.js";
import type { Fetch, FetchHeaders, FetchResponse } from "./types.js";

// It exports no version: undici 6 lacks this, and the handlers that are used below.
if (!("cacheStores" in undici)) throw new Error("kaiten-service-accounts/undici needs undici 7 or 8 beside it.");

export interface UndiciOptions {
  /**
   * Connections to one origin that may be open at once. Each carries one DELETE at a time, over HTTP/2 too: undici holds
   * back what is not safe to repeat. With fewer connections than calls, waiting for one counts towards the timeout of an
   * attempt, which is then `not-revoked`. @default 256
   */
  connections?: number | undefined;
  /** Speaks HTTP/2 to servers that offer it (ALPN, over TLS only). @default true */
  allowH2?: boolean | undefined;
  /** Options of undici's `connect`, such as `{ ca }`. */
  connect?: Agent.Options["connect"] | undefined;
  /**
   * Sends through this dispatcher instead (undici's `ProxyAgent`, or an `Agent` with a client certificate); the options
   * above are then its own. It must not send a request twice, nor follow a redirect: that cannot be seen from here. It is
   * closed by `close()`.
   */
  dispatcher?: Dispatcher | undefined;
}

/** For the option `fetch` of a client only: it answers with a `FetchResponse`, which is less than a `Response`. */
export interface UndiciFetch extends Fetch {
  /** It reports when a request is started: what fails before is `not-revoked`. */
  readonly reportsStart: true;
  /** Closes the connections, once the requests in flight have ended. */
  close(): Promise<void>;
}

/**
 * A `fetch` without the Fetch Standard, which is written for browsers and costs most of a call's time.
 *
 * @throws {TypeError} for options that undici does not accept.
 * @example
 * const fetch = undiciFetch();
 * const kaiten = createKaitenClient({ baseUrl, token, fetch });
 * // …
 * await fetch.close();
 */
export function undiciFetch(options: UndiciOptions = {}): UndiciFetch {
  const { connections = 256, allowH2 = true, connect } = options;
  const dispatcher = options.dispatcher ?? new undici.Agent({ connections, allowH2, ...(connect && { connect }) });
  const fetch: Fetch = (url, init) => new Promise((resolve, reject) => send(dispatcher, url, init, resolve, reject));
  return Object.assign(fetch, {
    reportsStart: true as const,
    takesEnding: true as const,
    close: () => dispatcher.close(),
  });
}

/** By name, which undici gives in lower case. A header that came has a value, whatever undici's type says. */
type Fields = Record<string, string | string[]>;

function send(
  dispatcher: Dispatcher,
  url: string,
  { method, headers, signal: given, onStart, ending }: SendingInit,
  resolve: (response: FetchResponse) => void,
  reject: (error: unknown) => void,
): void {
  const { origin, path } = ending ? split(url) : parse(url);
  // A fetch around this one may have set a signal.
  const signal = given ?? ending;
  const chunks: Buffer[] = [];
  let size = 0;
  let controller: Dispatcher.DispatchController | undefined;
  let status = 0;
  let answered = readHeaders({});
  let ended = false;

  const abort = () => {
    controller?.abort(signal?.reason);
    end();
    reject(signal?.reason);
  };
  const end = () => {
    ended = true;
    signal?.removeEventListener("abort", abort);
  };
  const answer = (isWhole: boolean) => {
    end();
    const text = () => decode(Buffer.concat(chunks), answered.get("content-encoding"), isWhole);
    resolve({ status, ok: status >= 200 && status < 300, headers: answered, text });
  };
  signal?.addEventListener("abort", abort);

  const options = {
    origin,
    path,
    method: method as Dispatcher.HttpMethod,
    headers: headers as Headers,
  };
  if (signal?.aborted) {
    abort();
    return;
  }
  dispatcher.dispatch(options, {
    onRequestStart(started) {
      controller = started;
      // A request that was aborted while it waited for a connection: undici writes nothing of it.
      if (signal?.aborted) return started.abort(signal.reason);
      onStart?.();
    },
    onResponseStart(_, code, fields) {
      // RFC 9110 §15.2: an interim answer.
      if (code < 200) return;
      status = code;
      answered = readHeaders(fields as Fields);
      if (!hasNoContent(code)) return;
      answer(true);
      // A body that is sent all the same would keep its connection open, and with it the program. Over HTTP/2 no header
      // need announce it.
      const free = () => controller?.abort(new Error("An answer without content has a body"));
      if (announcesBody(code, answered)) free();
      else setImmediate(free);
    },
    onResponseData(_, chunk) {
      if (ended) return;
      chunks.push(chunk.subarray(0, BODY_LIMIT - size));
      size += chunk.length;
      if (size < BODY_LIMIT) return;
      answer(false);
      controller?.abort(new Error("The body is longer than its limit"));
    },
    onResponseEnd() {
      controller = undefined;
      if (!ended) answer(true);
    },
    onResponseError(_, error) {
      controller = undefined;
      end();
      reject(error);
    },
  });
}

function parse(url: string): { origin: string; path: string } {
  const { origin, pathname, search } = new URL(url);
  return { origin, path: pathname + search };
}

/** For a URL of the client's: it is normalized, and to parse it again takes 4 % of a call. */
function split(url: string): { origin: string; path: string } {
  const pathAt = url.indexOf("/", url.indexOf("://") + 3);
  return { origin: url.slice(0, pathAt), path: url.slice(pathAt) };
}

/** With `Headers` of the platform instead, a call over undici takes 8 % longer. */
function readHeaders(fields: Fields): FetchHeaders {
  const get = (name: string) => {
    const value = fields[name.toLowerCase()];
    return value === undefined ? null : [value].flat().join(", ").trim();
  };
  return {
    get,
    has: (name) => get(name) !== null,
    forEach(visit) {
      for (const [name, values] of Object.entries(fields)) {
        for (const value of [values].flat()) visit(value, name);
      }
    },
  };
}
