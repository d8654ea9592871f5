// The same table through undici, which shows more of an answer than the platform's fetch.
import { afterAll } from "vitest";
import { type UndiciFetch, undiciFetch } from "../../src/undici.js";
import { playRows } from "./play-rows.js";
import { ROWS } from "./rows.js";

const opened: UndiciFetch[] = [];

playRows(ROWS, () => {
  const fetch = undiciFetch();
  opened.push(fetch);
  return fetch;
});

afterAll(async () => {
  await Promise.all(opened.map((fetch) => fetch.close()));
});
