// The table of faults through the platform's fetch.
import { expect, test } from "vitest";
import { playRows } from "./play-rows.js";
import { HIDDEN, ROWS } from "./rows.js";

playRows([...ROWS, ...HIDDEN]);

test("the table has the rows it should", () => {
  expect(ROWS.length).toBeGreaterThanOrEqual(80);
  expect(new Set(ROWS.map((row) => row.name)).size).toBe(ROWS.length);
});
