import { describe, expect, it } from "vitest"
import { FLAP_WINDOW_MS, FLAPS, makeHappenings, SHOWN_MS } from "./happenings.ts"

const connected = {
  channelId: "c",
  at: 0,
  kind: "output_connected",
  severity: "info",
  output: "cdn",
  message: "connected",
} as const

describe("happenings", () => {
  it("call an output flapping that connected 4 times within 10 minutes, until it has not for as long", () => {
    const { note, of } = makeHappenings()
    const minutes = [0, 2, 4, 6]
    for (const [n, minute] of minutes.entries()) {
      note(connected, minute * 60_000)
      expect(of("c", minute * 60_000).map(({ kind, output }) => [kind, output])).toEqual(
        n + 1 < FLAPS ? [] : [["output_flapping", "cdn"]],
      )
    }
    expect(of("c", 6 * 60_000 + FLAP_WINDOW_MS - 1)).toHaveLength(1)
    expect(of("c", 6 * 60_000 + FLAP_WINDOW_MS)).toEqual([])
  })

  it("find nothing odd in an output that connects every 4 minutes", () => {
    const { note, of } = makeHappenings()
    for (let minute = 0; minute < 120; minute += 4) {
      note(connected, minute * 60_000)
      expect(of("c", minute * 60_000)).toEqual([])
    }
  })

  it("see counters that rise, not those that are high or begin anew", () => {
    const { count, of } = makeHappenings()
    const at = (nowMs: number, value: number) => {
      count("c", "kernel_drops", null, "the primary", value, nowMs)
      return of("c", nowMs).map(({ message }) => message)
    }
    expect([at(0, 500), at(1000, 500)]).toEqual([[], []])
    expect(at(2000, 507)[0]).toContain("7 packets of the primary")
    expect(at(2000 + SHOWN_MS.kernel_drops, 507)).toEqual([])
    expect([at(80_000, 3), at(81_000, 3)]).toEqual([[], []])
  })

  it("forget channels that are gone", () => {
    const { keep, note, of } = makeHappenings()
    note({ ...connected, kind: "cue_missed", severity: "warning" }, 0)
    expect(of("c", 1)).toHaveLength(1)
    keep(() => false)
    expect(of("c", 1)).toEqual([])
  })
})
