// A body read as a problem: the HTTP status wins, wrong members are ignored, the server's own are kept.
import { describe, expect, test } from "vitest";
import { isProblemType, readProblem } from "../../src/errors/problem.js";

describe("the media type", () => {
  test.each([
    "application/problem+json",
    "APPLICATION/Problem+Json",
    "application/problem+json; charset=utf-8",
    " application/problem+json ;x=y",
  ])("%s is a problem's", (type) => {
    expect(isProblemType(type)).toBe(true);
  });
  test.each([
    null,
    "",
    "application/json",
    "application/problem+xml",
    "application/problem+jsonx",
    "text/html, application/problem+json",
  ])("%s is not", (type) => {
    expect(isProblemType(type)).toBe(false);
  });
});

describe("a problem", () => {
  test("has the HTTP status, whatever its own member says", () => {
    expect(readProblem({ status: 200 }, 403).status).toBe(403);
    expect(readProblem({}, 403).status).toBe(403);
  });

  test("is about:blank where it gives no type", () => {
    expect(readProblem({}, 403).type).toBe("about:blank");
    expect(readProblem({ type: 7 }, 403).type).toBe("about:blank");
    expect(readProblem({ type: "/mine" }, 403).type).toBe("/mine");
  });

  test("is without members of the wrong type", () => {
    const wrong = { title: 1, detail: {}, instance: [], code: null, errorId: true, errors: "x" };
    expect(readProblem(wrong, 403)).toEqual({ type: "about:blank", status: 403 });
  });

  test("keeps members that a server added, of any type", () => {
    const added = { balance: 30, accounts: ["a"], nested: { deep: null } };
    expect(readProblem(added, 403)).toMatchObject(added);
  });

  test("keeps its errors, with values of any type, and leaves out what is none", () => {
    const errors = [{ location: "a", message: "b", value: null }, null, "x", 3, { location: 3, message: "m", more: 1 }];
    expect(readProblem({ errors }, 422).errors).toEqual([
      { location: "a", message: "b", value: null },
      { message: "m", more: 1 },
    ]);
    expect(readProblem({ errors: null }, 422).errors).toBeNull();
    expect(readProblem({}, 422)).not.toHaveProperty("errors");
  });
});
