// Every link between the pages of this repository leads to a file, and to a heading of it where it names one.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const folders = [".", ".github", "docs", "generated", "src", "src/cli", "test"];
const pages = folders.flatMap((folder) =>
  readdirSync(folder, { encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
);

/** What is not a code block: there, `#` begins a comment. */
const read = (page: string) => readFileSync(page, "utf8").replace(/^```.*?^```$/gms, "");

/** As GitHub makes them: of two equal headings, the second would have a number. */
const anchorsOf = (page: string) =>
  Array.from(read(page).matchAll(/^#+ (.*)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

const links = pages.flatMap((page) =>
  Array.from(read(page).matchAll(/\]\(([^)]+)\)/g), ([, link = ""]) => ({ page, link })),
);

function leadsSomewhere({ page, link }: { page: string; link: string }): boolean {
  const [path = "", anchor] = link.split("#");
  const file = path ? join(dirname(page), path) : page;
  return existsSync(file) && (anchor === undefined || anchorsOf(file).includes(anchor));
}

test("every link of the README, of docs/ and of .github/ leads somewhere", () => {
  const ours = links.filter(({ link }) => !/^https?:/.test(link));
  expect(ours.length).toBeGreaterThan(15);
  expect(ours.filter((link) => !leadsSomewhere(link))).toEqual([]);
});
