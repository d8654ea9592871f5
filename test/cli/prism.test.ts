// What a newcomer does, against a mock of the contract. Its record is the example of the spec, of another account: no record.
import { expect, inject, test } from "vitest";
import { makeFolder, run } from "./command.js";
import { makeTokens } from "./servers.js";

const env = { KAITEN_BASE_URL: inject("prism").url };

test("revokes a token", async () => {
  const { code, stdout, stderr } = await run(["revoke", "ci-bot", "deploy-key", "--yes", "--retries", "0"], { env });
  expect(stdout).toBe("revoked\tci-bot\tdeploy-key\tnow\n");
  expect(stderr).toContain("1 token, revoked 1\n");
  expect(code).toBe(0);
});

test("revokes a file of fifty", async () => {
  const { refs, csv } = makeTokens(50);
  const list = makeFolder().write("leak.csv", csv);
  const { code, stdout } = await run(["revoke", "--from", list, "--yes", "--retries", "0"], { env });
  const expected = refs.map((ref) => `revoked\t${ref.serviceAccountSlug}\t${ref.tokenSlug}\tnow`);
  expect(stdout.trimEnd().split("\n").sort()).toEqual(expected.sort());
  expect(code).toBe(0);
});

test("shows the example of the spec", async () => {
  const { code, stdout } = await run(["list", "service-account-slug"], { env });
  expect(stdout).toMatch(/^leaked-token +revoked /m);
  expect(code).toBe(0);
});

test("explains a base URL that lacks its path", async () => {
  const wrong = { KAITEN_BASE_URL: `${env.KAITEN_BASE_URL}/v1` };
  const { code, stdout, stderr } = await run(["revoke", "ci-bot", "deploy-key", "--yes"], { env: wrong });
  expect(stdout).toMatch(/^not-revoked\tci-bot\tdeploy-key\t404/);
  expect(stderr).toContain("base URL");
  expect(code).toBe(4);
});
