import { expect, it } from "vitest"
import { PACED_SLOTS, PcrPacer } from "../../core/ts/pcr-pacer.ts"
import { QUEUE_SLOTS } from "../ring/ring-reader.ts"
import { pacingWarning } from "./pacing-warning.ts"

it("pacing holds fewer slots than an output's queue, so that none is given up for it", () => {
  expect(PACED_SLOTS).toBeLessThan(QUEUE_SLOTS)
})

it("names the delay that fits once the one asked for does not, and says nothing before", () => {
  const pacer = new PcrPacer({ delayMs: 400 })
  const slotUs = (1316 * 8) / 20
  let nowUs = 1e9
  const play = (seconds: number) => {
    for (const end = nowUs + seconds * 1e6; nowUs < end; nowUs += slotUs) {
      const n = Math.round((nowUs - 1e9) / slotUs)
      pacer.push(n, nowUs, 1316, n % 60 === 0 ? Math.round(n * slotUs * 27) : null, false)
      pacer.releaseUntil(nowUs)
    }
  }
  play(0.2)
  expect(pacingWarning(pacer, 400)).toBeNull()
  play(5)
  expect(pacer.delayMs).toBeLessThan(220)
  expect(pacingWarning(pacer, 400)).toBe(
    `pacing_delay=400 is too long for this bit rate: 416 datagrams are held at most, which is ${Math.floor(pacer.delayMs)} ms and the bursts of the input; set pacing_delay to that or less`,
  )
})
