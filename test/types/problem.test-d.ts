// The members of problems, as openapi.yaml has them. A failure here after a change of the spec is a change of the public
// types: write the new members here, and into CHANGELOG.md.
import { expectTypeOf, test } from "vitest";
import type { Problem, ProblemStatus } from "../../src/index.js";

/** Written as one object type, so that it can be compared. */
type Flat<T> = { [Name in keyof T]: T[Name] };
type Fault = NonNullable<Problem["errors"]>[number];

test("a problem has the members of the spec, and may have others", () => {
  expectTypeOf<Flat<Problem>>().toEqualTypeOf<{
    [name: string]: unknown;
    type: string;
    status: number;
    title?: string;
    detail?: string;
    instance?: string;
    errors?: Fault[] | null;
    code?: string;
    errorId?: string;
  }>();
});

test("a fault in the request has the members of the spec, and may have others", () => {
  expectTypeOf<Flat<Fault>>().toEqualTypeOf<{
    [name: string]: unknown;
    location?: string;
    message?: string;
    value?: unknown;
  }>();
});

test("a problem has these members at every documented status", () => {
  expectTypeOf<{ [Status in ProblemStatus]: Flat<Problem<Status>> }>().toEqualTypeOf<{
    [Status in ProblemStatus]: Flat<Problem & { status: Status }>;
  }>();
});

test("a problem of a status whose content is not documented has them too", () => {
  expectTypeOf<Flat<Problem<429>>>().toEqualTypeOf<Flat<Problem & { status: 429 }>>();
});
