// Adds an operation to a copy of the project, by the diffs of CONTRIBUTING and nothing else.
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createScratch } from "./scratch.js";

const PROBE = `
import { expect, test } from "vitest";
import { createKaitenClient } from "../../src/index.js";
import { prism, preferring, problemOf, TOKEN } from "./mock.js";

const { tokens } = createKaitenClient({ baseUrl: prism.url, token: TOKEN }).serviceAccounts;

test("the tokens of an account are listed", async () => {
  expect(await tokens.list("ci-bot")).toEqual([{ slug: "string" }]);
});

test("a refusal is an error that speaks of a list", async () => {
  const fetch = preferring("code=401");
  const { tokens } = createKaitenClient({ baseUrl: prism.url, token: TOKEN, fetch }).serviceAccounts;
  const { code, outcome, summary } = await problemOf(tokens.list("ci-bot"));
  expect({ code, outcome }).toEqual({ code: "ValidateToken.Invalid", outcome: "not-revoked" });
  expect(summary).toContain(". Nothing was listed. The credential is revoked, expired or unknown here");
});

test("a page in the place of a list is no list, and a bad account is not sent", async () => {
  const fetch = async () => new Response("<html>", { headers: { "content-length": "6" } });
  const { tokens } = createKaitenClient({ baseUrl: prism.url, token: TOKEN, fetch }).serviceAccounts;
  await expect(tokens.list("ci-bot")).rejects.toMatchObject({ name: "KaitenConnectionError", attempts: 3 });
  await expect(tokens.list("..")).rejects.toThrow(TypeError);
});
`;

interface Diff {
  path: string;
  hunks: { before: string; after: string }[];
  added: number;
}

/** A diff begins with its file, and parts its hunks by @@. */
function readDiff(text: string): Diff {
  const [head = "", ...lines] = text.split("\n");
  const hunks: Diff["hunks"] = [{ before: "", after: "" }];
  for (const line of lines) {
    const hunk = hunks.at(-1) as Diff["hunks"][number];
    if (line === "@@") hunks.push({ before: "", after: "" });
    else if (line.startsWith("+")) hunk.after += `${line.slice(1)}\n`;
    else {
      hunk.before += `${line.slice(1)}\n`;
      hunk.after += `${line.slice(1)}\n`;
    }
  }
  return { path: head.slice(4), hunks, added: lines.filter((line) => line.startsWith("+")).length };
}

test("an operation is added by following CONTRIBUTING, with 40 lines by hand, and breaks nothing", async () => {
  const guide = await readFile(".github/CONTRIBUTING.md", "utf8");
  const diffs = Array.from(guide.matchAll(/^```diff\n(.*?)\n```$/gms), ([, text = ""]) => readDiff(text));
  expect(diffs.reduce((sum, { added }) => sum + added, 0)).toBeLessThanOrEqual(40);
  await using scratch = await createScratch();
  for (const { path, hunks } of diffs) {
    let text = hunks[0]?.before ? await scratch.read(path) : "";
    for (const { before, after } of hunks) {
      if (before) expect(text.split(before).length - 1, `how often ${path} has: ${before}`).toBe(1);
      text = text.replace(before, () => after);
    }
    await scratch.write(path, text);
  }
  await scratch.write("test/contract/list.test.ts", PROBE);
  for (const script of ["generate", "check:spec", "check:drift", "check:types"]) {
    expect(await scratch.run(script), script).toMatchObject({ ok: true });
  }
  const { passed, failed, printed } = await scratch.contract();
  expect(failed, printed).toEqual([]);
  expect(passed).toContain("the tokens of an account are listed");
});
