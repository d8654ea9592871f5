// One scenario with the packed package on every runtime that this machine can have. REQUIRE_RUNTIMES=node,bun names those
// that must not be missing; else a missing one is skipped.
import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Unavailable } from "../../scripts/runtimes.js";
import { createConsumer } from "./consumer.js";
import { RUNTIMES } from "./runtimes.js";
import { createCertificate, startServers } from "./servers.js";

const required = (process.env.REQUIRE_RUNTIMES ?? "").split(",").filter(Boolean);
const isRequired = (name: string) => required.some((kind) => name.toLowerCase().startsWith(kind));

let folder: string;
let certificate: Awaited<ReturnType<typeof createCertificate>>;
beforeAll(async () => {
  certificate = await createCertificate();
  folder = await createConsumer(certificate.cert);
});
afterAll(() => rmSync(folder, { recursive: true }));

test("every runtime that is required is one of these", () => {
  expect(required.filter((kind) => !RUNTIMES.some(({ name }) => name.toLowerCase().startsWith(kind)))).toEqual([]);
});

test.for(RUNTIMES.map((runtime) => [runtime.name, runtime] as const))("%s", async ([name, runtime], { skip }) => {
  const { stop, ...servers } = await startServers(certificate);
  try {
    expect(await runtime.play(folder, { api: inject("prism").url, ...servers })).toEqual(runtime.expected);
  } catch (error) {
    if (error instanceof Unavailable && !isRequired(name)) skip(error.message);
    throw error;
  } finally {
    stop();
  }
});
