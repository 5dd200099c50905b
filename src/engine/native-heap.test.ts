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

  it("does not try again and again for memory that is in use", () => {
    const { ends, look, trim } = stage(70)
    expect([70, 300, 300].map(look)).toEqual([false, false, true])
    ends(300)
    for (let i = 0; i < 10; i++) expect(look(305)).toBe(false)
    expect(trim.trims).toBe(1)
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
