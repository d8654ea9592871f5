// What a JWT says of itself: whose it is, and how long it lasts. Its signature is not checked, and nothing is proved by it.

export function claimsOf(secret: string): Readonly<Record<string, unknown>> | undefined {
  const parts = secret.split(".");
  if (parts.length !== 3) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(parts[1] ?? "", "base64url").toString());
    return typeof claims === "object" && claims !== null ? { ...claims } : undefined;
  } catch {
    return undefined;
  }
}

/** The user and the organization, as far as it says. */
const ownerClaims = (claims: object) => Object.entries(claims).filter(([name]) => name === "sub" || /org/i.test(name));

/** Whom the credential belongs to, for the person who is asked. */
export function describe(secret: string, source: string): string {
  const claims = claimsOf(secret);
  if (!claims) return `access token from ${source}`;
  const told = ownerClaims(claims).map(([name, value]) => {
    return `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`;
  });
  const expiry = expiryOf(secret);
  if (expiry !== undefined) told.push(`expires ${new Date(expiry).toISOString()}`);
  return [`JWT from ${source}`, ...told].join(", ");
}

/** Whether two credentials are of the same user and organization; undefined where neither of them says. */
export function isSameOwner(one: string, other: string): boolean | undefined {
  const [first, second] = [claimsOf(one), claimsOf(other)];
  if (!first && !second) return one === other || undefined;
  const owner = (claims: object | undefined) => claims && JSON.stringify(ownerClaims(claims).sort());
  return owner(first) === owner(second);
}

/** In ms since 1970, where a date can be so late. */
export function expiryOf(secret: string): number | undefined {
  const exp = claimsOf(secret)?.exp;
  return typeof exp === "number" && Math.abs(exp) <= 8.64e12 ? exp * 1000 : undefined;
}
