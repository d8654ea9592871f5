// `npm run mock`: Prism until Ctrl-C.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test, vi } from "vitest";
import { commandOf } from "../../../scripts/command.js";

/** Runs `npm run mock` without npm; resolves when it is up, or has ended. */
async function mock(...parameters: string[]) {
  const child = spawn(process.execPath, [commandOf("jiti", "jiti"), "scripts/mock.ts", ...parameters]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines: string[] = [];
  const closed = once(child, "close").then(([code]) => code as number | null);
  const up = new Promise<string>((resolve) => {
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on("line", (line) => {
        lines.push(line);
        const [, url] = /^Mocking openapi.yaml at (\S+)/.exec(line) ?? [];
        if (url) resolve(url);
      });
    }
  });
  const url = await Promise.race([up, closed.then(() => "")]);
  return { url, lines, closed, interrupt: (signal: NodeJS.Signals) => child.kill(signal) };
}

test.each(["SIGINT", "SIGTERM"] as const)("the mock answers until %s and then exits with 0", async (signal) => {
  const { url, lines, closed, interrupt } = await mock("--port", "0");
  const { status } = await fetch(`${url}/service-accounts/ci-bot/tokens/deploy-key`, {
    method: "DELETE",
    headers: { authorization: "Bearer any" },
  });
  expect(status).toBe(204);
  interrupt(signal);
  expect(await closed).toBe(0);
  expect(lines).toContainEqual(expect.stringContaining("curl -i -X DELETE"));
  expect(lines).toContainEqual(expect.stringContaining("delete /service-accounts/ci-bot/tokens/deploy-key"));
  expect(lines.at(-1)).toBe("Stopped.");
  // Prism ends when its parent has ended, which takes a moment.
  await vi.waitFor(() => expect(fetch(url)).rejects.toThrow(), { timeout: 50_000 });
});

test("a port that is in use is named in the message", async () => {
  const { url } = await mock("--port", "0");
  const { port } = new URL(url);
  const other = await mock("--port", port);
  expect(await other.closed).toBe(1);
  expect(other.lines).toEqual([
    `Prism cannot mock openapi.yaml: listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
  ]);
  expect((await fetch(url)).status).toBe(404);
});

test.each(["", "abc", "-1", "1.5", "65536", "1e3"])("an invalid port is refused: %j", async (port) => {
  const { lines, closed } = await mock(`--port=${port}`);
  expect(await closed).toBe(1);
  expect(lines).toEqual([`--port must be a whole number from 0 to 65535, not "${port}".`]);
});

test("--help lists the options", async () => {
  const { lines, closed } = await mock("--help");
  expect(await closed).toBe(0);
  expect(lines.join("\n")).toContain("--port N");
});
