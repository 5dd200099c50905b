import { describe, expect, it } from "vitest"
import { NativeHeapTrim } from "./native-heap.ts"

const MB = 1024 * 1024

/** A heap whose trimming ends when told, and leaves `left` MB. */
const stage = (start: number) => {
  let resident = start * MB
  let end: (() => void) | null = null
  const trim = new NativeHeapTrim({
    residentBytes: () => resident,
    trim: (done) => {
      end = done
    },
  })
  return {
    trim,
    look: (mb: number) => {
      resident = mb * MB
      trim.look()
      return end !== null
    },
    ends: (left: number) => {
      resident = left * MB
      end?.()
      end = null
    },
  }
}

describe("NativeHeapTrim", () => {
  it("trims once the process has grown and grows no more", () => {
    const { ends, look, trim } = stage(70)
    expect([70, 80, 200, 400, 420].map(look)).toEqual([false, false, false, false, false])
    expect(look(400)).toBe(true)
    ends(80)
    expect(trim.trims).toBe(1)
    expect(look(85)).toBe(false)
  })

  it("tries more and more rarely for memory that is in use, at most every 16 looks, and soon again once that has changed", () => {
    const { ends, look } = stage(70)
    const looksUntilTrim = (mb: number) => {
      let looks = 1
      while (!look(mb)) looks += 1
      return looks
    }
    look(70)
    look(300)
    const waits = Array.from({ length: 6 }, () => {
      const looks = looksUntilTrim(300)
      ends(300)
      return looks
    })
    expect(waits).toEqual([1, 4, 8, 16, 16, 16])
    expect(looksUntilTrim(400)).toBeLessThanOrEqual(3)
  })

  it("gives back what was in use at the first try and is free later", () => {
    const { ends, look, trim } = stage(70)
    look(70)
    look(300)
    expect(look(300)).toBe(true)
    ends(300)
    let looks = 0
    while (!look(300) && looks < 20) looks += 1
    ends(75)
    expect(trim.trims).toBe(2)
    expect(looks).toBeLessThan(16)
  })

  it("begins no second one while one runs", () => {
    const { ends, look, trim } = stage(70)
    look(70)
    look(300)
    look(300)
    look(300)
    ends(80)
    expect(trim.trims).toBe(1)
  })
})

it("grows little in steps that each are below the threshold, and is trimmed all the same", () => {
  const { look } = stage(70)
  const looks = Array.from({ length: 20 }, (_, i) => look(70 + i * 5))
  expect(looks.includes(true)).toBe(true)
})
