import { execFile } from "node:child_process"
import { readFile, stat } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { describe, expect, it } from "vitest"
import { buildCore } from "../scripts/build-core.mjs"

describe("buildCore", () => {
  it("builds nothing when nothing has changed", async () => {
    const { debug } = await buildCore()
    const before = await stat(debug)
    expect(await buildCore()).toMatchObject({ built: false })
    expect((await stat(debug)).mtimeMs).toBe(before.mtimeMs)
  })

  it("makes modules that import nothing but the memory", async () => {
    const { release, debug } = await buildCore()
    for (const path of [release, debug]) {
      const names = (await readFile(path)).toString("latin1")
      expect(names).toContain("env")
      expect(names).not.toContain("abort")
    }
  })

  it("runs as a command under Node", async () => {
    await buildCore()
    const script = fileURLToPath(new URL("../scripts/build-core.mjs", import.meta.url))
    const { stdout } = await promisify(execFile)("node", [script])
    expect(stdout).toBe("core: up to date\n")
  })
})
