// The same table through undici, which shows more of an answer than the platform's fetch.
import { afterAll } from "vitest";
import { type UndiciFetch, undiciFetch } from "../../src/undici.js";
import { playRows } from "./play-rows.js";
import { OWN_ROWS, ROWS, type Row } from "./rows.js";
import { api, killed, problem, send } from "./steps.js";

const opened: UndiciFetch[] = [];

/** What the platform's fetch hides. */
const SHOWN: readonly Row[] = [
  { name: "407", script: [problem(407)], dead: false, outcome: "not-revoked", error: "Problem" },
  {
    name: "a 204 after a 100 Continue that nobody waits for",
    script: [killed(send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")), api],
    dead: true,
    outcome: "absent",
    attempts: 2,
  },
];

playRows([...ROWS, ...OWN_ROWS, ...SHOWN], () => {
  const fetch = undiciFetch();
  opened.push(fetch);
  return fetch;
});

afterAll(async () => {
  await Promise.all(opened.map((fetch) => fetch.close()));
});
