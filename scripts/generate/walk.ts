// Goes through the operations of a spec as a rule of Redocly's linter sees it: each with its place.
import type { Location } from "@redocly/openapi-core/lib/ref-utils.js";
import type { UserContext } from "@redocly/openapi-core/lib/walk.js";
import type { OperationObject, PathItemObject } from "openapi-typescript";
import { METHODS, ownEntries } from "./operations.js";

export interface Visit {
  /** Of a path, an operation becomes a function; of a webhook, it does not. */
  group: "paths" | "webhooks";
  path: string;
  /** Method and path, for messages. */
  where: string;
  item: PathItemObject;
  operation: OperationObject;
  place: Location;
}

/** What is no operation at all, the rule `struct` reports. */
export function* visitOperations(root: unknown, { resolve, location }: UserContext): Generator<Visit> {
  for (const group of ["paths", "webhooks"] as const) {
    const entries: [string, PathItemObject][] = ownEntries(Object(root)[group]);
    for (const [path, entry] of entries) {
      const { node: item, location: elsewhere } = resolve<PathItemObject>(entry);
      if (!item) continue;
      for (const method of METHODS) {
        const operation = item[method] as OperationObject | undefined;
        if (typeof operation !== "object" || operation === null) continue;
        const place = (item === entry ? location.child([group, path]) : elsewhere).child([method]);
        yield { group, path, where: `${method.toUpperCase()} ${path}`, item, operation, place };
      }
    }
  }
}
