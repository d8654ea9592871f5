type Ok<Status> = Status extends number | string ? (`${Status}` extends `2${string}` ? Status : never) : never;

/** Where a spec documents no success, `default` stands for that too. */
type Success<Status> = [Ok<Status>] extends [never] ? Extract<Status, "default"> : Ok<Status>;

type Body<Documented> = Documented extends { content: infer Content } ? Content[keyof Content] : undefined;

/** `data` after a 2xx, else `error`, each as the spec has it; `response` with both. */
export type Result<
  Operation extends { responses: unknown },
  Responses = Operation["responses"],
  Status extends keyof Responses = keyof Responses,
> = Promise<
  | { data: Body<Responses[Success<Status> & Status]>; error?: never; response: Response }
  | { data?: never; error: Body<Responses[Exclude<Status, Ok<Status>>]>; response: Response }
>;

/** The same answer as the spec types it: openapi-fetch's own types lose the methods of a Blob, and tuples. */
export function typed<Operation extends { responses: unknown }>(answer: Promise<unknown>): Result<Operation> {
  return answer as Result<Operation>;
}
