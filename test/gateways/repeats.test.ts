// Gateways send a DELETE again whose connection died: the client gets the answer to the second one, and the token is dead.
import { expect, test } from "vitest";
import { createKaitenClient } from "../../src/index.js";
import { createFakeKaiten, type FakeKaiten } from "../../src/testing/index.js";
import { certifyOnce } from "./certificate.js";
import { describeWith, startGateway } from "./gateway.js";
import { type Answer, page, problem, serve } from "./origin.js";
import { refsOf, wrong } from "./run.js";
import { TRANSPORTS } from "./transports.js";

/** Carries out, and dies. */
const commitAndDie =
  (fake: FakeKaiten): Answer =>
  async (url, init) => {
    const answer = await fake.fetch(url, init);
    return init.method === "DELETE" ? undefined : answer;
  };

/** Answers a DELETE so, and everything else as the API does. */
const answerDelete =
  (fake: FakeKaiten, answer: (() => Response) | undefined): Answer =>
  async (url, init) =>
    answer && init.method === "DELETE" ? answer() : fake.fetch(url, init);

/** What the second one answers, and what becomes of the call; by name. */
const SECOND: Record<string, [(() => Response) | undefined, "revoked" | "not-revoked"]> = {
  "as usual": [undefined, "revoked"],
  "429": [() => new Response("local_rate_limited", { status: 429 }), "revoked"],
  "a 400 problem": [() => problem(400, "Validation"), "revoked"],
  "a 400 page": [() => page(400, "400 Bad Request"), "revoked"],
  "a 403 page": [() => page(403, "403 Forbidden"), "revoked"],
  "a 404 page": [() => page(404, "404 Not Found"), "revoked"],
  "a 503 page": [() => page(503, "503 Service Temporarily Unavailable"), "revoked"],
  "a 401 page": [() => page(401, "401 Authorization Required"), "not-revoked"],
  // The documented limit: a credential that is refused reads no record.
  "a 401 problem": [() => problem(401, "ValidateToken.Invalid"), "not-revoked"],
  "a 403 problem": [() => problem(403, "Auth.MissingScope"), "not-revoked"],
};

describeWith("nginx")("nginx repeats to its second upstream, whose answer is", () => {
  test.concurrent.each(Object.entries(SECOND))("%s", async (_, [answer, outcome]) => {
    const ref = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
    const fake = createFakeKaiten({ tokens: [ref] });
    await using first = await serve(commitAndDie(fake));
    let repeats = 0;
    const second = answerDelete(fake, answer);
    await using other = await serve((url, init) => {
      if (init.method === "DELETE") repeats += 1;
      return second(url, init);
    });
    await using gateway = await startGateway("two.nginx.conf", { first: first.port, second: other.port });
    const baseUrl = `http://127.0.0.1:${gateway.port()}/api`;
    const kaiten = createKaitenClient({ baseUrl, token: fake.credential, retries: 1 });
    const ended = await kaiten.serviceAccounts.tokens.revoke(ref).catch((error) => error);
    expect(repeats).toBeGreaterThan(0);
    expect(fake.isAlive(ref)).toBe(false);
    expect(ended.outcome, ended.message).toBe(outcome);
  });
});

describeWith("haproxy")("HAProxy with `alpn h2`, behind which a DELETE is carried out and its connection dies", () => {
  const SECONDS = ["as usual", "a 400 problem", "429"];
  const rows = Object.entries(TRANSPORTS).flatMap(([name, send]) =>
    SECONDS.map((second) => [name, second, send] as const),
  );
  const refs = refsOf(3);
  for (const [name, second, send] of rows) {
    const go = send ? test.concurrent : test.skip;
    go(`over ${name}; the answer to a second one is ${second}`, async () => {
      const fake = createFakeKaiten({ tokens: refs });
      const { ca, pem } = await certifyOnce();
      const first = commitAndDie(fake);
      const later = answerDelete(fake, SECOND[second]?.[0]);
      const sent = new Set<string>();
      await using origin = await serve((url, init) => {
        const isFirst = init.method === "DELETE" && !sent.has(url);
        sent.add(url);
        return isFirst ? first(url, init) : later(url, init);
      });
      await using gateway = await startGateway("relay.haproxy.conf", { origin: origin.port }, { "server.pem": pem });
      const baseUrl = `https://127.0.0.1:${gateway.port("port_tls")}/api`;
      const seen = (await send?.(ca, { baseUrl, token: fake.credential, retries: 1 }, refs)) ?? [];
      expect(fake.alive()).toEqual([]);
      expect(wrong(fake, seen)).toEqual([]);
      expect(seen.map(({ outcome, message }) => message || outcome)).toEqual(refs.map(() => "revoked"));
    });
  }
});
