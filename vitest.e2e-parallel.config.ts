import { configDefaults, defineConfig } from "vitest/config"
import { WATCHFUL } from "./vitest.e2e.config.ts"

// Those that mostly wait for streams, pages and time-outs: some files at a time.
export default defineConfig({
  test: {
    include: ["test/e2e/**/*.test.ts"],
    exclude: [...configDefaults.exclude, ...WATCHFUL],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxConcurrency: 12,
    pool: "forks",
    poolOptions: { forks: { maxForks: 3 } },
  },
})
