// What the record says of each token.
import type { Token, TokenRef, User } from "../types.js";

/** A token, with what its record says. A `secret` is accepted until the token is revoked or expires. */
export type FakeToken = TokenRef & { secret?: string } & Partial<
    Pick<Token, "name" | "scopes" | "createdAt" | "expiresAt" | "revokedAt" | "revokedBy">
  >;

export const USER: User = { id: "fake-user", name: "Fake User" };

/** Completes the record of each token. The newest is the first. */
export function complete(given: Iterable<FakeToken>, newId: () => string, common: Pick<Token, "scopes" | "createdAt">) {
  return Array.from(given, ({ serviceAccountSlug, tokenSlug, secret, ...members }) => {
    const names = { id: newId(), name: tokenSlug, slug: tokenSlug, serviceAccountId: `id-of-${serviceAccountSlug}` };
    const token: Token = { ...names, ...common, createdBy: USER, ...members };
    return { ref: { serviceAccountSlug, tokenSlug }, secret, token, isHidden: false };
  }).sort((a, b) => Date.parse(b.token.createdAt) - Date.parse(a.token.createdAt));
}

/** Whether the token has expired, or was revoked `ago` ms before `now` or earlier. */
export const isDead = ({ expiresAt = "", revokedAt = "" }: Token, now: number, ago = 0): boolean =>
  Date.parse(expiresAt) <= now || Date.parse(revokedAt) + ago <= now;
