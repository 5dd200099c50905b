import { defineConfig } from "vitest/config"

// Real processes, real sockets, real peers: one file after the other, so that they do not take each other's processor.
export default defineConfig({
  test: {
    include: ["test/e2e/**/*.test.ts"],
    testTimeout: 40_000,
    hookTimeout: 40_000,
    fileParallelism: false,
    // Concurrent tests of a file mostly wait for real time to pass.
    maxConcurrency: 12,
    pool: "forks",
  },
})
