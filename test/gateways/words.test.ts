// What gateways answer instead of the API: what is claimed then, and the words for a person.
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKaitenClient, type Outcome } from "../../src/index.js";
import { createFakeKaiten, type FakeKaiten } from "../../src/testing/index.js";
import { certify, certifyOnce } from "./certificate.js";
import { describeWith, type Gateway, startGateway } from "./gateway.js";
import { type Origin, serve } from "./origin.js";
import { refsOf } from "./run.js";
import { TRANSPORTS } from "./transports.js";

const DAY = 24 * 60 * 60 * 1000;
const [REF] = refsOf(1) as [ReturnType<typeof refsOf>[number]];
/** Longer than a line may be there. */
const LONG = "x".repeat(1100);
/** What OpenSSL writes: an id, a file, a routine. */
const RAW = /[\dA-F]{8,}:error:|routines|\.c:\d|deps\/openssl/;

describeWith("nginx")("nginx", () => {
  let fake: FakeKaiten;
  let origin: Origin;
  let gateway: Gateway;
  let ca: string;
  beforeAll(async () => {
    const good = await certifyOnce();
    const expired = await certify("127.0.0.1", {
      notBeforeDate: new Date(Date.now() - 9 * DAY),
      notAfterDate: new Date(Date.now() - DAY),
    });
    const name = await certify("kaiten.example.com");
    const unknown = await certify();
    ca = [good.ca, expired.ca, name.ca].join("\n");
    fake = createFakeKaiten({ tokens: [REF, { ...REF, tokenSlug: LONG }] });
    origin = await serve(fake.fetch);
    gateway = await startGateway(
      "words.nginx.conf",
      { origin: origin.port },
      { "good.pem": good.pem, "expired.pem": expired.pem, "name.pem": name.pem, "unknown.pem": unknown.pem },
    );
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
    await origin?.[Symbol.asyncDispose]();
  });

  const ANSWERS: [string, { path?: string; tokenSlug?: string; headers?: Record<string, string> }, Outcome, RegExp][] =
    [
      [
        "auth_request: 401",
        { path: "/401" },
        "not-revoked",
        /401 Authorization Required.*A gateway refused the credential/,
      ],
      ["auth_request: 403", { path: "/403" }, "not-revoked", /403 Forbidden.*comes from a gateway in front of the API/],
      ["a redirect to a login", { path: "/login" }, "unknown", /Redirects are never followed: check the base URL/],
      ["413", { path: "/413" }, "not-revoked", /413 Request Entity Too Large/],
      ["414", { tokenSlug: LONG }, "not-revoked", /414 Request-URI Too Large/],
      [
        "a header that is too long",
        { headers: { "x-long": LONG } },
        "not-revoked",
        /400 Request Header Or Cookie Too Large/,
      ],
      ["431", { path: "/431" }, "not-revoked", /431/],
    ];
  test.concurrent.each(ANSWERS)("%s", async (_, { path = "", tokenSlug = REF.tokenSlug, headers }, outcome, words) => {
    const baseUrl = `http://127.0.0.1:${gateway.port()}${path}/api`;
    const kaiten = createKaitenClient({ baseUrl, token: fake.credential, retries: 0, ...(headers && { headers }) });
    const error = await kaiten.serviceAccounts.tokens.revoke({ ...REF, tokenSlug }).catch((thrown) => thrown);
    expect(error.message).toMatch(words);
    expect(error.outcome).toBe(outcome);
    expect(fake.isAlive(REF)).toBe(true);
  });

  const REFUSALS: [string, string, Outcome, RegExp, RegExp?][] = [
    ["mTLS, without a certificate", "port_mtls", "not-revoked", /400 No required SSL certificate was sent/],
    ["an expired certificate", "port_expired", "not-revoked", /certificate.*expired/, /NODE_EXTRA_CA_CERTS/],
    ["a certificate for another name", "port_name", "not-revoked", /127\.0\.0\.1/, /NODE_EXTRA_CA_CERTS/],
    ["a certificate of an unknown authority", "port_unknown", "not-revoked", /self-signed.*NODE_EXTRA_CA_CERTS/],
  ];
  const sends = Object.entries(TRANSPORTS).flatMap(([name, send]) => (send ? [[name, send] as const] : []));
  const rows = sends.flatMap(([name, send]) =>
    REFUSALS.map(
      ([what, port, outcome, words, never = RAW]) => [what, name, send, port, outcome, words, never] as const,
    ),
  );
  test.concurrent.each(rows)("%s, over %s", async (_, name, send, port, outcome, words, never) => {
    const baseUrl = `https://127.0.0.1:${gateway.port(port)}/api`;
    const [seen] = await send(ca, { baseUrl, token: fake.credential, retries: 0 }, [REF]);
    expect(seen?.message).toMatch(words);
    expect(seen?.message).not.toMatch(never);
    expect(seen?.message).not.toMatch(RAW);
    // What may have been sent twice unseen is refused without proof. A certificate is refused before anything is sent.
    const mayRepeat = name === "the fetch of Node 26" && port === "port_mtls";
    expect(seen?.outcome).toBe(mayRepeat ? "unknown" : outcome);
  });

  test.concurrent.each(sends)("an alert, because it serves no such name, over %s", async (_, send) => {
    const baseUrl = `https://127.0.0.1:${gateway.port("port_reject")}/api`;
    const [seen] = await send(ca, { baseUrl, token: fake.credential, retries: 0 }, [REF]);
    expect(seen?.message).toMatch(/unrecognized name/);
    expect(seen?.message).not.toMatch(RAW);
    expect(seen?.outcome).toMatch(/^(unknown|not-revoked)$/);
  });
});

describeWith("haproxy")("HAProxy with `verify required`, without a certificate", () => {
  const rows = Object.entries(TRANSPORTS).flatMap(([name, send]) =>
    send ? [["1.2", name, send] as const, ["1.3", name, send] as const] : [],
  );
  test.concurrent.each(rows)("in TLS %s over %s", async (version, name, send) => {
    const { ca, pem } = await certifyOnce();
    await using gateway = await startGateway("mtls.haproxy.conf", {}, { "good.pem": pem });
    const baseUrl = `https://127.0.0.1:${gateway.port(`port_${version.replace(".", "")}`)}/api`;
    const [seen] = await send(ca, { baseUrl, token: "ksh_0123456789", retries: 0 }, [REF]);
    // undici tells no more of an alert that comes instead of an answer.
    expect(seen?.message).toMatch(version === "1.2" ? /handshake failure/ : /certificate required|other side closed/);
    expect(seen?.message).not.toMatch(RAW);
    // In TLS 1.2 the handshake fails, which our undici sees; in TLS 1.3 the request is written by then.
    const isUnsent = version === "1.2" && name.startsWith("undici");
    expect(seen?.outcome).toBe(isUnsent ? "not-revoked" : "unknown");
  });
});
