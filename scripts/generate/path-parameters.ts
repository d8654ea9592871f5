// A rule for Redocly's linter: what a path names in braces is defined as a parameter, and the other way round. Its own
// rule for that knows no names but those of letters, digits, dots and dashes.
import type { Oas3Rule } from "@redocly/openapi-core/lib/visitors.js";
import type { ParameterObject, ReferenceObject } from "openapi-typescript";
import { visitOperations } from "./walk.js";

export const pathParameters: Oas3Rule = () => ({
  Root(root, context) {
    for (const { group, path, where, item, operation, place } of visitOperations(root, context)) {
      // A reference in place of an operation has no operationId either, which is told of it.
      if (group !== "paths" || "$ref" in operation) continue;
      const named = new Set(Array.from(path.matchAll(/\{([^{}]+)\}/g), ([, name]) => name));
      const { absoluteRef } = place.source;
      const defined = new Set(
        [item.parameters ?? [], operation.parameters ?? []]
          .flatMap(
            (parameters) => context.resolve<(ParameterObject | ReferenceObject)[]>(parameters, absoluteRef).node ?? [],
          )
          .map((parameter) => context.resolve<ParameterObject>(parameter, absoluteRef).node)
          .flatMap((parameter) => (parameter?.in === "path" && parameter.name ? parameter.name : [])),
      );
      const say = (message: string) => context.report({ message: `${where} ${message}`, location: place.key() });
      for (const name of named) {
        if (!defined.has(name ?? "")) say(`does not define the parameter {${name}} of its path.`);
        else if (/^[.;]|\*$/.test(name ?? ""))
          say(`names a path parameter "${name}", which openapi-fetch takes for a style.`);
      }
      for (const name of defined) {
        if (!named.has(name)) say(`defines a path parameter "${name}", but its path has no {${name}}.`);
      }
    }
  },
});
