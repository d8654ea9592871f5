// What a newcomer does, against a mock of the contract.
import { expect, inject, test } from "vitest";
import { makeFolder, run } from "./command.js";
import { makeList } from "./tokens.js";

const env = { KAITEN_BASE_URL: inject("prism").url };

test("revokes a token", async () => {
  const { code, stdout, stderr } = await run(["revoke", "ci-bot", "deploy-key", "--yes"], { env });
  expect(stdout).toBe("revoked\tci-bot\tdeploy-key\n");
  expect(stderr).toBe("1 token, revoked 1\n");
  expect(code).toBe(0);
});

test("revokes a file of fifty", async () => {
  const folder = makeFolder();
  const { text, slugs } = makeList(50);
  folder.write("leak.csv", text);
  const { code, stdout, stderr } = await run(["revoke", "--from", "leak.csv", "--yes"], { env, folder });
  const expected = slugs.map((slug) => `revoked\t${slug.replace("/", "\t")}`);
  expect(stdout.trimEnd().split("\n").sort()).toEqual(expected.sort());
  expect(stderr).toBe("50 tokens, revoked 50\n");
  expect(code).toBe(0);
});

test("revokes what a pipe gives", async () => {
  const shell = `printf 'ci-bot,old-key\\n' | kaiten-tokens revoke --from - --yes`;
  expect(await run([], { env, shell })).toMatchObject({ code: 0, stdout: "revoked\tci-bot\told-key\n" });
});

test("tells of a base URL that lacks its path", async () => {
  const wrong = { KAITEN_BASE_URL: `${env.KAITEN_BASE_URL}/v1` };
  const { code, stdout, stderr } = await run(["revoke", "ci-bot", "deploy-key", "--yes"], { env: wrong });
  expect(stdout).toBe("not-revoked\tci-bot\tdeploy-key\n");
  expect(stderr).toContain("check the base URL");
  expect(code).toBe(4);
});
