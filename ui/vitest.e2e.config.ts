import { defineConfig } from "vitest/config";

// The real binary and a real browser: one file at a time, so that what is measured is not measured against itself.
export default defineConfig({
  test: { include: ["e2e/**/*.e2e.ts"], fileParallelism: false, testTimeout: 120_000, hookTimeout: 60_000 },
});
