// The Chromium of this machine, with a page on an origin of its own: whatever it sends elsewhere is subject to CORS.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import { type Found, type Seen, Unavailable } from "./runtime.js";
import { listen } from "./servers.js";

const NAMES = ["chromium", "chromium-browser"];

export async function findChromium(): Promise<Found> {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const executablePath = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(existsSync);
  if (!executablePath) throw new Unavailable("there is none on the PATH: install Debian's package chromium");

  const browser = await chromium.launch({ executablePath, args: ["--disable-quic"] });
  return {
    version: browser.version(),
    async play(folder, servers) {
      const site = createServer((request, response) => {
        if (request.url !== "/bundle.js") return response.setHeader("content-type", "text/html").end("<!doctype html>");
        response.setHeader("content-type", "text/javascript").end(readFileSync(join(folder, "bundle.js")));
      });
      try {
        const page = await browser.newPage();
        await page.goto(await listen(site));
        // As text, since it is for the page: what runs this script would make other code of an import.
        return await page.evaluate<Seen>(`import("/bundle.js").then(({ play }) => play(${JSON.stringify(servers)}))`);
      } finally {
        await browser.close();
        site.close();
      }
    },
  };
}
