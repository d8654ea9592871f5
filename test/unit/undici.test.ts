// What the undici fetch asks of undici, and what it tells of a request that undici starts again. The rest of it is tested over
// sockets (test/faults/undici.test.ts).
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import undici, { type Dispatcher } from "undici";
import { afterEach, expect, test, vi } from "vitest";
import { createKaitenClient } from "../../src/index.js";
import { undiciFetch } from "../../src/undici.js";
import { account, BASE, entry, REF, TOKEN } from "./fake-api.js";

afterEach(() => {
  vi.restoreAllMocks();
});

interface Played {
  status: number;
  body: string;
  type: string;
  /** How often the request is started. */
  starts?: number;
}

/** A dispatcher that answers without a network. */
function answering(answers: Record<string, Played>) {
  const asked: Dispatcher.DispatchOptions[] = [];
  const dispatch: Dispatcher["dispatch"] = (options, handler) => {
    asked.push(options);
    const { status, body, type, starts = 1 } = answers[options.method] as Played;
    const controller = { abort() {} } as unknown as Dispatcher.DispatchController;
    for (let start = 0; start < starts; start++) handler.onRequestStart?.(controller, {});
    handler.onResponseStart?.(controller, status, { "content-type": type }, "");
    handler.onResponseData?.(controller, Buffer.from(body));
    handler.onResponseEnd?.(controller, {});
    return true;
  };
  const fetch = undiciFetch({ dispatcher: { dispatch, close: async () => {} } as unknown as Dispatcher });
  return { asked, ...createKaitenClient({ baseUrl: BASE, token: TOKEN, fetch, retries: 0 }).serviceAccounts };
}

const PROBLEM = { status: 422, body: "{}", type: "application/problem+json" };
const UNREADABLE = { status: 403, body: "{}", type: "application/problem+json" };

test("a request that undici starts again may have been sent twice: its refusal proves nothing", async () => {
  for (const [starts, outcome] of [
    [1, "not-revoked"],
    [2, "unknown"],
    [3, "unknown"],
  ] as const) {
    const { tokens } = answering({ DELETE: { ...PROBLEM, starts }, GET: UNREADABLE });
    await expect(tokens.revoke(REF)).rejects.toMatchObject({ outcome, status: 422, attempts: 1 });
  }
});

test("undici's own limits on waiting for an answer are off: the timeout of an attempt is the only one", async () => {
  const { tokens, asked } = answering({ DELETE: PROBLEM, GET: UNREADABLE });
  await expect(tokens.revoke(REF)).rejects.toMatchObject({ status: 422 });
  expect(asked).toMatchObject([
    { method: "DELETE", headersTimeout: 0, bodyTimeout: 0 },
    { method: "GET", headersTimeout: 0, bodyTimeout: 0 },
  ]);
});

test("a record is read beyond the limit of other answers", async () => {
  const whole = account(Array.from({ length: 1_000 }, (_, index) => entry(`token-${index}`)));
  const body = JSON.stringify(whole);
  expect(body.length).toBeGreaterThan(2 * 64 * 1024);
  const { get } = answering({ GET: { status: 200, body, type: "application/json" } });
  expect(await get(REF.serviceAccountSlug)).toEqual(whole);
});

test("undici's own limit on connecting is off, and HTTP/2 is not offered, whatever is passed", async () => {
  const built = vi.spyOn(undici, "buildConnector");
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const fetch = undiciFetch({ allowH2: true, connect: { rejectUnauthorized: false, allowH2: true } } as object);
  const baseUrl = `https://127.0.0.1:${port}`;
  const { tokens } = createKaitenClient({ baseUrl, token: TOKEN, fetch, retries: 0 }).serviceAccounts;
  const call = tokens.revoke(REF).catch((error: unknown) => error);
  const [socket] = await once(server, "connection");
  const [hello] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  expect(await call).toMatchObject({ outcome: "not-revoked" });
  // RFC 7301 §3.1: each protocol behind its length.
  expect(hello.includes("\x08http/1.1")).toBe(true);
  expect(hello.includes("\x02h2")).toBe(false);
  expect(built).toHaveBeenCalledWith(
    expect.objectContaining({ timeout: 0, allowH2: false, rejectUnauthorized: false }),
  );
  await fetch.close();
  server.close();
});
