// What a media type of the spec means for the wire: how a body of it is written, and how it is read.

export type MediaKind = "json" | "form" | "multipart" | "text" | "binary";

const KINDS: [RegExp, MediaKind][] = [
  [/^([^/]+\/([^;]+\+)?json|\*\/\*|application\/\*)$/, "json"],
  [/^application\/x-www-form-urlencoded$/, "form"],
  [/^multipart\//, "multipart"],
  [/^text\/|[/+](xml|yaml|x-yaml|csv|javascript|graphql|sql|toml|jsonl|ndjson|x-ndjson|json-seq)$/, "text"],
];

/** The kind of `type`; its parameters (`; charset=utf-8`) play no part. */
export function mediaKind(type: string): MediaKind {
  const essence = type.split(";", 1).join("").trim().toLowerCase();
  return KINDS.find(([pattern]) => pattern.test(essence))?.[1] ?? "binary";
}

/** RFC 9457 §3. */
export const isProblem = (type: string): boolean => /^application\/problem\+json\s*(;|$)/i.test(type);
