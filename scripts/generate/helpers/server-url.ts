/** A server's URL with its variables filled in: by you, else with the spec's defaults. */
export function serverUrl(
  server: { url: string; variables?: Record<string, { default: string }> },
  values: Record<string, string> = {},
): string {
  return server.url.replace(/\{([^{}]+)\}/g, (variable, name) => {
    return values[name] ?? server.variables?.[name]?.default ?? variable;
  });
}
