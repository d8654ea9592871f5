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
         * @description Takes an API token of a service account out of use: afterwards the token no longer authenticates [documented]. That cannot be undone [assumed]. The organization is the one that the bearer credential belongs to, so nothing in the request names it [documented]. A token that was revoked before is answered like one that never was: 404 [observed].
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
         * @description The record of a service account with all its tokens, revoked and expired ones included, newest first [documented]. It comes at once, without pages; a token is left out only some time after it was revoked or expired, by default 90 days [observed]. Secrets are never in it [documented].
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
        /** @description What went wrong, as RFC 9457 problem details. No member is required [documented]. A server may add members of its own: the vendor's spec has none, but RFC 9457 allows them [assumed]. */
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
            /** @description Id of the entry in the server's log. Give it to the vendor's support [observed]. */
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
        /** @description A service account with its tokens [documented]. */
        ServiceAccount: {
            id: string;
            name: string;
            slug: string;
            externalId: string;
            createdBy?: components["schemas"]["User"];
            /** Format: date-time */
            createdAt: string;
            tokens: components["schemas"]["Token"][];
        };
        /** @description A token of a service account, without its secret [documented]. */
        Token: {
            id: string;
            name: string;
            slug: string;
            scopes: string[];
            serviceAccountId: string;
            /** Format: date-time */
            expiresAt?: string;
            /** Format: date-time */
            createdAt: string;
            createdBy: components["schemas"]["User"];
            /** Format: date-time */
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
            /** @description The token is revoked. There is no body [documented]. Other replicas of the API may accept the token for up to five minutes more, where the notice of it did not reach them [observed]. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was malformed [documented]; nothing was revoked [assumed]. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credential was not accepted [documented]: it is expired, revoked or unknown (`ValidateToken.Invalid`), or none arrived, as when a proxy removes the header (`Auth.NoIdentity`) [observed]. Nothing was revoked [assumed]; but where a token revokes itself, this may be the answer to the second attempt [observed]. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is not allowed [documented]. With `Auth.MissingScope`, the credential lacks the scope `write:tokens` [observed]. Nothing was revoked [assumed]. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description With `Token.NotFound`, the API finds no active token by these slugs: it never existed or is revoked already [observed]. A token that belongs to the platform (owner `system:kaiten`), or to a membership that has ended, is answered so too, while it lives [observed]. With `NOT_FOUND`, there is no such route, usually because the base URL lacks its path: that says nothing of the token [observed]. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request was understood and refused [documented]; nothing was revoked [assumed]. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API failed [documented]. The token may be revoked or not: this may come after the update was committed [observed]. */
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
            /** @description The service account and its tokens [documented]. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceAccount"];
                };
            };
            /** @description There is no such service account in the organization of the credential, or its membership has ended. */
            404: {
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
