// An optional `fetch` for Node over undici's own client: pooled connections and proxies, over HTTP/1.1.
// Import it as `kaiten-service-accounts/undici`; it needs undici 7 or 8 beside it.
import undici, { type Agent, type buildConnector, type Dispatcher } from "undici";
import { announcesBody, BODY_LIMIT, hasNoContent } from "./answer/body.js";
import { decode } from "./answer/decode.js";
import type { SendingInit } from "./call/attempt.js";
import type { Fetch, FetchHeaders, FetchResponse } from "./types.js";

// It exports no version: undici 6 lacks this, and the handlers that are used below.
if (!("cacheStores" in undici)) throw new Error("kaiten-service-accounts/undici needs undici 7 or 8 beside it.");

export interface UndiciOptions {
  /**
   * Connections to one origin that may be open at once. Each carries one request at a time. With fewer connections than
   * calls, waiting for one counts towards the timeout of an attempt, which is then `not-revoked`. @default 256
   */
  connections?: number | undefined;
  /** Options of undici's `connect`, such as `{ ca }`. */
  connect?: Agent.Options["connect"] | undefined;
  /**
   * Sends through this dispatcher instead (undici's `ProxyAgent`, or an `Agent` with a client certificate); the options
   * above are then its own, and so is a limit on the time to connect. It must follow no redirect. A request that it starts
   * again counts as sent twice. It is closed by `close()`.
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
 * Over HTTP/2, undici 8 sends a request again after REFUSED_STREAM and GOAWAY, and undici 7 loses what is in flight at a
 * GOAWAY. Both the agent and the connector need it: undici 8 offers HTTP/2 by default.
 */
const HTTP1 = { allowH2: false };

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
  const { connections = 256 } = options;
  const connector = createConnector(options.connect);
  const agent = { connections, ...HTTP1, connect: connector.connect };
  const dispatcher = options.dispatcher ?? new undici.Agent(agent);
  let waiting = 0;
  const fetch = async (url: string, init: SendingInit): Promise<FetchResponse> => {
    let isWaiting = true;
    waiting++;
    const leave = () => {
      if (isWaiting && --waiting === 0) connector.giveUp();
      isWaiting = false;
    };
    const onStart = () => {
      leave();
      init.onStart?.();
    };
    try {
      return await new Promise((resolve, reject) => send(dispatcher, url, { ...init, onStart }, resolve, reject));
    } finally {
      leave();
    }
  };
  return Object.assign(fetch, { reportsStart: true as const, close: () => dispatcher.close() });
}

/**
 * Connects without a limit of its own: the timeout of an attempt is the only one. A connection that no request waits for any
 * more is given up: it would keep the program alive for as long as the system tries.
 */
function createConnector(given: UndiciOptions["connect"]) {
  const pending = new Set<AbortController>();
  const connect: buildConnector.connector = (options, callback) => {
    const controller = new AbortController();
    pending.add(controller);
    const { signal } = controller;
    const build = () =>
      undici.buildConnector({ timeout: 0, ...given, ...HTTP1, signal } as buildConnector.BuildOptions);
    const begin = typeof given === "function" ? given : build();
    begin(options, (...result) => {
      pending.delete(controller);
      callback(...result);
    });
  };
  const giveUp = () => {
    for (const controller of pending) controller.abort();
  };
  return { connect, giveUp };
}

/** By name, which undici gives in lower case. A header that came has a value, whatever undici's type says. */
type Fields = Record<string, string | string[]>;

function send(
  dispatcher: Dispatcher,
  url: string,
  { method, headers, signal, onStart, bodyLimit = BODY_LIMIT }: SendingInit,
  resolve: (response: FetchResponse) => void,
  reject: (error: unknown) => void,
): void {
  const { origin, pathname, search } = new URL(url);
  const chunks: Buffer[] = [];
  let size = 0;
  let controller: Dispatcher.DispatchController | undefined;
  let status = 0;
  let answered = readHeaders({});
  let ended = false;
  let starts = 0;

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
    const bytes = Buffer.concat(chunks);
    const text = () => decode(bytes, { header: answered.get("content-encoding"), isWhole, limit: bodyLimit });
    resolve({ status, ok: status >= 200 && status < 300, headers: answered, repeated: starts > 1, text });
  };
  signal?.addEventListener("abort", abort);

  const options = {
    origin,
    path: pathname + search,
    method: method as Dispatcher.HttpMethod,
    headers: headers as Headers,
    headersTimeout: 0,
    bodyTimeout: 0,
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
      starts++;
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
      chunks.push(chunk.subarray(0, bodyLimit - size));
      size += chunk.length;
      if (size < bodyLimit) return;
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
