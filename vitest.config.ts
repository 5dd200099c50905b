import { configDefaults, defineConfig } from "vitest/config"

/** End-to-end tests that watch milliseconds or single packets. */
const WATCHFUL = [
  ...["bit-exact", "failover", "failover-events", "failover-triggers", "fec", "impaired-sender", "merge-content", "merge-rtp"],
  ...["outputs", "pacing", "reorder", "survival"],
  ...["input-loss", "input-restart", "clock-steps", "srt-malformed", "stalls"].map((name) => `faults/${name}`),
].map((name) => `test/e2e/${name}.test.ts`)

/** Tests of these files wait for real time to pass, so many of one file may wait together. */
const END_TO_END = { testTimeout: 60_000, hookTimeout: 60_000, maxConcurrency: 12 }

export default defineConfig({
  test: {
    pool: "forks",
    // The files of a worker share one module graph: loading it anew for each file was a quarter of the time of the fast tests.
    poolOptions: { forks: { isolate: false, maxForks: 3 } },
    projects: [
      {
        extends: true,
        test: {
          name: "fast",
          include: ["src/**/*.test.{ts,tsx}", "views/**/*.test.{ts,tsx}", "load-tests/**/*.test.ts", "test/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      // Real processes, real sockets, real peers. The projects of one run follow each other.
      { extends: true, test: { name: "watchful", include: WATCHFUL, ...END_TO_END } },
      {
        extends: true,
        test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], exclude: [...configDefaults.exclude, ...WATCHFUL], ...END_TO_END },
      },
    ],
  },
})
