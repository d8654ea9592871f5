// Written by `npm run generate` from the OpenAPI spec. Never edit: change the spec and run it again.

import createFetchClient, {
  type Client as OpenApiClient,
  type ClientOptions,
  type FetchOptions,
} from "openapi-fetch";
import type { operations, paths } from "./schema.js";

/** What the functions below call through: openapi-fetch, typed by this spec. */
export type Client = OpenApiClient<paths>;

/** The servers that the spec names. A client has no default: pass one of them, or your own, as `baseUrl`. */
export const servers = [
  { url: "https://demo.kaiten.sh", description: "The vendor's demo. Deployments have hosts of their own." },
] as const;

/** The statuses that each operation documents as problems (`application/problem+json`, RFC 9457). */
export const problemStatuses = {
  deleteServiceAccountToken: [400, 401, 403, 404, 422, 500],
} as const;

type Ok<Status> = Status extends number | string ? (`${Status}` extends `2${string}` ? Status : never) : never;

/** Where a spec documents no success, `default` stands for that too. */
type Success<Status> = [Ok<Status>] extends [never] ? Extract<Status, "default"> : Ok<Status>;

type Body<Documented> = Documented extends { content: infer Content } ? Content[keyof Content] : undefined;

/** `data` after a 2xx, else `error`, each as the spec has it; `response` with both. */
type Result<
  Operation extends { responses: unknown },
  Responses = Operation["responses"],
  Status extends keyof Responses = keyof Responses,
> = Promise<
  | { data: Body<Responses[Success<Status> & Status]>; error?: never; response: Response }
  | { data?: never; error: Body<Responses[Exclude<Status, Ok<Status>>]>; response: Response }
>;

/** The same answer as the spec types it: openapi-fetch's own types lose the methods of a Blob, and tuples. */
function typed<Operation extends { responses: unknown }>(answer: Promise<unknown>): Result<Operation> {
  return answer as Result<Operation>;
}

/** A client for the functions below: one engine, many operations. */
export function createClient(options: ClientOptions): Client {
  return createFetchClient<paths>(options);
}

/**
 * Revoke a service account's token
 *
 * Takes an API token of a service account out of use: afterwards the token no longer authenticates [documented].
 * That cannot be undone [assumed]. The organization is the one that the bearer credential belongs to, so nothing
 * in the request names it [documented]. A token that was revoked before is answered like one that never was: 404
 * [observed].
 *
 * - `serviceAccountSlug` (path): Slug of the service account that owns the token.
 * - `tokenSlug` (path): Slug of the token to revoke (its name, never its secret).
 *
 * `DELETE /service-accounts/{serviceAccountSlug}/tokens/{tokenSlug}`
 */
export function deleteServiceAccountToken(
  client: Client,
  init: FetchOptions<operations["delete-service-account-token"]>,
): Result<operations["delete-service-account-token"]> {
  return typed(client.DELETE("/service-accounts/{serviceAccountSlug}/tokens/{tokenSlug}", init));
}
