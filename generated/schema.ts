// Written by `npm run generate` from the OpenAPI spec. Never edit: change the spec and run it again.

export interface paths {
    "/service-accounts/{serviceAccountSlug}/tokens/{tokenSlug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a service account's token
         * @description Takes an API token of a service account out of use: afterwards the token no longer authenticates. That cannot be undone [assumed]. The organization is the one that the bearer credential belongs to, so nothing in the request names it. A token that was revoked before is answered like one that never was: 404 [observed]. So the answer to a request that was sent twice on the way, or again after a lost answer, is no proof: the record is, see `get-service-account`.
         */
        delete: operations["delete-service-account-token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/service-accounts/{serviceAccountSlug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a service account by slug
         * @description The record of a service account with all its tokens, newest first. Tokens that are revoked or have expired are among them, until they are deleted: by default 90 days later. All come at once, without pages, and never with their secrets. So it tells whether a token is revoked, when and by whom, and reading it changes nothing. The scope `write:tokens` implies `read:tokens`: who may revoke may also read. Each read is metered (`service-accounts-read`).
         */
        get: operations["get-service-account"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What went wrong, as RFC 9457 problem details. No member is required. A server may add members of its own: the vendor's spec has none, but RFC 9457 allows them [assumed]. */
        Problem: {
            /**
             * Format: uri-reference
             * @description URI reference that identifies the kind of problem. Servers send one per status, such as `https://tools.ietf.org/html/rfc7231#section-6.5.4` [observed].
             * @default about:blank
             */
            type?: string;
            /** @description Short summary of the kind of problem. */
            title?: string;
            /** @description The HTTP status, repeated for convenience. */
            status?: number;
            /** @description What went wrong this time, for a person. */
            detail?: string;
            /**
             * Format: uri-reference
             * @description URI reference of this occurrence, usually the path of the request.
             */
            instance?: string;
            /** @description The single faults that were found in the request. Left out where there are none [observed]; may be null [assumed]. */
            errors?: components["schemas"]["ErrorDetail"][] | null;
            /** @description Stable, machine-readable name of the problem, such as `Token.NotFound` [observed]. */
            code?: string;
            /** @description Id of the entry in the server's log, where a cause is withheld, as in a 500. Give it to the vendor's support [observed]. */
            errorId?: string;
        } & {
            [key: string]: unknown;
        };
        /** @description One fault in the request. */
        ErrorDetail: {
            /** @description Where the fault is, such as `path.tokenSlug`. */
            location?: string;
            /** @description What is wrong there. */
            message?: string;
            /** @description The value that was sent there, of any type, also null. */
            value?: unknown;
        } & {
            [key: string]: unknown;
        };
        /** @description A service account with all its tokens. */
        ServiceAccount: {
            id: string;
            name: string;
            /** @description Its name in paths, which the request asked for. */
            slug: string;
            externalId: string;
            createdBy?: components["schemas"]["User"];
            /**
             * Format: date-time
             * @description RFC 3339.
             */
            createdAt: string;
            /** @description All its tokens, newest first, those that are revoked or have expired among them. */
            tokens: components["schemas"]["Token"][];
        };
        /** @description A token of a service account, never with its secret. */
        Token: {
            id: string;
            name: string;
            /** @description Its name in paths. It is not used again while the token is in the record. */
            slug: string;
            /** @description What it may do, such as `write:tokens`. */
            scopes: string[];
            serviceAccountId: string;
            /**
             * Format: date-time
             * @description When it expires, if it does: RFC 3339.
             */
            expiresAt?: string;
            /**
             * Format: date-time
             * @description RFC 3339.
             */
            createdAt: string;
            createdBy: components["schemas"]["User"];
            /**
             * Format: date-time
             * @description When it was revoked, if it was: RFC 3339.
             */
            revokedAt?: string;
            revokedBy?: components["schemas"]["User"];
        };
        /** @description A user of the organization. */
        User: {
            id: string;
            name?: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "delete-service-account-token": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Slug of the service account that owns the token.
                 * @example service-account-slug
                 */
                serviceAccountSlug: string;
                /**
                 * @description Slug of the token to revoke (its name, never its secret).
                 * @example my-token-slug
                 */
                tokenSlug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token is revoked. There is no body. Other replicas of the API may accept the token for up to five minutes more, where the notice of it did not reach them; so may this one, where a check of the token was under way [observed]. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was malformed; nothing was revoked [assumed]. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credential was not accepted. With `ValidateToken.Invalid`, it is expired, revoked or unknown, **or the database that knows could not be reached**; with `Auth.MissingAuthorizationHeader`, none arrived, as when a proxy removes the header [observed]. A JWT that has expired is refused by the gateway in plain text, not as a problem [observed]. Nothing was revoked [assumed]; but where a token revokes itself, this is also the answer to the second of two requests [observed]. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not allowed. With `Auth.MissingScope`, the credential lacks the scope `write:tokens`; with `Auth.UserDeleted` or `Auth.MembershipDeleted`, its owner is gone, though the gateway still accepts it [observed]. Where the gateway cannot reach its own auth service, it answers 403 that is no problem [observed]. Nothing was revoked [assumed]. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description With `Token.NotFound`, the API finds no active token by these slugs: it never existed or is revoked already [observed]. A token that belongs to the platform (owner `system:kaiten`), or to a membership that has ended, is answered so too, while the gateway still accepts it [observed]. With `NOT_FOUND`, there is no such route, usually because the base URL lacks its path: that says nothing of the token [observed]. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request was understood and refused; nothing was revoked [assumed]. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The gateway's limiter refused the request, which never reached the API [observed]: 100 requests a second with access tokens (`ksh_…`), for each replica of the gateway. Its words are plain text and the gateway's own, so no content is described here. There is no `Retry-After`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The API failed. The token may be revoked or not: this may come after the update was committed [observed]. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "get-service-account": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Slug of the service account.
                 * @example service-account-slug
                 */
                serviceAccountSlug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The service account and all its tokens. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceAccount"];
                };
            };
            /** @description The request was malformed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credential was not accepted, as for `delete-service-account-token`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not allowed: the credential lacks the scope `read:tokens`, or what is said of `delete-service-account-token`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description With `ServiceAccount.NotFound`, the organization has no such service account, or its membership has ended: then the gateway still accepts its tokens. With `NOT_FOUND`, there is no such route: that says nothing of the account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The gateway's limiter refused the request, which never reached the API, as for `delete-service-account-token`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The API failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
