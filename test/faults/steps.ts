// What a server may do with a request: the words that the table of faults is written in.
import { setTimeout as pause } from "node:timers/promises";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import type { Exchange, Step } from "./server.js";
import { expire } from "./timers.js";

type Headers = Record<string, string>;

/** One whole answer, as bytes. A header of the value "" is left out. */
export function message(status: number | string, body: string | Buffer | undefined, headers: Headers = {}): Buffer {
  const all: Headers = { ...(body !== undefined && { "Content-Length": String(Buffer.byteLength(body)) }), ...headers };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === "" ? [] : [`${name}: ${value}`]));
  const line = typeof status === "string" ? status : `HTTP/1.1 ${status} Status`;
  return Buffer.concat([Buffer.from(`${[line, ...lines].join("\r\n")}\r\n\r\n`), Buffer.from(body ?? "")]);
}

const write = ({ socket }: Exchange, bytes: Buffer | string) =>
  new Promise<void>((resolve) => {
    if (socket.destroyed) resolve();
    else socket.write(bytes, () => resolve());
  });

/** Sends bytes as they are. */
export const send =
  (bytes: Buffer | string): Step =>
  (exchange) =>
    write(exchange, bytes);

/** Repeats what it was sent, wherever an answer has room: the credential whole, without what it begins with, and its end. */
const echo = ({ authorization, path }: Exchange) => {
  const known = authorization.replace(/^Bearer (ksh_)?/, "");
  return `You sent ${authorization} to ${path}, known as ${known}, which ends in ${authorization.slice(-20)}`;
};

/** A problem that repeats the credential in its members and headers. */
export const problem =
  (status: number, members: object = {}, headers: Headers = {}): Step =>
  (exchange) => {
    const body = { title: "Title", status, detail: echo(exchange), echoed: { deep: [echo(exchange)] }, ...members };
    const all = { "Content-Type": "application/problem+json", "X-Echo": echo(exchange), ...headers };
    return write(exchange, message(status, JSON.stringify(body), all));
  };

/** A body that is no object of members: sent as a problem all the same. */
export const problemText =
  (status: number, body: string | Buffer, headers: Headers = {}): Step =>
  (exchange) =>
    write(exchange, message(status, body, { "Content-Type": "application/problem+json", ...headers }));

/** A page of somebody who is not the API, such as a proxy or a login, that repeats the credential too. */
export const page =
  (status: number, headers: Headers = {}): Step =>
  (exchange) => {
    const html = `<!doctype html><title>Sign in</title><p>${echo(exchange)}</p>`;
    return write(exchange, message(status, html, { "Content-Type": "text/html; charset=utf-8", ...headers }));
  };

export const NOT_FOUND = { code: "Token.NotFound" };

/** What the API does: revokes and says 204, or says that there is no such token. */
export const api: Step = (exchange) =>
  exchange.kill() ? write(exchange, message(204, undefined)) : problem(404, NOT_FOUND)(exchange);

/** Revokes the token first, then does something else. */
export const killed =
  (step: Step): Step =>
  (exchange) => {
    exchange.kill();
    return step(exchange);
  };

/** Sends bytes, if any, and closes the connection. */
export const cut =
  (bytes: Buffer | string = ""): Step =>
  async (exchange) => {
    if (bytes.length) await write(exchange, bytes);
    exchange.socket.end();
    exchange.socket.destroySoon();
  };

/** Closes the connection with a TCP reset. */
export const reset: Step = ({ socket }) => socket.resetAndDestroy();

/** Sends bytes, if any, and then nothing more. */
export const stall =
  (bytes: Buffer | string = ""): Step =>
  async (exchange) => {
    if (bytes.length) await write(exchange, bytes);
    await closed(exchange);
  };

/** Sends a text a byte at a time, then does what comes next. */
export const drip =
  (text: string, ms: number, next: Step = () => {}): Step =>
  async (exchange) => {
    for (const byte of text) {
      if (exchange.socket.destroyed) return;
      await write(exchange, byte);
      await pause(ms);
    }
    await next(exchange);
  };

/** Takes longer than an attempt may: its time limit ends soon after the server has begun. */
export const tooSlow =
  (step: Step): Step =>
  (exchange) => {
    setTimeout(expire, 50);
    return step(exchange);
  };

/** Does one thing after the other. */
export const inTurn =
  (...steps: Step[]): Step =>
  async (exchange) => {
    for (const step of steps) await step(exchange);
  };

/** Sends the head of an answer and then a body without end, as fast as it is taken. `sent` counts its bytes. */
export const endless = (head: string, sent: { bytes: number; most: number }): Step => {
  // A chunk that is valid where the head announces chunks, and as good as any other bytes where it does not.
  const block = Buffer.from(`10000\r\n${"x".repeat(64 * 1024)}\r\n`);
  return async (exchange) => {
    await write(exchange, head);
    while (!exchange.socket.destroyed && sent.bytes < sent.most) {
      await write(exchange, block);
      sent.bytes += block.length;
    }
  };
};

/** A problem in a content coding (RFC 9110 §8.4.1). */
export const coded = (status: number, coding: "gzip" | "deflate" | "br", members: object = {}): Step => {
  const body = JSON.stringify({ title: "Coded", status, ...members });
  const encode = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }[coding];
  return problemText(status, encode(body), { "Content-Encoding": coding });
};

/** Sent as the record of an account. */
export const recordText =
  (body: string | Buffer, headers: Headers = {}, status = 200): Step =>
  (exchange) =>
    write(exchange, message(status, body, { "Content-Type": "application/json", ...headers }));

const recordOf = (tokens: readonly object[], members: object) => {
  const times = { createdAt: "2026-01-01T00:00:00Z", createdBy: { id: "user-0" } };
  const list = tokens.map((token, index) => ({ id: `t${index}`, name: "A token", scopes: [], ...times, ...token }));
  return JSON.stringify({ id: "a1", name: "CI", slug: "ci-bot", externalId: "x", ...times, tokens: list, ...members });
};

/** The record of the account `ci-bot`, as the API gives it: with these tokens. */
export const record = (tokens: readonly object[], members: object = {}, headers: Headers = {}, status = 200): Step =>
  recordText(recordOf(tokens, members), headers, status);

/** The same in a content coding. */
export const codedRecord = (coding: "gzip" | "br", tokens: readonly object[]): Step =>
  recordText((coding === "gzip" ? gzipSync : brotliCompressSync)(recordOf(tokens, {})), { "Content-Encoding": coding });

const closed = ({ socket }: Exchange) =>
  new Promise<void>((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once("close", () => resolve());
  });
