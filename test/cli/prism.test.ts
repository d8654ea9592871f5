// What a newcomer does, against a mock of the contract.
import { expect, inject, test } from "vitest";
import { makeFolder, run } from "./command.js";
import { makeTokens } from "./servers.js";

const env = { KAITEN_BASE_URL: inject("prism").url };

test("revokes a token", async () => {
  const { code, stdout, stderr } = await run(["revoke", "ci-bot", "deploy-key", "--yes"], { env });
  expect(stdout).toBe("revoked\tci-bot\tdeploy-key\n");
  expect(stderr).toContain("1 token, revoked 1\n");
  expect(code).toBe(0);
});

test("revokes a file of fifty; the same command again sends nothing", async () => {
  const folder = makeFolder();
  const { refs, csv } = makeTokens(50);
  folder.write("leak.csv", csv);
  const args = ["revoke", "--from", "leak.csv", "--yes"];
  const first = await run(args, { env, folder });
  const expected = refs.map((ref) => `revoked\t${ref.serviceAccountSlug}\t${ref.tokenSlug}`);
  expect(first.stdout.trimEnd().split("\n").sort()).toEqual(expected.sort());
  expect(first.code).toBe(0);
  const second = await run(args, { env, folder });
  expect(second).toMatchObject({ code: 0, stdout: "" });
});

test("revokes what a pipe gives", async () => {
  const shell = `printf 'ci-bot,old-key\\n' | kaiten-tokens revoke --from - --yes`;
  expect(await run([], { env, shell })).toMatchObject({ code: 0, stdout: "revoked\tci-bot\told-key\n" });
});

test("explains a base URL that lacks its path", async () => {
  const wrong = { KAITEN_BASE_URL: `${env.KAITEN_BASE_URL}/v1` };
  const { code, stdout, stderr } = await run(["revoke", "ci-bot", "deploy-key", "--yes"], { env: wrong });
  expect(stdout).toBe("not-revoked\tci-bot\tdeploy-key\n");
  expect(stderr).toContain("base URL");
  expect(code).toBe(4);
});
