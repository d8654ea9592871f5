// `npm run test:coverage`: every line and every branch of the library, by the tests that are about it.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/*.test.ts", "test/contract/**/*.test.ts", "test/faults/**/*.test.ts"],
    globalSetup: "test/prism.setup.ts",
    maxWorkers: 3,
    testTimeout: 30_000,
    slowTestThreshold: 2_000,
    coverage: {
      enabled: true,
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/cli/**", "**/*.test.ts", "**/*.test-d.ts"],
      reporter: ["text", "html"],
      thresholds: { lines: 100, branches: 100, functions: 100, statements: 100 },
    },
  },
});
