// The bar and the spinner, as text for a number of columns.
import { expect, test } from "vitest";
import { bar, spinner } from "../../../src/cli/ui/progress.js";

const NONE = { revoked: 0, absent: 0, "not-revoked": 0, unknown: 0 };

test("with room for all, it has blocks, counts and what the run waits for", () => {
  const counts = { revoked: 100, absent: 5, "not-revoked": 3, unknown: 2 };
  expect(bar(counts, 220)(119, 55, "rate limit, 2 s")).toBe(
    "████████████░░░░░░░░░░░░  110/220  rate limit, 2 s  absent 5  not-revoked 3  unknown 2",
  );
});

test("before the first result it is empty", () => {
  expect(bar(NONE, 400)(79, 3, "")).toBe("░░░░░░░░░░░░░░░░░░░░░░░░  0/400");
});

test.each([
  [79, 100, { ...NONE, revoked: 90, unknown: 3 }, "██████████████████████░░  93/100  unknown 3"],
  [39, 100, { ...NONE, revoked: 90, unknown: 3 }, "93/100  unknown 3"],
  [39, 1000, { revoked: 900, absent: 10, "not-revoked": 7, unknown: 3 }, "920/1000  abs 10  not 7  unk 3"],
  [
    39,
    29997,
    { revoked: 0, absent: 9999, "not-revoked": 9999, unknown: 9999 },
    "29997/29997 abs 9999 not 9999 unk 9999",
  ],
  [20, 8, { ...NONE, revoked: 5, unknown: 3 }, "8/8  unknown 3"],
])("in %i columns the counts of bad outcomes are never left out", (columns, total, counts, expected) => {
  expect(bar(counts, total)(columns, 60, "")).toBe(expected);
  expect(expected.length).toBeLessThanOrEqual(columns);
});

test("the spinner says how long it takes and why, as far as there is room", () => {
  expect(spinner("revoking")(79, 12.34, "503, trying again")).toBe("⠸ revoking, 12 s, 503, trying again");
  expect(spinner("revoking")(20, 12.34, "503, trying again")).toBe("⠸ revoking, 12 s, 50");
});
