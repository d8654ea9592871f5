// What Stryker runs against each mutant: the tests that are quick and need no mock.
import { defineConfig } from "vitest/config";

// As in vitest.config.ts, but before any thread begins: Stryker's tests run in threads, which cannot change it.
process.env.TZ = "Asia/Tokyo";

export default defineConfig({
  test: {
    include: ["test/unit/*.test.ts", "test/unit/cli/*.test.ts", "test/faults/{abort,http2,undici}.test.ts"],
    // They take long, or read the code as text.
    exclude: ["test/unit/{sequences,imports}.test.ts"],
    // On a slow machine some take longer than the default. Stryker ends a mutant that hangs by limits of its own.
    testTimeout: 60_000,
  },
});
