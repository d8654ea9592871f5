// An import on a Node that is too old says so, before anything is sent.
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Loads the package as a runtime would that has these `process.versions`. */
function load(versions: object | undefined): Promise<unknown> {
  vi.resetModules();
  vi.stubGlobal("process", versions && Object.create(process, { versions: { value: versions } }));
  return import("../../src/index.js");
}

test.each(["16.20.2", "18.20.8", "20.9.0", "20.18.3"])("Node %s is told which one is needed", async (node) => {
  await expect(load({ node })).rejects.toThrow(
    `kaiten-service-accounts needs Node 20.19 or later. This is Node ${node}.`,
  );
});

test.each([[{ node: "20.19.0" }], [{ node: "22.0.0" }], [{ node: "100.1.0" }], [{}], [undefined]])(
  "with the versions %j it loads",
  async (versions) => {
    await expect(load(versions)).resolves.toHaveProperty("createKaitenClient");
  },
);
