// A gateway that is reloaded or stopped, and an API that is restarted, in the middle of a run: nothing lives, nothing is claimed.
import { setTimeout as pause } from "node:timers/promises";
import { Agent } from "undici";
import { expect, test } from "vitest";
import { createKaitenClient, type KaitenError, type TokenRef } from "../../src/index.js";
import { createFakeKaiten } from "../../src/testing/index.js";
import { undiciFetch } from "../../src/undici.js";
import { certifyOnce } from "./certificate.js";
import { describeWith, type Gateway, startGateway } from "./gateway.js";
import { type Origin, serve } from "./origin.js";
import { count, limitWaiting, refsOf, runAll, wrong } from "./run.js";

const TOKENS = 200;
/** In ms. */
const LATENCY = 20;
const AWAY = 300;

interface Stage {
  gateway: Gateway;
  origin: Origin;
  startGateway(): Promise<Gateway>;
  startOrigin(): Promise<Origin>;
}

const reload =
  (signal: NodeJS.Signals) =>
  async ({ gateway }: Stage) =>
    gateway.signal(signal);

const stop = (signal: NodeJS.Signals) => async (stage: Stage) => {
  stage.gateway.signal(signal);
  await stage.gateway.ended;
  await stage.gateway[Symbol.asyncDispose]();
  await pause(AWAY);
  stage.gateway = await stage.startGateway();
};

const restartApi = async (stage: Stage) => {
  await stage.origin[Symbol.asyncDispose]();
  await pause(AWAY);
  stage.origin = await stage.startOrigin();
};

const PROGRAMS = {
  nginx: { "a reload": reload("SIGHUP"), "a graceful stop": stop("SIGQUIT"), "a restart of the API": restartApi },
  haproxy: { "a reload": reload("SIGUSR2"), "a graceful stop": stop("SIGUSR1"), "a restart of the API": restartApi },
};

describeWith("nginx")("nginx", () => {
  run("nginx");

  test.concurrent.each(["the platform's fetch", "undici"])(
    "keepalive_timeout 1s, hit at its rhythm, over %s",
    async (name) => {
      const refs = refsOf(120);
      const fake = createFakeKaiten({ tokens: refs });
      await using origin = await serve(fake.fetch);
      await using gateway = await startGateway(
        "relay.nginx.conf",
        { origin: origin.port, keepalive: "1s" },
        { "server.pem": (await certifyOnce()).pem },
      );
      const baseUrl = `http://127.0.0.1:${gateway.port()}/api`;
      const fetch = name === "undici" ? undiciFetch() : undefined;
      const { tokens } = createKaitenClient({ baseUrl, token: fake.credential, fetch }).serviceAccounts;
      const revoke = (ref: TokenRef) => tokens.revoke(ref).catch((error: KaitenError) => ({ ...error, ref }));
      // Opens a connection for each of the second half, which come when nginx closes them: a little before and after.
      await Promise.all(refs.slice(60).map(revoke));
      const ended = refs.slice(0, 60).map(async (ref, index) => {
        await pause(970 + index);
        return revoke(ref);
      });
      const results = await Promise.all(ended);
      await fetch?.close();
      expect(fake.alive()).toEqual([]);
      expect(results.map(({ outcome }) => outcome)).toEqual(results.map(() => "revoked"));
    },
  );
});

describeWith("haproxy")("HAProxy", () => run("haproxy"));

function run(program: keyof typeof PROGRAMS) {
  const rows = Object.entries(PROGRAMS[program]).flatMap(([name, disturb]) =>
    ["HTTP/1.1", "HTTP/1.1 where HTTP/2 is offered", "HTTP/2"].map((protocol) => [name, protocol, disturb] as const),
  );
  test.concurrent.each(rows)("%s in the middle of a run over %s", async (_, protocol, disturb) => {
    const refs = refsOf(TOKENS);
    const fake = createFakeKaiten({ tokens: refs, latency: LATENCY });
    const { ca, pem } = await certifyOnce();
    let disturbance: Promise<void> | undefined;
    const startOrigin = (port = 0) =>
      serve((url, init) => {
        if (fake.alive().length <= TOKENS / 2) disturbance ??= disturb(stage);
        return fake.fetch(url, init);
      }, port);
    const origin = await startOrigin();
    const values = { origin: origin.port, keepalive: "75s" };
    const gateway = await startGateway(`relay.${program}.conf`, values, { "server.pem": pem });
    const ports = { port: gateway.port(), port_tls: gateway.port("port_tls") };
    const stage: Stage = {
      gateway,
      origin,
      startGateway: () => startGateway(`relay.${program}.conf`, { ...values, ...ports }, { "server.pem": pem }),
      startOrigin: () => startOrigin(origin.port),
    };
    const overTls = protocol !== "HTTP/1.1";
    const agent = protocol === "HTTP/2" && new Agent({ connect: { ca }, allowH2: true });
    const baseUrl = overTls ? `https://127.0.0.1:${ports.port_tls}/api` : `http://127.0.0.1:${ports.port}/api`;
    const fetch = overTls ? undiciFetch(agent ? { dispatcher: agent } : { connect: { ca } }) : undefined;
    using limited = limitWaiting(AWAY / 1000 + 2, fetch);
    const kaiten = createKaitenClient({ baseUrl, token: fake.credential, fetch: limited.fetch });
    try {
      const results = await runAll(kaiten, refs, { signal: limited.signal });
      expect(disturbance).toBeDefined();
      expect(wrong(fake, results)).toEqual([]);
      expect(count(results)).toEqual({ revoked: TOKENS });
    } finally {
      await disturbance;
      await fetch?.close();
      await stage.gateway[Symbol.asyncDispose]();
      await stage.origin[Symbol.asyncDispose]();
    }
  });
}
