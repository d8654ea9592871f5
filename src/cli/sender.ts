// Whose credential sends a run, without the credential: the journal says so with each run.
import { createHash } from "node:crypto";

/** They differ in every JWT of the same user. */
const PER_JWT: readonly string[] = ["exp", "iat", "nbf", "jti"];

/** The claims of a JWT, read without checking its signature; undefined for a credential that is no JWT. */
export function claimsOf(credential: string): Record<string, unknown> | undefined {
  const parts = credential.split(".");
  if (parts.length !== 3) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(parts[1] ?? "", "base64url").toString());
    return typeof claims === "object" && claims !== null ? { ...claims } : undefined;
  } catch {
    return undefined;
  }
}

/** 12 hex digits, the same for every JWT of one user. Another access token is another sender. */
export function senderOf(credential: string, baseUrl: string): string {
  const claims = Object.entries(claimsOf(credential) ?? {}).filter(([name]) => !PER_JWT.includes(name));
  const identity = claims.length > 0 ? JSON.stringify(claims.sort()) : `${baseUrl}\n${credential}`;
  return createHash("sha256").update(identity).digest("hex").slice(0, 12);
}
