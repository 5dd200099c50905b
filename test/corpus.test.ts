/** Plays every case of the corpora of `npm run fuzz`: what once broke a promise, and some of each kind that never did. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { TARGETS } from "../load-tests/fuzz/targets.ts"

const CORPUS = fileURLToPath(new URL("corpus", import.meta.url))

describe("the stored cases of", () => {
  it.each(TARGETS.map((target) => [target.name, target] as const))("%s keep all promises", async (name, target) => {
    const files = readdirSync(join(CORPUS, name))
    expect(files.length).toBeGreaterThan(0)
    const run = await target.open()
    try {
      for (const file of files)
        expect(
          await Promise.resolve(run.play(readFileSync(join(CORPUS, name, file)))).catch((cause) => `${file}: ${cause}`),
        ).toBeGreaterThan(0)
    } finally {
      await run.close?.()
    }
  })

  it("no target that is not there", () => {
    expect(readdirSync(CORPUS).sort()).toEqual(TARGETS.map(({ name }) => name).sort())
  })
})
