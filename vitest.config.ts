import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "scripts/**/*.test.ts"],
    // `npm run test:drill` takes minutes.
    exclude: ["test/drill/**", "**/node_modules/**"],
    typecheck: { enabled: true, include: ["src/**/*.test-d.ts"] },
    globalSetup: "test/prism.setup.ts",
    // Not UTC: a date that is read in local time must not pass.
    env: { TZ: "Asia/Tokyo" },
    passWithNoTests: false,
    // Most of their time is waiting, so there may be more of them than cores.
    maxWorkers: 3,
    // Some tests start a mock of their own, which takes seconds on a busy machine.
    testTimeout: 30_000,
    // Most of the fault tests wait for a third of a second: only what is much slower is worth a line.
    slowTestThreshold: 2_000,
  },
});
