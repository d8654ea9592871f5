type QueryStyle = {
  style?: "form" | "spaceDelimited" | "pipeDelimited" | "deepObject";
  explode?: boolean;
  allowReserved?: boolean;
  json?: boolean;
};

/** openapi-fetch has one style for a whole query; OpenAPI gives each parameter its own (3.1 §4.8.12.2). */
export function serializeQuery(styles: Record<string, QueryStyle>) {
  const reserved = (text: string) =>
    encodeURIComponent(text).replace(/%(?:2C|2F|3A|3B|3D|3F|40|24|5B|5D)/g, decodeURIComponent);
  const key = (text: string) => reserved(text).replaceAll("=", "%3D");

  function pairs(name: string, value: unknown, own: QueryStyle): string[] {
    const { style = "form", explode = style === "form", allowReserved, json } = own;
    const write = (part: unknown) => {
      const text = json || typeof part === "object" ? JSON.stringify(part) : String(part);
      // "&", "+", "#" and "%" are escaped even so: raw, the value that arrives would be another.
      return allowReserved ? reserved(text) : encodeURIComponent(text);
    };
    if (value === undefined || value === null) return [];
    if (json || typeof value !== "object") return [`${key(name)}=${write(value)}`];
    const members = Object.entries(value).filter(([, member]) => member !== undefined && member !== null);
    const list = Array.isArray(value);
    if (style === "deepObject" && !list) {
      return members.flatMap(([member, item]) => pairs(`${name}[${member}]`, item, own));
    }
    if (explode || style === "deepObject") {
      return members.map(([member, item]) => `${key(list ? name : member)}=${write(item)}`);
    }
    const parts = members.flatMap(([member, item]) => (list ? [write(item)] : [key(member), write(item)]));
    const delimiter = { form: ",", spaceDelimited: "%20", pipeDelimited: "%7C" }[style];
    return parts.length > 0 ? [`${key(name)}=${parts.join(delimiter)}`] : [];
  }

  return (query: object): string =>
    Object.entries(query)
      .flatMap(([name, value]) => pairs(name, value, styles[name] ?? {}))
      .join("&");
}
