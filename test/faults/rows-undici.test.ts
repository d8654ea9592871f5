// The rows in which the transport matters through undici, which shows more of an answer than the platform's fetch.
import { afterAll } from "vitest";
import { type UndiciFetch, undiciFetch } from "../../src/undici.js";
import { playRows } from "./play-rows.js";
import { type Row, TRANSPORT_ROWS } from "./rows.js";
import { api, killed, problem, send } from "./steps.js";

const opened: UndiciFetch[] = [];

/** What the platform's fetch hides. */
const SHOWN: readonly Row[] = [
  { name: "407", script: [problem(407)], dead: false, outcome: "not-revoked", error: "Problem" },
  { name: "421", script: [problem(421)], dead: false, outcome: "not-revoked", error: "Problem" },
  {
    name: "a 204 after a 100 Continue that nobody waits for",
    script: [killed(send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")), api],
    dead: true,
    outcome: "absent",
    error: "Problem",
    attempts: 2,
  },
];

playRows([...TRANSPORT_ROWS, ...SHOWN], () => {
  const fetch = undiciFetch();
  opened.push(fetch);
  return fetch;
});

afterAll(async () => {
  await Promise.all(opened.map((fetch) => fetch.close()));
});
