// A rule for Redocly's linter: every operation has an operationId, and every operationId makes a function of its own.
import type { Oas3Rule } from "@redocly/openapi-core/lib/visitors.js";
import { functionName } from "./names.js";
import { visitOperations } from "./walk.js";

/** Says what is wrong with an operation's id; the first of two that collide is right. */
function idChecker() {
  const ids = new Map<unknown, string>();
  const names = new Map<string, string>();

  return (id: unknown, where: string, becomesFunction: boolean): string | undefined => {
    if (!becomesFunction && id === undefined) return undefined;
    if (typeof id !== "string") return `${where} has no operationId: it names the generated function.`;
    const name = functionName(id);
    if (becomesFunction && !name)
      return `operationId "${id}" of ${where} has no letter or digit to name a function by.`;
    const sameId = ids.get(id);
    const sameName = names.get(name);
    if (becomesFunction && sameName) {
      return `operationId "${id}" of ${where} collides with that of ${sameName}: both become ${name}().`;
    }
    if (sameId) return `operationId "${id}" of ${where} is that of ${sameId} too: it must be unique.`;
    ids.set(id, where);
    if (becomesFunction) names.set(name, where);
    return undefined;
  };
}

export const functionNames: Oas3Rule = () => ({
  Root(root, context) {
    const check = idChecker();
    for (const { group, where, operation, place } of visitOperations(root, context)) {
      const id = operation.operationId;
      const message = check(id, where, group === "paths");
      const location = id === undefined ? place.key() : place.child(["operationId"]);
      if (message) context.report({ message, location });
    }
  },
});
