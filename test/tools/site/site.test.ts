// The pages that `npm run docs` writes, opened in Chromium. No server is needed: their files answer the requests.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../../../scripts/runtimes.js";

const ORIGIN = "http://site.test";
const pages = readdirSync("site", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".html"))
  .map((file) => file.replaceAll("\\", "/"));

let browser: Browser;
let page: Page;
/** What went wrong in the page, and every request to another host. */
const faults: string[] = [];

beforeAll(async () => {
  browser = await launchChromium();
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("pageerror", ({ message }) => faults.push(message));
  await page.route("**", (route) => {
    const { origin, pathname } = new URL(route.request().url());
    const path = join("site", decodeURIComponent(pathname));
    if (origin === ORIGIN && existsSync(path)) return route.fulfill({ path });
    faults.push(`no file for ${route.request().url()}`);
    return route.abort();
  });
});

afterAll(() => browser?.close());

test("every page loads without an error, asks no other host for anything, and has no dead link", async () => {
  expect(pages).toContain("documents/outcomes.html");
  const ids = new Map<string, string[]>();
  const links: { from: string; to: URL }[] = [];
  for (const path of pages) {
    await page.goto(`${ORIGIN}/${path}`);
    const seen = await page.evaluate(() => ({
      ids: [...document.querySelectorAll("[id]")].map(({ id }) => id),
      hrefs: [...document.links].map(({ href }) => href),
      broken: [...document.images].filter(({ naturalWidth }) => naturalWidth === 0).map(({ src }) => src),
    }));
    expect({ path, faults, broken: seen.broken }).toEqual({ path, faults: [], broken: [] });
    ids.set(path, seen.ids);
    links.push(...seen.hrefs.map((href) => ({ from: path, to: new URL(href) })));
  }
  const dead = links.filter(({ to }) => {
    const [path, anchor] = [to.pathname.slice(1), to.hash.slice(1)].map(decodeURIComponent) as [string, string];
    return to.origin === ORIGIN && !(existsSync(join("site", path)) && (!anchor || ids.get(path)?.includes(anchor)));
  });
  expect(dead.map(({ from, to }) => `${from}: ${to}`)).toEqual([]);
});

test("a search finds a function and a page", async () => {
  await page.goto(`${ORIGIN}/index.html`);
  await page.locator("#tsd-search-trigger").click();
  for (const [words, found] of [
    ["createKaitenClient", "createKaitenClient"],
    ["contradict each other", "outcomes"],
  ] as const) {
    await page.locator("#tsd-search-input").fill(words);
    await expect.poll(() => page.locator("#tsd-search-results").textContent(), { timeout: 50_000 }).toContain(found);
  }
  expect(faults).toEqual([]);
});

test.each(["index", "documents/recipes", "documents/CONTRIBUTING"])(
  "no line of the code of %s is cut off",
  async (path) => {
    await page.goto(`${ORIGIN}/${path}.html`);
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll("pre")]
        .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
        .map(({ textContent }) => textContent),
    );
    expect(cut).toEqual([]);
  },
);
