// How an operationId becomes the name of a function.

/** Words that cannot name an exported function, and the lower-case names that the generated client uses itself. */
const TAKEN = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export extends false
  finally for function globalThis if implements import in instanceof interface let new null package private protected
  public return static super switch this throw true try typeof undefined var void while with yield exports require then
  client createClient createFetchClient defaultPathSerializer init operations paths problemStatuses servers serverUrl
  decodeURIComponent encodeURIComponent rawBody serializeForm serializeHeaders serializeQuery toFormData typed withContentType`.split(
    /\s+/,
  ),
);

/** `delete-service-account-token` becomes `deleteServiceAccountToken`; "" where nothing is left to name it by. */
export function functionName(operationId: string): string {
  const words = operationId
    .split(/[^\p{ID_Continue}$]+|_+/u)
    .filter(Boolean)
    .map((word) => (word === word.toUpperCase() ? word.toLowerCase() : word));
  const camel = words
    .map((word, index) => (index === 0 ? word.charAt(0).toLowerCase() : word.charAt(0).toUpperCase()) + word.slice(1))
    .join("");
  if (!camel) return "";
  const name = /^[\p{ID_Start}$]/u.test(camel) ? camel : `_${camel}`;
  return TAKEN.has(name) ? `${name}_` : name;
}
