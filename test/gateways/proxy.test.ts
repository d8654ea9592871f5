// A proxy for real (squid), as HTTPS_PROXY names it: it refuses before anything is sent, and its password is never shown.
import { inspect } from "node:util";
import { EnvHttpProxyAgent } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKaitenClient, type Outcome, type TokenRef } from "../../src/index.js";
import { createFakeKaiten, type FakeKaiten } from "../../src/testing/index.js";
import { undiciFetch } from "../../src/undici.js";
import { CREDENTIAL, makeFolder, runChild } from "../cli/command.js";
import { certify } from "./certificate.js";
import { describeWith, freePort, type Gateway, startGateway } from "./gateway.js";
import { type Origin, serve } from "./origin.js";
import { refsOf } from "./run.js";

const PASSWORD = "pw-5up3r-s3cret-word";
/** Answers squid for each `user password`. */
const HELPER = `while read -r user password; do if [ "$user $password" = "robot ${PASSWORD}" ]; then echo OK; else echo ERR; fi; done\n`;

interface Row {
  user?: string;
  /** Where the API is; by default where it is. */
  host?: string;
  /** Nothing listens there. */
  down?: boolean;
  /** What NO_PROXY says. */
  noProxy?: string;
  /** The proxy is not there. */
  gone?: boolean;
}

const KNOWN = `robot:${PASSWORD}`;
const HOST = "kaiten.test";
const REFUSED_HOST = "refused.test";
const HOSTS = `127.0.0.1 ${HOST}\n127.0.0.2 ${REFUSED_HOST}\n`;
const WRONG = `robot:not-${PASSWORD}`;

