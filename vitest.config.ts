import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["src/**/*.test.{ts,tsx}", "views/**/*.test.{ts,tsx}", "load-tests/**/*.test.ts", "test/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: "forks",
    // Some only wait: a third one keeps both processors busy.
    poolOptions: { forks: { maxForks: 3 } },
  },
})
