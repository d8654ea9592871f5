// How it ends, for each thing that can become of a token, and for many.
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { playScript, type Step } from "../faults/server.js";
import { api, cut, NOT_FOUND, page, problem, stall } from "../faults/steps.js";
import { run } from "./command.js";

const ONE = ["revoke", "ci-bot", "deploy-key", "--yes", "--retries", "0"];

async function codeOf(
  args: readonly string[],
  steps: readonly Step[],
): Promise<{ code: number | null; stdout: string }> {
  await using server = await playScript(steps);
  return await run(args, { env: { KAITEN_BASE_URL: server.url } });
}

const ROUTE = { code: "NOT_FOUND" };

test.each<[number, string, string, Step]>([
  [0, "revoked", "a 204", api],
  [3, "not-revoked", "a 401", problem(401)],
  [3, "not-revoked", "a 403", problem(403)],
  [3, "not-revoked", "a proxy's 403", page(403)],
  [4, "absent", "no such token", problem(404, NOT_FOUND)],
  [4, "not-revoked", "no such route", problem(404, ROUTE)],
  [5, "not-revoked", "a 400", problem(400)],
  [5, "not-revoked", "a 422", problem(422)],
  [5, "not-revoked", "a 429", problem(429)],
  [6, "unknown", "a 408", problem(408)],
  [6, "unknown", "a 500", problem(500)],
  [6, "unknown", "a login page", page(200)],
  [6, "unknown", "a redirect", page(302, { Location: "/login" })],
  [6, "unknown", "a lost connection", cut()],
])("%i, %s: %s", async (code, outcome, _, step) => {
  expect(await codeOf(ONE, [step])).toMatchObject({ code, stdout: `${outcome}\tci-bot\tdeploy-key\n` });
});

test("6, not-revoked: nobody listens", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  const { code, stdout } = await run([...ONE, "--base-url", `http://127.0.0.1:${port}`]);
  expect(stdout).toBe("not-revoked\tci-bot\tdeploy-key\n");
  expect(code).toBe(6);
});

test("6, unknown: no answer in time", async () => {
  const { code } = await codeOf([...ONE, "--timeout", "0.2"], [stall()]);
  expect(code).toBe(6);
});

// Each adds one that is more severe.
const SEVERITY: [number, Step][] = [
  [0, api],
  [4, problem(404, NOT_FOUND)],
  [5, problem(422)],
  [3, problem(403)],
  [6, problem(500)],
];

test.each(SEVERITY.map(([code], index) => [code, SEVERITY.slice(0, index + 1).map(([, step]) => step)] as const))(
  "%i: the most severe of many",
  async (code, steps) => {
    const names = steps.map((_, index) => `token-${index}`);
    const args = ["revoke", "ci-bot", ...names, "--yes", "--retries", "0", "--concurrency", "1"];
    expect(await codeOf(args, steps)).toMatchObject({ code });
    // Whatever comes first.
    expect(await codeOf(args, steps.toReversed())).toMatchObject({ code });
  },
);

test("0 for absent tokens with --ignore-absent", async () => {
  const args = [...ONE, "--ignore-absent"];
  expect(await codeOf(args, [problem(404, NOT_FOUND)])).toMatchObject({
    code: 0,
    stdout: "absent\tci-bot\tdeploy-key\n",
  });
  expect(await codeOf(args, [problem(404, ROUTE)])).toMatchObject({ code: 4 });
});

test("3 when the credential is refused: the rest are not attempted, and it says so", async () => {
  await using server = await playScript([problem(401)]);
  const names = Array.from({ length: 30 }, (_, index) => `token-${index}`);
  const { code, stdout, stderr } = await run(["revoke", "ci-bot", ...names, "--yes", "--concurrency", "2"], {
    env: { KAITEN_BASE_URL: server.url },
  });
  expect(code).toBe(3);
  expect(stdout.match(/^not-revoked\tci-bot\ttoken-\d+$/gm)).toHaveLength(30);
  expect(server.requests.length).toBeLessThanOrEqual(2);
  expect(stderr).toContain("Check the credential.");
  expect(
    stderr.match(/^not-revoked: Not attempted, since the credential was refused .+ run it again\.$/gm),
  ).toHaveLength(1);
  expect(stderr).toContain("30 tokens, not-revoked 30\n30 tokens not known to be dead.");
});
