import { defineConfig } from "vitest/config"

/** End-to-end tests that watch milliseconds or single packets: two files at a time, which mostly wait. See vitest.e2e-parallel.config.ts for the others. */
export const WATCHFUL = [
  ...["bit-exact", "failover", "failover-events", "failover-triggers", "fec", "impaired-sender", "merge-content", "merge-rtp"],
  ...["outputs", "pacing", "reorder", "survival"],
  ...["input-loss", "input-restart", "clock-steps", "srt-malformed", "stalls"].map((name) => `faults/${name}`),
].map((name) => `test/e2e/${name}.test.ts`)

// Real processes, real sockets, real peers.
export default defineConfig({
  test: {
    include: WATCHFUL,
    testTimeout: 40_000,
    hookTimeout: 40_000,
    // Concurrent tests of a file mostly wait for real time to pass.
    maxConcurrency: 12,
    pool: "forks",
    poolOptions: { forks: { maxForks: 2 } },
  },
})
