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
         * @description Takes an API token of a service account out of use: once this has succeeded, the token no longer authenticates. It cannot be undone. The organization is the one that the bearer credential belongs to, so nothing in the request names it. A token that was revoked before is answered like one that never was: 404.
         */
        delete: operations["delete-service-account-token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What went wrong, as RFC 9457 problem details. No member is required, and a server may add members of its own. */
        Problem: {
            /**
             * Format: uri-reference
             * @description URI reference that identifies the kind of problem.
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
            /** @description The single faults that were found in the request. */
            errors?: components["schemas"]["ErrorDetail"][] | null;
            /** @description Stable, machine-readable name of the problem, such as `Token.NotFound`. */
            code?: string;
            /** @description Id of the entry in the server's log. Give it to the vendor's support. */
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
            /** @description The token is revoked. There is no body. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request was malformed; nothing was revoked. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credential is missing, expired, revoked or not valid; nothing was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credential lacks the scope `write:tokens`; nothing was revoked. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API has no active token by that slug, or has no such route. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request was understood and refused; nothing was revoked. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API failed. The token may be revoked or not. */
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
