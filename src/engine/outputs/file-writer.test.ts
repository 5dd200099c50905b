import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { numberedTs } from "../../../test/e2e/datagrams.ts"
import { eventually } from "../../../test/e2e/product.ts"
import { recordingName } from "../../core/recording/file-names.ts"
import type { Reason } from "../protocol/messages.ts"
import { FileWriter } from "./file-writer.ts"

const SLOT = 7 * 188
const T0 = Date.UTC(2026, 10, 21, 12)
let directory: string
let written: number
let reasons: Reason[]

const writer = (segmentBytes: number | null = null, mayWrite = () => true) =>
  new FileWriter(
    directory,
    { segmentS: 3600, segmentBytes },
    {
      mayWrite,
      written: (mark) => {
        written = mark
      },
      current: () => {},
      failed: (reason) => reasons.push(reason),
    },
  )

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "file-writer-"))
  written = -1
  reasons = []
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

it("takes no more than a bounded amount while nothing is written, and all of that is in the file in the end", async () => {
  const ts = numberedTs(7 * 8000)
  const file = writer()
  let taken = 0
  while (taken < 8000 && file.push(ts.subarray(taken * SLOT, (taken + 1) * SLOT), taken, taken * 1000, T0)) taken++
  expect(taken * SLOT).toBeGreaterThan(7e6)
  expect(taken * SLOT).toBeLessThan(9e6)
  await file.finish()
  expect(written).toBe(taken - 1)
  expect(readFileSync(join(directory, recordingName(T0))).equals(ts.subarray(0, taken * SLOT))).toBe(true)
  expect(file.push(ts.subarray(0, SLOT), 0, 1e9, T0)).toBe(false)
})

it("a name that is taken already is left alone", async () => {
  writeFileSync(join(directory, recordingName(T0)), "somebody else's")
  const file = writer()
  file.push(numberedTs(7), 0, 0, T0)
  await file.finish()
  expect(readFileSync(join(directory, recordingName(T0)), "utf8")).toBe("somebody else's")
  expect(readdirSync(directory).sort()).toEqual([recordingName(T0), recordingName(T0 + 1)])
})

it("writes what was gathered for a quarter of a second, and no earlier", async () => {
  const file = writer()
  file.push(numberedTs(7), 5, 0, T0)
  file.poll(200_000)
  expect(readdirSync(directory)).toEqual([])
  file.poll(260_000)
  await file.finish()
  expect(written).toBe(5)
})

it("a directory that is gone is told", async () => {
  rmSync(directory, { recursive: true })
  const file = writer()
  file.push(numberedTs(7), 0, 0, T0)
  await file.finish()
  expect(reasons).toMatchObject([
    { code: "ENOENT", message: expect.stringMatching(/ENOENT while writing .*\.ts/), transient: true },
  ])
})

it("writes nothing more once it may not: what was gathered is lost, and what is in the file is whole", async () => {
  let may = true
  const file = writer(null, () => may)
  const ts = numberedTs(7 * 1000)
  const push = (from: number, to: number) => {
    for (let n = from; n < to; n++) file.push(ts.subarray(n * SLOT, (n + 1) * SLOT), n, n * 1000, T0)
  }
  push(0, 300)
  file.poll(1e6)
  // Three chunks of 97; the one that is still filling stays.
  await eventually("full chunks are written", () => (written === 290 ? true : null))
  may = false
  push(300, 1000)
  file.poll(2e6)
  await file.finish()
  expect(written).toBe(290)
  expect(readFileSync(join(directory, recordingName(T0))).equals(ts.subarray(0, 291 * SLOT))).toBe(true)
  expect(reasons).toEqual([])
})
