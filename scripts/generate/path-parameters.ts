// A rule for Redocly's linter: what a path names in braces is defined as a parameter, and the other way round. Its own
// rule for that knows no names but those of letters, digits, dots and dashes.
import type { Oas3Rule } from "@redocly/openapi-core/lib/visitors.js";
import type { ParameterObject } from "openapi-typescript";
import { visitOperations } from "./walk.js";

export const pathParameters: Oas3Rule = () => ({
  Root(root, context) {
    for (const { group, path, where, item, operation, place } of visitOperations(root, context)) {
      if (group !== "paths") continue;
      const named = new Set(Array.from(path.matchAll(/\{([^{}]+)\}/g), ([, name]) => name));
      const defined = new Set(
        [item.parameters, operation.parameters]
          .flatMap((parameters) => (Array.isArray(parameters) ? parameters : []))
          .map((parameter) => context.resolve<ParameterObject>(parameter, place.source.absoluteRef).node)
          .flatMap((parameter) => (parameter?.in === "path" ? parameter.name : [])),
      );
      const say = (message: string) => context.report({ message: `${where} ${message}`, location: place.key() });
      for (const name of named)
        if (!defined.has(name ?? "")) say(`does not define the parameter {${name}} of its path.`);
      for (const name of defined)
        if (!named.has(name)) say(`defines a path parameter "${name}", but its path has no {${name}}.`);
    }
  },
});
