// A program that uses the client ends by itself, whatever a server still has to say.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { playScript, type Step } from "./server.js";
import { endless, inTurn, killed, NOT_FOUND, problem, send, stall } from "./steps.js";

const head = (status: number, header: string) => `HTTP/1.1 ${status} Status\r\n${header}\r\n\r\n`;
const LENGTH = "Content-Length: 1000000000";
const CHUNKS = "Transfer-Encoding: chunked";
const sent = () => ({ bytes: 0, most: Number.POSITIVE_INFINITY });

/** Answers on connections that the server never closes, and what the client then says. */
const ANSWERS: [string, Step, string][] = [
  ["204 that announces a body", killed(stall(head(204, LENGTH))), "revoked"],
  ["204 that announces chunks", killed(stall(head(204, CHUNKS))), "revoked"],
  ["204 with a body without end", killed(endless(head(204, CHUNKS), sent())), "revoked"],
  ["205 that announces a body", stall(head(205, LENGTH)), "unknown"],
  ["205 without a length", stall(head(205, "X: x")), "unknown"],
  ["304 that announces a body", stall(head(304, LENGTH)), "unknown"],
  ["304 with a body without end", endless(head(304, LENGTH), sent()), "unknown"],
  ["422 with a body without end", endless(head(422, CHUNKS), sent()), "not-revoked"],
  ["404 on a connection that stays open", inTurn(problem(404, NOT_FOUND), stall()), "absent"],
  ["204 on a connection that stays open", inTurn(send(head(204, "X: x")), stall()), "revoked"],
];

const TRANSPORTS = [
  ["the platform's fetch", "undefined"],
  ["undici", '(await import("kaiten-service-accounts/undici")).undiciFetch()'],
] as const;

test.each(TRANSPORTS)("a program ends by itself over %s", async (_, fetch) => {
  await using server = await playScript(ANSWERS.map(([, step]) => step));
  // A call for each answer, one after the other; then nothing is closed, and the program has no more to do.
  const program = `
    import { createKaitenClient } from "kaiten-service-accounts";
    const fetch = ${fetch};
    const options = { baseUrl: ${JSON.stringify(server.url)}, token: "ksh_0123456789", retries: 0, fetch };
    const { revoke } = createKaitenClient(options).serviceAccounts.tokens;
    for (let call = 0; call < ${ANSWERS.length}; call++) {
      const ref = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };
      console.log((await revoke(ref).catch((error) => error)).outcome);
    }`;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], { timeout: 100_000 });
  const { stdout } = await run.catch((cause) => {
    throw new Error("The program did not end by itself.", { cause });
  });
  expect(stdout.trim().split("\n")).toEqual(ANSWERS.map(([, , outcome]) => outcome));
});
