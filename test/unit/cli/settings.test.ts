// What the options and the environment give: the words of each refusal, and what the client is made of.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { createClient, type RevokeFlags } from "../../../src/cli/settings.js";
import { UsageError } from "../../../src/cli/usage-error.js";
import { type AttemptEvent, type KaitenClient, KaitenProblemError, KaitenTimeoutError } from "../../../src/index.js";

const CREDENTIAL = "ksh_0123456789";
const BASE_URL = "https://kaiten.example.com:8443/api";
const REF = { serviceAccountSlug: "ci-bot", tokenSlug: "deploy-key" };

beforeEach(() => {
  vi.stubEnv("KAITEN_BASE_URL", BASE_URL);
  vi.stubEnv("KAITEN_AUTH_TOKEN", CREDENTIAL);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** A file that is gone after the test. */
function write(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), "kaiten-settings-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "credential");
  writeFileSync(path, content);
  return path;
}

/** @returns the base URL, and the credentials that it was sent. */
async function serve(listener: RequestListener): Promise<{ baseUrl: string; sent: (string | undefined)[] }> {
  const sent: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    sent.push(request.headers.authorization);
    listener(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as { port: number };
  return { baseUrl: `http://127.0.0.1:${port}/api`, sent };
}

const problem =
  (status: number): RequestListener =>
  (_, response) =>
    response.writeHead(status, { "Content-Type": "application/problem+json" }).end("{}");

const revoke = (client: KaitenClient) => client.serviceAccounts.tokens.revoke(REF);

const failureOf = (client: KaitenClient) =>
  revoke(client).then(
    () => undefined,
    (error: unknown) => error,
  );

function refusal(flags: RevokeFlags): string {
  try {
    createClient(flags, undefined);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  return "";
}

describe("the base URL", () => {
  test("is the environment's, of which the host is told", () => {
    expect(createClient({}, undefined).host).toBe("kaiten.example.com:8443");
  });

  test("is the option's where there is one", () => {
    expect(createClient({ baseUrl: "https://other.example.com" }, undefined).host).toBe("other.example.com");
  });

  test.each([undefined, ""])("is missing when the environment's is %j", (value) => {
    vi.stubEnv("KAITEN_BASE_URL", value);
    expect(refusal({})).toBe("There is no base URL: say --base-url URL, or set KAITEN_BASE_URL.");
  });

  test("is refused in the names that are typed here", () => {
    expect(refusal({ baseUrl: "kaiten" })).toBe(
      "The base URL is not a whole URL. Give one such as https://kaiten.example.com/api.",
    );
    expect(refusal({ baseUrl: "http://10.0.0.1" })).toBe(
      "The base URL would send the credential over plain http to 10.0.0.1: use https, or say --allow-insecure. " +
        "Give one such as https://kaiten.example.com/api.",
    );
  });

  test("may be of plain http when that is said", () => {
    expect(createClient({ baseUrl: "http://10.0.0.1", allowInsecure: true }, undefined).host).toBe("10.0.0.1");
  });
});

describe("the credential", () => {
  test("is the environment's, without the white space around it", async () => {
    vi.stubEnv("KAITEN_AUTH_TOKEN", ` ${CREDENTIAL}\n`);
    const { baseUrl, sent } = await serve((_, response) => response.writeHead(204).end());
    const { client, credential } = createClient({ baseUrl }, undefined);
    expect(credential).toBe(CREDENTIAL);
    await revoke(client);
    expect(sent).toEqual([`Bearer ${CREDENTIAL}`]);
  });

  test("is the file's where one is named, without the white space around it", async () => {
    const { baseUrl, sent } = await serve((_, response) => response.writeHead(204).end());
    const { client, credential } = createClient({ baseUrl, tokenFile: write("\n ksh_file\r\n") }, undefined);
    expect(credential).toBe("ksh_file");
    await revoke(client);
    expect(sent).toEqual(["Bearer ksh_file"]);
  });

  test("is read again from the file only when it was refused, and then kept", async () => {
    const { baseUrl, sent } = await serve((request, response) =>
      request.headers.authorization === "Bearer ksh_new"
        ? response.writeHead(204).end()
        : problem(401)(request, response),
    );
    const tokenFile = write("ksh_old");
    const { client, credential } = createClient({ baseUrl, tokenFile }, undefined);
    writeFileSync(tokenFile, "ksh_new\n");
    await revoke(client);
    expect(sent).toEqual(["Bearer ksh_old", "Bearer ksh_new"]);
    writeFileSync(tokenFile, "ksh_newer\n");
    await revoke(client);
    expect(sent).toEqual(["Bearer ksh_old", "Bearer ksh_new", "Bearer ksh_new"]);
    expect(credential).toBe("ksh_old");
  });

  test("from a pipe is not asked for again", async () => {
    const { baseUrl, sent } = await serve(problem(401));
    const tokenFile = `${write("")}-pipe`;
    execFileSync("mkfifo", [tokenFile]);
    // Another one for who reads it again, which is given up when the test ends.
    const writer = spawn("sh", ["-c", `echo ${CREDENTIAL} > "$0"; sleep 1; echo ksh_another > "$0"`, tokenFile]);
    onTestFinished(() => void writer.kill());
    const error = await failureOf(createClient({ baseUrl, tokenFile }, undefined).client);
    expect(error).toMatchObject({ status: 401, attempts: 1 });
    expect(sent).toEqual([`Bearer ${CREDENTIAL}`]);
  });

  test("of the environment is not asked for again", async () => {
    const { baseUrl, sent } = await serve(problem(401));
    const error = await failureOf(createClient({ baseUrl }, undefined).client);
    expect(error).toMatchObject({ status: 401, attempts: 1 });
    expect((error as Error).message).not.toContain("no other token");
    expect(sent).toEqual([`Bearer ${CREDENTIAL}`]);
  });

  test("whose file has gone when it was refused is told to be refused, and why there is no other", async () => {
    const { baseUrl } = await serve(problem(401));
    const tokenFile = write(CREDENTIAL);
    const { client } = createClient({ baseUrl, tokenFile }, undefined);
    rmSync(tokenFile);
    const error = await failureOf(client);
    expect(error).toMatchObject({ status: 401 });
    expect((error as Error).message).toContain(
      "then no other token was to be had: The token provider failed: " +
        "Cannot read what --token-file names (ENOENT): it must be a file that holds the credential.",
    );
  });

  test.each([undefined, "", " \n"])("is missing when the environment's is %j", (value) => {
    vi.stubEnv("KAITEN_AUTH_TOKEN", value);
    expect(refusal({})).toBe("There is no credential: set KAITEN_AUTH_TOKEN, or say --token-file PATH.");
  });

  test("is missing when the file is empty, whatever the environment says", () => {
    expect(refusal({ tokenFile: write(" \n") })).toBe(
      "What --token-file names is empty: set KAITEN_AUTH_TOKEN, or say --token-file PATH.",
    );
  });

  test("given for the path of its file is not shown", () => {
    expect(refusal({ tokenFile: CREDENTIAL })).toBe(
      "Cannot read what --token-file names (ENOENT): it must be a file that holds the credential.",
    );
  });

  test("whose file has a name that none can have is not shown either", () => {
    expect(refusal({ tokenFile: `${CREDENTIAL}\0` })).toBe(
      "Cannot read what --token-file names (ERR_INVALID_ARG_VALUE): it must be a file that holds the credential.",
    );
  });

  test("that cannot be sent is refused, and not shown", () => {
    const fault = "The credential begins with the word Bearer: give the token alone.";
    expect(refusal({ tokenFile: write(`Bearer ${CREDENTIAL}`) })).toBe(fault);
    vi.stubEnv("KAITEN_AUTH_TOKEN", `Bearer ${CREDENTIAL}`);
    expect(refusal({})).toBe(fault);
  });
});

describe("a number", () => {
  const CONCURRENCY = "--concurrency must be a whole number from 1 to 256";
  const TIMEOUT = "--timeout must be in seconds, from 0.001 to 86400";
  const RETRIES = "--retries must be a whole number from 0 to 100";

  test.each<[RevokeFlags, string]>([
    [{ concurrency: "0" }, `${CONCURRENCY}, not "0".`],
    [{ concurrency: "257" }, `${CONCURRENCY}, not "257".`],
    [{ concurrency: "1.5" }, `${CONCURRENCY}, not "1.5".`],
    [{ concurrency: "" }, `${CONCURRENCY}, not "".`],
    [{ concurrency: "-1" }, `${CONCURRENCY}, not "-1".`],
    [{ concurrency: "1e1" }, `${CONCURRENCY}, not "1e1".`],
    [{ concurrency: "0x1" }, `${CONCURRENCY}, not "0x1".`],
    [{ concurrency: " 8" }, `${CONCURRENCY}, not " 8".`],
    [{ concurrency: "8 " }, `${CONCURRENCY}, not "8 ".`],
    [{ concurrency: "8." }, `${CONCURRENCY}, not "8.".`],
    [{ concurrency: ".8" }, `${CONCURRENCY}, not ".8".`],
    [{ concurrency: "\u001b[31m" }, `${CONCURRENCY}, not "\\u001b[31m".`],
    [{ timeout: "0" }, `${TIMEOUT}, not "0".`],
    [{ timeout: "0.0009" }, `${TIMEOUT}, not "0.0009".`],
    [{ timeout: "86400.1" }, `${TIMEOUT}, not "86400.1".`],
    [{ timeout: "10s" }, `${TIMEOUT}, not "10s".`],
    [{ retries: "101" }, `${RETRIES}, not "101".`],
    [{ retries: "0.5" }, `${RETRIES}, not "0.5".`],
    [{ retries: "many" }, `${RETRIES}, not "many".`],
  ])("%j is refused", (flags, message) => {
    expect(refusal(flags)).toBe(message);
  });

  test.each<RevokeFlags>([
    { timeout: "0.001" },
    { timeout: "86400" },
    { timeout: "86400.00" },
    { timeout: "12.25" },
    { retries: "0" },
    { retries: "100" },
  ])("%j is allowed", (flags) => {
    expect(refusal(flags)).toBe("");
  });

  test.each([
    [undefined, undefined],
    ["1", 1],
    ["08", 8],
    ["2.0", 2],
    ["256", 256],
  ])("a concurrency of %j is %j", (concurrency, number) => {
    expect(createClient({ ...(concurrency && { concurrency }) }, undefined).concurrency).toBe(number);
  });

  test("the timeout is in seconds, and whole milliseconds", async () => {
    const { baseUrl } = await serve(() => {});
    const { client } = createClient({ baseUrl, timeout: "0.0506", retries: "0" }, undefined);
    const error = await failureOf(client);
    expect(error).toBeInstanceOf(KaitenTimeoutError);
    expect((error as KaitenTimeoutError).timeout).toBe(51);
  });

  test("the retries are those of the client, and each attempt is told", async () => {
    const { baseUrl, sent } = await serve(problem(503));
    const told: AttemptEvent[] = [];
    const { client } = createClient({ baseUrl, retries: "1" }, (event) => told.push(event));
    const error = await failureOf(client);
    expect(error).toBeInstanceOf(KaitenProblemError);
    expect((error as KaitenProblemError).attempts).toBe(2);
    expect(sent).toHaveLength(2);
    expect(told).toHaveLength(2);
  });
});
