// `npm run mock -- --stateful`: the fake as a server, with a list, a fault and a log.
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { commandOf } from "../../../scripts/command.js";

/** Runs `npm run mock -- --stateful` without npm, until it has printed what to try. */
async function mock(...more: string[]) {
  const args = [commandOf("jiti", "jiti"), "scripts/mock.ts", "--stateful", "--port", "0", ...more];
  const child = spawn(process.execPath, args);
  onTestFinished(() => void child.kill("SIGKILL"));
  const [printed, logged] = [child.stdout, child.stderr].map((input) => createInterface({ input }));
  const lines = logged?.[Symbol.asyncIterator]();
  for await (const line of printed ?? []) {
    const [, url, token] = /KAITEN_BASE_URL=(\S+) KAITEN_AUTH_TOKEN=(\S+)/.exec(line) ?? [];
    if (!url) continue;
    const send = async (method: string, path: string) => {
      const { status } = await fetch(url + path, { method, headers: { authorization: `Bearer ${token}` } });
      const { value = "" } = (await lines?.next()) ?? {};
      return { status, log: value.replace(/^\S+ /, "") };
    };
    return { send };
  }
  return expect.unreachable(`It ended before it printed what to try: ${(await lines?.next())?.value}`);
}

test("npm run mock -- --stateful serves it, remembers what was revoked, and logs each request", async () => {
  const { send } = await mock();
  const path = "/service-accounts/ci-bot/tokens/deploy-key";
  expect(await send("DELETE", path)).toEqual({ status: 204, log: `DELETE /api${path} 204 revoked` });
  expect(await send("DELETE", path)).toEqual({ status: 404, log: `DELETE /api${path} 404` });
});

test.each([
  ["CSV", "account,token,secret\ncd-bot, key ,ksh_of-key\n"],
  ["JSON", '[{ "serviceAccountSlug": "cd-bot", "tokenSlug": "key", "expiresAt": "2030-01-01T00:00:00Z" }]'],
])("npm run mock -- --list serves the tokens of a file (%s), with the fault of --fault", async (_, text) => {
  const folder = await mkdtemp(join(tmpdir(), "mock-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "tokens");
  await writeFile(file, text);
  const { send } = await mock("--list", file, "--fault", "sent-twice");
  const path = "/service-accounts/cd-bot/tokens/key";
  expect(await send("DELETE", path)).toEqual({ status: 404, log: `DELETE /api${path} 404 revoked sent-twice` });
  expect(await send("GET", "/service-accounts/cd-bot")).toMatchObject({ status: 200 });
});

test("npm run mock -- --fault refuses a fault that is not there", async () => {
  await expect(mock("--fault", "sent-thrice")).rejects.toThrow("There is no fault sent-thrice. See --help.");
});
