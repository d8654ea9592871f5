// The one guard against values that cannot be looked at: any access to a revoked Proxy throws.

/** `instanceof` that throws for nothing: what cannot be looked at is no instance of anything. */
export function isA<T>(value: unknown, Class: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof Class;
  } catch {
    return false;
  }
}
