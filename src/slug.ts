// What may be put into the path of a DELETE.

/**
 * Refuses a slug that would not arrive as exactly one path segment. `.` and `..` are removed by every URL parser,
 * percent-encoded or not (WHATWG URL §4.4), so that the request would delete something else; a lone surrogate has no
 * UTF-8 form (RFC 3629 §3). Every other string is safe once it is percent-encoded.
 *
 * @throws {TypeError} naming the parameter and what is wrong with it.
 */
export function assertSlug(name: string, slug: unknown): asserts slug is string {
  const fault =
    typeof slug !== "string"
      ? `must be a string, not ${slug === null ? "null" : typeof slug}`
      : slug === ""
        ? "is empty"
        : slug === "." || slug === ".."
          ? `is "${slug}", which would address something else`
          : /\p{Surrogate}/u.test(slug)
            ? "has a lone surrogate, which cannot be sent"
            : undefined;
  if (fault) throw new TypeError(`${name} ${fault}. Nothing was sent.`);
}
