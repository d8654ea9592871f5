// A run against the limits of real gateways: it ends at about the pace that they allow, and lets nothing live.
import { expect, test } from "vitest";
import { createKaitenClient } from "../../src/index.js";
import { createFakeKaiten } from "../../src/testing/index.js";
import { undiciFetch } from "../../src/undici.js";
import { describeWith, startGateway } from "./gateway.js";
import { serve } from "./origin.js";
import { count, limitWaiting, refsOf, runAll } from "./run.js";

const TOKENS = 300;

/** Runs through a gateway whose file has the place `@rate@`, and waits at most twice the time that this demands. */
async function runUnder(file: string, rate: number, values: Record<string, string | number>, concurrency: number) {
  const refs = refsOf(TOKENS);
  const fake = createFakeKaiten({ tokens: refs });
  await using origin = await serve(fake.fetch);
  await using gateway = await startGateway(file, { rate, origin: origin.port, ...values });
  // Both transports, without doubling the rows.
  const fetch = concurrency > 8 ? undiciFetch() : undefined;
  const baseUrl = `http://127.0.0.1:${gateway.port()}/api`;
  using limited = limitWaiting((2 * TOKENS) / rate, fetch);
  const kaiten = createKaitenClient({ baseUrl, token: fake.credential, fetch: limited.fetch });
  const results = await runAll(kaiten, refs, { concurrency, signal: limited.signal });
  await fetch?.close();
  expect(count(results)).toEqual({ revoked: TOKENS });
  expect(fake.alive()).toEqual([]);
}

/** Without one, it limits the time between two requests. */
const BURSTS = [
  ["without a burst", ""],
  ["with a burst that waits", "burst=20"],
  ["with a burst", "burst=20 nodelay"],
] as const;

describeWith("nginx")("limit_req of nginx", () => {
  const rows = [503, 429].flatMap((status) =>
    BURSTS.flatMap(([name, burst]) => [8, 64].map((flight) => [status, name, flight, burst] as const)),
  );
  test.concurrent.each(rows)("%i %s, %i in flight: all are revoked in twice the time that it allows", (...row) => {
    const [status, , flight, burst] = row;
    // Slow, so that some ms more or less on a busy machine are not what is refused.
    return runUnder("limit.nginx.conf", 25, { status, burst }, flight);
  });
});

describeWith("haproxy")("the limit of HAProxy, which counts refused requests too", () => {
  const HEADERS = [
    ["without Retry-After", ""],
    ["with Retry-After", "hdr Retry-After 1"],
  ] as const;
  const rows = HEADERS.flatMap(([name, header]) => [8, 64].map((flight) => [name, flight, header] as const));
  test.concurrent.each(rows)(
    "429 %s, %i in flight: all are revoked in twice the time that it allows",
    (_, flight, header) => runUnder("limit.haproxy.conf", 100, { header }, flight),
  );
});
