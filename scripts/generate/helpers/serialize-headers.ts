/** OpenAPI's style "simple" for headers that are objects or JSON; openapi-fetch writes all others itself. */
export function serializeHeaders<Headers extends object>(
  styles: Record<string, "pairs" | "list" | "json">,
  headers: Headers | undefined,
): Headers {
  const rows = Object.entries(headers ?? {}).map(([name, value]) => {
    const style = styles[name];
    if (style === "json" && value !== undefined) return [name, JSON.stringify(value)];
    if (!style || typeof value !== "object" || value === null || Array.isArray(value)) return [name, value];
    const members = Object.entries(value).filter(([, member]) => member !== undefined && member !== null);
    return [name, members.map((member) => member.join(style === "pairs" ? "=" : ",")).join(",")];
  });
  return Object.fromEntries(rows);
}
