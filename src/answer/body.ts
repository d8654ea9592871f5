// Reads an answer within limits, and frees the connection where the answer has no body.
import type { FetchHeaders } from "../types.js";

/** How much of a body is read by default, in bytes: plenty for a problem, harmless for a page of any length. */
export const BODY_LIMIT = 64 * 1024;

const ignore = (): void => {};

/** RFC 9110 §6.4.1, §15.3.6, §15.4.5: answers with these statuses have no content, whatever their headers say. */
export function hasNoContent(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** Whether the headers announce a body all the same: the platform would keep the connection open to receive it. */
export function announcesBody(status: number, headers: FetchHeaders): boolean {
  // Without a length, the framing of HTTP/1.1 lets a 205 have a body until the connection closes (RFC 9112 §6.3).
  const length = headers.get("content-length") ?? (status === 205 ? "unknown" : "0");
  return length !== "0" || headers.has("transfer-encoding");
}

/** Cancels a body that is not read. Whatever that leads to, the answer stands. */
export function discard(body: object): void {
  const cancel = async () => (body as Partial<ReadableStream>).cancel?.();
  cancel().catch(ignore);
}

/**
 * Reads at most `limit` bytes as UTF-8 and cancels the rest, so that the connection is reused or freed.
 *
 * @throws what the stream throws when the body is cut off or garbled, or `signal`'s reason.
 */
export async function readText(body: ReadableStream<Uint8Array>, limit: number, signal: AbortSignal): Promise<string> {
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(ignore);
  if (signal.aborted) cancel();
  signal.throwIfAborted();
  signal.addEventListener("abort", cancel);
  const decoder = new TextDecoder();
  let text = "";
  let room = limit;
  while (room > 0) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value.subarray(0, room), { stream: true });
    // An empty chunk counts as a byte: a stream of them would never end, nor let a timer run.
    room -= value.byteLength || 1;
  }
  cancel();
  return text;
}

/** The body of another `fetch` library can be a stream of Node's: then its `text()` is trusted to have a limit. */
export const isWebStream = (body: object): body is ReadableStream<Uint8Array> & object => "getReader" in body;
