// Looks for a credential, its beginning or its end, plain or escaped, in everything of a value that anybody could look at.
import { inspect } from "node:util";

/** So much of a credential is never shown, neither from its beginning nor from its end. */
const SHOWN_NEVER = 16;

const forms: ((text: string) => string)[] = [
  (text) => text,
  encodeURIComponent,
  (text) => encodeURIComponent(text).replace(/%../g, (octet) => octet.toLowerCase()),
  (text) => text.replaceAll("/", "\\/"),
  (text) => text.replace(/[^\w.-]/g, (character) => `&#x${character.charCodeAt(0).toString(16)};`),
  (text) => text.replace(/[^\w.-]/g, (character) => `&#${character.charCodeAt(0)};`),
  (text) => text.replace(/[^\w.-]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`),
];

/** What of these secrets stands in a text. */
export function secretsIn(text: string, secrets: readonly string[]): string[] {
  const parts = secrets.flatMap((secret) => [secret.slice(0, SHOWN_NEVER), secret.slice(-SHOWN_NEVER)]);
  return parts.flatMap((part) => forms.map((write) => write(part))).filter((part) => text.includes(part));
}

export function everythingOf(value: unknown): string {
  const causes: string[] = [];
  for (let error = value; error instanceof Error; error = error.cause) causes.push(error.message, String(error.stack));
  return [
    ...causes,
    String(value),
    inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true, maxStringLength: null }),
    JSON.stringify(value),
  ].join("\n");
}
