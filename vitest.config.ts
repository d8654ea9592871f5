// All tests, a project a folder: `npx vitest run --project unit`.
import { defineConfig } from "vitest/config";

const project = (name: string, more: object = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], ...more },
});

export default defineConfig({
  test: {
    // Not UTC: a test that reads a date in local time must not pass.
    env: { TZ: "Asia/Tokyo" },
    // Most tests wait for sockets, so more workers than cores help.
    maxWorkers: 3,
    // Some tests start Prism or a compiler, which take seconds, and on a busy machine a minute.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    slowTestThreshold: 2_000,
    projects: [
      project("unit"),
      project("contract", { globalSetup: "test/contract/global-setup.ts" }),
      project("faults"),
      // They wait for what a gateway allows, and need little else.
      project("gateways", { maxConcurrency: 16 }),
      project("cli", { globalSetup: "test/contract/global-setup.ts" }),
      project("types", {
        include: [],
        typecheck: { enabled: true, only: true, include: ["test/types/**/*.test-d.ts"] },
      }),
      // Not part of `npm test`.
      project("runtimes", { globalSetup: "test/contract/global-setup.ts" }),
      // A change of the spec takes a contract run of its own.
      project("tools", { globalSetup: "test/contract/global-setup.ts", testTimeout: 240_000, maxConcurrency: 2 }),
    ],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      // The command runs as a child process, where coverage does not look.
      exclude: ["src/cli/**"],
      reporter: [["text", { skipFull: true }], "html"],
      thresholds: { lines: 100, branches: 100, functions: 100, statements: 100 },
    },
  },
});
