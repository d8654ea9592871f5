// A deployment below a path prefix: the prefix is kept. The mock is mounted there as a proxy would do it.
import { expect, test } from "vitest";
import { createKaitenClient } from "../../src/index.js";
import { revocation } from "../revocation.js";
import { prism, REF, TOKEN } from "./mock.js";

test.each(["/api", "/api/", "/api//", "/eu/kaiten%20api/v1"])("a base URL with the path %s", async (prefix) => {
  const mount = prefix.replace(/\/+$/, "");
  const paths: string[] = [];
  const kaiten = createKaitenClient({
    baseUrl: `${prism.url}${prefix}`,
    token: TOKEN,
    fetch: (url, init) => {
      const { pathname } = new URL(url);
      paths.push(pathname);
      return fetch(prism.url + pathname.slice(mount.length), init);
    },
  });
  expect(await kaiten.serviceAccounts.tokens.revoke(REF)).toEqual(revocation("revoked", 1));
  expect(paths).toEqual([`${mount}/service-accounts/ci-bot/tokens/deploy-key`]);
});
