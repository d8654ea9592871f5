// `npm run test:drill`: minutes, not seconds, and each row starts a mock of its own.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/drill/**/*.test.ts"],
    testTimeout: 120_000,
    maxConcurrency: 2,
  },
});
