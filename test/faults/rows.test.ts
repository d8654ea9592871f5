// The table of faults through the platform's fetch.
import { expect, test } from "vitest";
import { playRows } from "./play-rows.js";
import { HIDDEN, OWN_ROWS, ROWS } from "./rows.js";

const all = [...ROWS, ...OWN_ROWS, ...HIDDEN];

playRows(all);

test("the table has the rows it should", () => {
  expect(all.length).toBeGreaterThanOrEqual(415);
  expect(new Set(all.map((row) => row.name)).size).toBe(all.length);
});
