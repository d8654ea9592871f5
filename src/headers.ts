// The headers that a caller may add to each request.

/** RFC 9110 §5.6.2 and §5.5: a name is a token; a value has no control characters, nor white space around it. */
const HEADER_NAME = /^[!#$%&'*+.^`|~\w-]+$/;
const HEADER_VALUE = /^[!-~\x80-\xff]([\t -~\x80-\xff]*[!-~\x80-\xff])?$/;

/** What this client sets itself, what `fetch` does (Fetch Standard, "forbidden request-header"), and what changes the request. */
const OWN_HEADERS =
  /^(authorization|user-agent|traceparent|cache-control|accept-charset|accept-encoding|access-control-request-(headers|method|private-network)|connection|content-length|cookie2?|date|dnt|expect|host|keep-alive|origin|referer|set-cookie|te|trailer|transfer-encoding|upgrade|via|range|x-(http-)?method(-override)?|proxy-.*|sec-.*)$/i;

/** @returns what is wrong with the headers, as the end of a sentence. */
export function headersFault(headers: Readonly<Record<string, unknown>>): string | undefined {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (seen.has(lower)) return `has ${lower} twice: case makes no difference`;
    seen.add(lower);
    if (!HEADER_NAME.test(name)) return "has a name that no header can have (RFC 9110 §5.6.2)";
    if (OWN_HEADERS.test(name)) return `must not have ${name}, which the client or fetch sets`;
    if (typeof value !== "string" || !HEADER_VALUE.test(value)) {
      return `has a value for ${name} that cannot be sent: a text of visible characters, without line breaks, is needed`;
    }
  }
  return undefined;
}
