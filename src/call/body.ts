// A body, read with a bound.

/** How much of a body is read, in bytes: plenty for a problem, harmless for a page of any length. */
export const BODY_LIMIT = 64 * 1024;

const ignore = (): void => {};

/** Cancels the body that nobody reads. Whatever that leads to, the answer stands. */
export function discard(response: Response): Response {
  const cancel = async () => response.body?.cancel();
  cancel().catch(ignore);
  return response;
}

/**
 * Reads at most {@link BODY_LIMIT} bytes as UTF-8 and cancels the rest, so that the connection is reused or freed.
 *
 * @throws what the stream throws when the body is cut off or garbled, or `signal`'s reason.
 */
export async function readText(body: ReadableStream<Uint8Array> | null, signal: AbortSignal): Promise<string> {
  const reader = body?.getReader();
  if (!reader) return "";
  const cancel = () => void reader.cancel().catch(ignore);
  if (signal.aborted) cancel();
  signal.throwIfAborted();
  signal.addEventListener("abort", cancel);
  const decoder = new TextDecoder();
  let text = "";
  let room = BODY_LIMIT;
  while (room > 0) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value.subarray(0, room), { stream: true });
    // A chunk of nothing counts too: a stream of such chunks alone would never end, nor let a timer run.
    room -= value.byteLength || 1;
  }
  cancel();
  return text;
}
