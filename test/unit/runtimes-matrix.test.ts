import { describe, expect, test } from "vitest";
import { outdated, withRows } from "../../scripts/runtimes/matrix.js";
import { PROMISED } from "../../scripts/runtimes/table.js";

const README = "# Title\n\n<!-- runtimes -->\nold\n<!-- /runtimes -->\n\nThe end.\n";
const ROWS = [
  { name: "Node 20", version: "20.20.2", seen: PROMISED },
  { name: "Deno", version: "2.9.6", seen: { ...PROMISED, timeout: "$& late" } },
];

describe("the matrix in the README", () => {
  test("takes the place of the one before, and nothing else's", () => {
    const [before, rows, after] = withRows(README, ROWS).split(/<!-- \/?runtimes -->\n/);
    expect(before).toBe("# Title\n\n");
    expect(rows?.split("\n").map((line) => line.split(" | ").slice(0, 3).join())).toEqual([
      "| runtime,version,revoke",
      "| ---,---,---",
      "| Node 20,20.20.2,revoked",
      "| Deno,2.9.6,revoked",
      "",
    ]);
    expect(rows).toContain("$& late");
    expect(after).toBe("\nThe end.\n");
  });

  test("is up to date once it is written, also for another version that sees the same", () => {
    const readme = withRows(README, ROWS);
    expect(outdated(readme, ROWS)).toEqual([]);
    expect(outdated(readme, [{ ...ROWS[0], version: "20.19.0" } as (typeof ROWS)[0]])).toEqual([]);
  });

  test("is outdated where a runtime sees something else, or is not there", () => {
    const readme = withRows(README, ROWS);
    const changed = { name: "Node 20", version: "20.20.2", seen: { ...PROMISED, timeout: "late" } };
    const added = { name: "Bun", version: "1.4.5", seen: PROMISED };
    expect(outdated(readme, [changed, added])).toEqual([changed, added]);
  });

  test("needs its markers", () => {
    expect(() => withRows("# Title\n", ROWS)).toThrow("<!-- runtimes -->");
  });
});