describeWith("squid")("squid", () => {
  let fake: FakeKaiten;
  let tls: Origin;
  let squid: Gateway;
  let ca: string;
  /** By its made-up name: the command sends nothing to this machine through a proxy. */
  let named: Origin;
  let namedCa: string;
  let plain: Origin;
  beforeAll(async () => {
    const made = await certify();
    ca = made.ca;
    fake = createFakeKaiten({ tokens: refsOf(20), credential: CREDENTIAL });
    tls = await serve(fake.fetch, 0, made.pem);
    plain = await serve(fake.fetch);
    const { ca: hostCa, pem } = await certify(HOST);
    [namedCa, named] = [hostCa, await serve(fake.fetch, 0, pem)];
    squid = await startGateway("proxy.squid.conf", {}, { "password.sh": HELPER, hosts: HOSTS });
  });
  afterAll(async () => {
    for (const each of [squid, tls, named, plain]) await each?.[Symbol.asyncDispose]();
  });

  const ROWS: [string, Row, Outcome, RegExp][] = [
    ["CONNECT", { user: KNOWN }, "revoked", /^$/],
    ["407, without a password", {}, "not-revoked", /Proxy.*407/],
    ["407, with a wrong password", { user: WRONG }, "not-revoked", /Proxy.*407/],
    ["a 403 of its rules", { user: KNOWN, host: "127.0.0.2" }, "not-revoked", /Proxy.*403/],
    ["the API is down behind it", { user: KNOWN, down: true }, "not-revoked", /Proxy.*503/],
    ["no proxy there", { user: KNOWN, gone: true }, "not-revoked", /ECONNREFUSED/],
    ["NO_PROXY, and no proxy there", { user: KNOWN, gone: true, noProxy: "example.com,127.0.0.1" }, "revoked", /^$/],
  ];
  test.concurrent.each(ROWS.map((row, index) => [...row, index] as const))(
    "%s",
    async (_, row, outcome, words, index) => {
      const ref = refsOf(20)[index] as TokenRef;
      const proxy = `http://${row.user ? `${row.user}@` : ""}127.0.0.1:${row.gone ? await freePort() : squid.port()}`;
      const agent = new EnvHttpProxyAgent({
        ...{ httpProxy: proxy, httpsProxy: proxy, noProxy: row.noProxy ?? "" },
        ...{ requestTls: { ca }, connect: { ca } },
      });
      const fetch = undiciFetch({ dispatcher: agent });
      const port = row.down ? await freePort() : tls.port;
      const baseUrl = `https://${row.host ?? "127.0.0.1"}:${port}/api`;
      const kaiten = createKaitenClient({ baseUrl, token: fake.credential, fetch, retries: 0 });
      const ended = await kaiten.serviceAccounts.tokens.revoke(ref).catch((error) => error);
      await fetch.close();
      expect(ended.message ?? "").toMatch(words);
      expect(ended.outcome).toBe(outcome);
      expect(fake.isAlive(ref)).toBe(outcome !== "revoked");
      const shown = `${inspect(ended, { depth: 9, showHidden: true })}${ended.message}${ended.stack}${JSON.stringify(ended)}`;
      expect(shown).not.toContain(PASSWORD);
      expect(shown).not.toContain(btoa(KNOWN).slice(0, 16));
    },
  );

  const NOT_SENT = "not-revoked";
  const COMMANDS: [string, Row & { isPlain?: boolean }, Outcome, RegExp][] = [
    ["CONNECT", { user: KNOWN }, "revoked", /revoked 1\n/],
    ["407, without a password", {}, NOT_SENT, /the proxy: it answered 407 .*Put a user and a password into the URL/],
    ["407, with a wrong password", { user: WRONG }, NOT_SENT, /the proxy: it answered 407 /],
    ["a 403 of its rules", { user: KNOWN, host: REFUSED_HOST }, NOT_SENT, /the proxy: it answered 403 .*NO_PROXY/],
    ["the API is down behind it", { user: KNOWN, down: true }, NOT_SENT, /the proxy: it answered 503 /],
    ["no proxy there", { user: KNOWN, gone: true }, NOT_SENT, /the proxy: it cannot be reached: .*ECONNREFUSED/],
    ["NO_PROXY", { user: KNOWN, noProxy: ".test" }, NOT_SENT, /getaddrinfo \w+ kaiten\.test\. (?!.*proxy)/],
    ["plain http", { user: KNOWN, isPlain: true }, "revoked", /revoked 1\n/],
    ["plain http, 407", { isPlain: true }, NOT_SENT, /the proxy: it answered 407 /],
  ];
  // One after another: what is ended with a test must be its own.
  test.each(COMMANDS.map((row, index) => [...row, index] as const))(
    "the command: %s",
    async (_, row, outcome, words, index) => {
      const { serviceAccountSlug, tokenSlug } = refsOf(20)[10 + index] as TokenRef;
      const proxy = `http://${row.user ? `${row.user}@` : ""}127.0.0.1:${row.gone ? await freePort() : squid.port()}`;
      const port = row.down ? await freePort() : row.isPlain ? plain.port : named.port;
      const folder = makeFolder();
      const env = {
        KAITEN_BASE_URL: `${row.isPlain ? "http" : "https"}://${row.host ?? HOST}:${port}/api`,
        ...{ HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NO_PROXY: row.noProxy },
        NODE_EXTRA_CA_CERTS: folder.write("ca.pem", namedCa),
      };
      const args = ["revoke", serviceAccountSlug, tokenSlug, "--yes", "--retries", "0", "--allow-insecure"];
      const { code, stdout, stderr } = await runChild(args, { env, folder });
      expect(stderr).toMatch(words);
      expect(stdout).toMatch(new RegExp(`^${outcome}\t`));
      expect(fake.isAlive({ serviceAccountSlug, tokenSlug })).toBe(outcome !== "revoked");
      expect(stdout + stderr).not.toContain(PASSWORD);
      expect(stdout + stderr).not.toContain(btoa(KNOWN).slice(0, 16));
      expect(code).toBe(outcome === "revoked" ? 0 : 6);
    },
  );
});
