// The rows in which the transport matters through undici, which shows more of an answer than the platform's fetch.
import { afterAll } from "vitest";
import { type UndiciFetch, undiciFetch } from "../../src/undici.js";
import { playRows } from "./play-rows.js";
import { alive, dead, type Row, TRANSPORT_ROWS } from "./rows.js";
import { api, killed, problem, send } from "./steps.js";

const opened: UndiciFetch[] = [];

/** What the platform's fetch hides. */
const SHOWN: readonly Row[] = [
  alive("407", problem(407), "not-revoked Problem"),
  alive("421", problem(421), "not-revoked Problem"),
  dead(
    "a 204 after a 100 Continue that nobody waits for",
    [killed(send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")), api],
    "absent Problem",
    { attempts: 2 },
  ),
];

playRows([...TRANSPORT_ROWS, ...SHOWN], () => {
  const fetch = undiciFetch();
  opened.push(fetch);
  return fetch;
});

afterAll(async () => {
  await Promise.all(opened.map((fetch) => fetch.close()));
});
