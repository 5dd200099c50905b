/**
 * Plays three hours of the test source's schedule, across the wrap of PTS and PCR. The watcher must miss no cue and
 * make none up. Pictures and sound are left out, since encoding them would take minutes.
 */
import { describe, expect, it } from "vitest"
import { EVENT_SCTE35, LEG_PCR_27M, MAX_LEGS } from "../src/core/assembly/memory/layout.ts"
import type { PacketCore } from "../src/core/packet-core/packet-core.ts"
import type { Scte35Noted } from "../src/effects/channel/cues/scte35-noted.ts"
import { onSection, tickScte35 } from "../src/effects/channel/cues/scte35-watch.ts"
import { type ChannelRuntime, newChannelRuntime } from "../src/effects/channel/runtime/channel-runtime.ts"
import { scte35Alarms, scte35View } from "../src/effects/channel/runtime/scte35-runtime.ts"
import type { NewCue } from "../src/effects/model/cue.ts"
import type { CueEntry } from "../src/effects/store/CueLog.ts"
import { SCTE35_PID } from "../src/test-source/program-tables.ts"
import { choose, feedBatch } from "./feed-core.ts"
import { loadCore } from "./load-core.ts"
import { longProgramme } from "./long-programme.ts"

const SECONDS = 3 * 3600
const PTS_MODULUS = 2 ** 33
const TICKS = 90_000
const EVERY = 30
const BREAK = 10
/** PTS of the first picture. With it, the wrap falls in the middle of break 20, ten minutes after the start. */
const START_PTS = PTS_MODULUS - (20 * EVERY + BREAK / 2) * TICKS
const OPTIONS = {
  bitrate: 250_000,
  startPts90k: START_PTS,
  breakEverySeconds: EVERY,
  breakSeconds: BREAK,
  spliceNullSeconds: 10,
}
const STARTED_US = 5e6
const WALL_MS = Date.UTC(2026, 0, 1)

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

interface Watch {
  readonly runtime: ChannelRuntime
  /** The cues that are kept at the end, in the order in which they came. */
  readonly cues: NewCue[]
  readonly events: Scte35Noted["events"][number][]
  readonly seen: string[]
  readonly scheduled: string[]
  /** Monotonic time of the end in ms. */
  readonly endMs: number
}

/**
 * Plays the programme through the packet core, and gives what goes out to the watcher, as engine and control plane do.
 */
const watch = (core: PacketCore): Watch => {
  const cues: NewCue[] = []
  const keepCue = (cue: NewCue): CueEntry => {
    const place = cues.push(cue) - 1
    const current = () => cues[place] ?? cue
    return { current, update: (change) => void cues.splice(place, 1, change(current())) }
  }
  const runtime = newChannelRuntime(STARTED_US / 1000)
  const channel = { id: "c", runtime, outputs: [], keepCue }
  const events: Scte35Noted["events"][number][] = []
  const [seen, scheduled]: [string[], string[]] = [[], []]
  let number = 0
  let nextTickMs = STARTED_US / 1000
  let monotonicMs = nextTickMs
  choose(core, 0)
  for (const { bytes, timeUs } of longProgramme(SECONDS, OPTIONS, (section) => scheduled.push(hex(section)))) {
    const rx_us = STARTED_US + timeUs
    monotonicMs = rx_us / 1000
    const moment = { monotonicMs, nowMs: WALL_MS + monotonicMs }
    core.tick(rx_us)
    feedBatch(core, [{ bytes, rx_us, ipv4: 0x7f000001, port: 5000 }], 0)
    for (const { b, data, leg, pid, type } of core.takeEvents()) {
      if (type !== EVENT_SCTE35 || leg !== MAX_LEGS) continue
      seen.push(hex(data))
      const told = { event: "scte35", channel_id: "c", leg: "primary", pid, cue: ++number, crc_ok: b === 1 } as const
      const clock_90k = Math.floor(core.legField(0, LEG_PCR_27M) / 300)
      const section_base64 = Buffer.from(data).toString("base64")
      events.push(...onSection(channel, { ...told, at: moment.nowMs, clock_90k, section_base64 }, moment).events)
    }
    if (monotonicMs < nextTickMs) continue
    nextTickMs += 1000
    events.push(...tickScte35(channel, moment).events)
  }
  return { runtime, cues, events, seen, scheduled, endMs: monotonicMs }
}

const pts = (second: number): number => (START_PTS + second * TICKS) % PTS_MODULUS
/** Breaks and returns announced within the three hours, 7.6 and 4.1 s ahead, computed by this test's own arithmetic. */
const expected = Array.from({ length: SECONDS / EVERY }, (_, i) => i + 1).flatMap((event_id) => {
  const [out, back] = [event_id * EVERY, event_id * EVERY + BREAK]
  const said = [7.6, 5.6, 4.1].filter((ahead) => out - ahead < SECONDS).length
  return [
    ...(said === 0 ? [] : [{ event_id, kind: "out", pts: pts(out), duration_s: BREAK, repeats: said - 1 }]),
    ...(back - 4.1 < SECONDS ? [{ event_id, kind: "in", pts: pts(back), duration_s: null, repeats: 0 }] : []),
  ]
})

describe("three hours of the test source's schedule", () => {
  it("lose no cue on their way through packet core and watcher, across the wrap of PTS", async () => {
    const { cues, endMs, events, runtime, scheduled, seen } = watch(await loadCore())

    expect(seen).toEqual(scheduled)
    expect(seen.length).toBe(
      expected.reduce((sum, { repeats }) => sum + 1 + repeats, SECONDS / OPTIONS.spliceNullSeconds),
    )
    expect(
      cues.map(({ duration_s, event_id, kind, pts: at, repeats }) => ({
        event_id,
        kind,
        pts: at,
        duration_s,
        repeats,
      })),
    ).toEqual(expected)
    expect(
      new Set(cues.map(({ command, crc_ok, errors, pid }) => JSON.stringify({ command, crc_ok, errors, pid }))),
    ).toEqual(new Set([JSON.stringify({ command: "splice_insert", crc_ok: true, errors: [], pid: SCTE35_PID })]))
    // Cues are announced by the clock of the stream, which is 0.4 s behind the first picture, and a packet leaves some
    // ms after it is due.
    for (const { kind, preroll_s } of cues) {
      expect(preroll_s).toBeGreaterThan(kind === "out" ? 7.9 : 4.4)
      expect(preroll_s).toBeLessThan(kind === "out" ? 8.1 : 4.6)
    }
    const of = (kind: string) => events.filter((event) => event.kind === kind).length
    const breaks = SECONDS / EVERY - 1
    expect([of("break_announced"), of("break_started"), of("break_ended"), events.length]).toEqual([
      breaks + 1,
      breaks,
      breaks,
      3 * breaks + 1,
    ])
    expect(scte35Alarms(runtime.scte35, endMs)).toEqual([])
    expect(scte35View(runtime.scte35, [SCTE35_PID], endMs)).toMatchObject({
      state: "announced",
      event_id: breaks + 1,
      cues: expected.length,
      sections: scheduled.length,
      crc_errors: 0,
    })
  })

  it("have a break on either side of the wrap", () => {
    const wrapped = expected.findIndex((cue, i) => cue.pts < (expected[i - 1]?.pts ?? 0))
    expect(expected[wrapped]).toMatchObject({ event_id: 20, kind: "in", pts: (BREAK / 2) * TICKS })
    expect(expected.length).toBe(2 * (SECONDS / EVERY) - 1)
  })
})
