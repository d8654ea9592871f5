/** `types` are the parts whose media type the spec demands; `fetch` gives such a part a file name. */
export function toFormData(types: Record<string, string>) {
  const part = (item: unknown, type: string | undefined): string | Blob => {
    if (item instanceof Blob) return item;
    const text = typeof item === "object" ? JSON.stringify(item) : String(item);
    return type ? new Blob([text], { type }) : text;
  };
  return (body: unknown): FormData => {
    if (body instanceof FormData) return body;
    const form = new FormData();
    for (const [name, value] of Object.entries(body ?? {})) {
      for (const item of Array.isArray(value) ? value : [value]) {
        if (item !== undefined && item !== null) form.append(name, part(item, types[name]));
      }
    }
    return form;
  };
}
