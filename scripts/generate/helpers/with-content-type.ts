import type { HeadersOptions } from "openapi-fetch";

/** The body's media type beneath the caller's own headers; a `null` among those still takes a header away. */
export function withContentType(
  type: string,
  { body, headers = {} }: { body?: unknown; headers?: HeadersOptions } = {},
): HeadersOptions {
  const own = Symbol.iterator in headers ? Object.fromEntries(headers as Iterable<[string, string]>) : headers;
  return body === undefined ? own : { "Content-Type": type, ...own };
}
