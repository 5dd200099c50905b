import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { webAssembly } from "../../src/core/packet-core/web-assembly.ts"
import { type FuzzTarget, insist } from "./fuzz-target.ts"
import { judgeMemory, runFuzz } from "./run-fuzz.ts"

/** A module whose function `f` is the instruction `unreachable`. */
const TRAP = Uint8Array.from(
  "00 61 73 6d 01 00 00 00 01 04 01 60 00 00 03 02 01 00 07 05 01 01 66 00 00 0a 05 01 03 00 00 0b".split(" "),
  (hex) => Number.parseInt(hex, 16),
)

let corpus: string
beforeEach(() => {
  corpus = mkdtempSync(join(tmpdir(), "fuzz-"))
})
afterEach(() => rmSync(corpus, { recursive: true, force: true }))

const target = (play: (bytes: Uint8Array) => number | Promise<number>): FuzzTarget => ({
  name: "planted",
  inputs: "inputs",
  open: () => ({ make: (random) => Uint8Array.of(random() >>> 24, random() >>> 24), play }),
})
/** Breaks for one case in 256. */
const breaksAt = (byte: number) =>
  target((bytes) => {
    insist(bytes[0] !== byte, `cannot take ${byte}`)
    return 1
  })

describe("a planted throw", () => {
  it("is found, and its case is stored so that it breaks again", async () => {
    const { cases, failure } = await runFuzz(breaksAt(77), { seed: 3, inputs: 100_000, corpus })
    expect(failure?.message).toBe("cannot take 77")
    expect(cases).toBeLessThan(100_000)
    const stored = readFileSync(failure?.file ?? "")
    const run = await breaksAt(77).open()
    expect(() => run.play(stored)).toThrow("cannot take 77")
  })

  it("is found again by the same seed, and not by none", async () => {
    const [one, other] = [
      await runFuzz(breaksAt(77), { seed: 3, inputs: 100_000, corpus }),
      await runFuzz(breaksAt(77), { seed: 3, inputs: 100_000, corpus }),
    ]
    expect([other.cases, other.failure]).toEqual([one.cases, one.failure])
    expect((await runFuzz(breaksAt(256), { seed: 3, inputs: 5000, corpus })).failure).toBe(null)
  })

  it("is found where it is a rejection, or the death of the core", async () => {
    const rejects = target(async ([byte]) => {
      insist(byte !== 5, "later")
      return 1
    })
    expect((await runFuzz(rejects, { seed: 1, inputs: 100_000, corpus })).failure?.message).toBe("later")
    const { exports } = new webAssembly.Instance(new webAssembly.Module(TRAP), {})
    const traps = target(([byte]) => {
      if (byte === 5) (exports["f"] as () => void)()
      return 1
    })
    const { failure } = await runFuzz(traps, { seed: 1, inputs: 100_000, corpus })
    expect(failure?.message).toMatch(/unreachable/i)
    expect(existsSync(failure?.file ?? "")).toBe(true)
  })
})

describe("memory", () => {
  const noise = (i: number) => ((i * 7919) % 13) * 4e4
  it("of 1 kB kept of each input is found to grow", () => {
    const samples = Array.from({ length: 40 }, (_, i) => ({ at: i * 1000, value: 50e6 + i * 1e6 + noise(i) }))
    expect(judgeMemory(samples)).toMatchObject({ grows: true })
    expect(judgeMemory(samples).bytesPerInput).toBeGreaterThan(950)
    const [first = 0, second = 0, third = 0, last = 0] = judgeMemory(samples).quartersMb
    for (const growth of [second - first, third - second, last - third]) expect(growth).toBeGreaterThan(5)
  })

  it("that comes and goes, or grows only at first, does not grow", () => {
    const comesAndGoes = Array.from({ length: 40 }, (_, i) => ({ at: i * 1000, value: 50e6 + noise(i) * 20 }))
    expect(judgeMemory(comesAndGoes).grows).toBe(false)
    const warmsUp = comesAndGoes.map(({ at, value }, i) => ({ at, value: i < 8 ? value - (8 - i) * 3e6 : value }))
    expect(judgeMemory(warmsUp).grows).toBe(false)
    const settles = Array.from({ length: 40 }, (_, i) => ({ at: i * 1000, value: 50e6 + Math.min(i, 20) * 1e6 }))
    const [first = 0, , third = 0, last = 0] = judgeMemory(settles).quartersMb
    expect([third - first > 5, last - third]).toEqual([true, 0])
  })

  it("of a few samples is not judged", () => {
    expect(
      judgeMemory([
        { at: 0, value: 0 },
        { at: 1, value: 1e9 },
      ]),
    ).toMatchObject({ bytesPerInput: null, grows: false })
  })
})
