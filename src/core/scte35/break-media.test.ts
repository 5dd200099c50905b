/**
 * Real cues: those that TSDuck's splicemonitor finds in a live capture, and streams of other projects through the
 * packet core.
 */
import { describe, expect, it } from "vitest"
import { choose, feedBatch } from "../../../test/feed-core.ts"
import { coreBuilds, loadCores } from "../../../test/load-core.ts"
import { hasMedia, readMedia } from "../../../test/media.ts"
import { toDatagrams } from "../../../test/ts-stream.ts"
import * as L from "../assembly/memory/layout.ts"
import { fromHex } from "../bytes/bytes-text.ts"
import { type BreakEvent, newBreakState, noteSection, tickBreaks } from "./break-state.ts"
import type { Noted } from "./break-types.ts"
import { describeCue } from "./describe-cue.ts"
import { decoded, POLICY } from "./testing/break-channel.ts"

const cores = await loadCores()

interface Monitored {
  readonly "#name": string
  readonly "#nodes"?: ReadonlyArray<{
    readonly "#name": string
    readonly "#nodes"?: ReadonlyArray<{ readonly "#nodes": [string] }>
  }>
  readonly "packet-index": number
  readonly "event-pts": number
  readonly "event-type": "out" | "in"
  readonly "event-id": number
  readonly "time-to-event-ms": number
  readonly "pre-roll-ms"?: number
  readonly progress: "pending" | "occurred"
  readonly count: number
}

describe.skipIf(!hasMedia)("[media] TSDuck test-084, event 18 out and in", () => {
  const entries: Monitored[] = hasMedia
    ? JSON.parse(new TextDecoder().decode(readMedia("tsduck/reference/test-084.6.json")))
    : []
  const sectionOf = (table: Monitored | undefined) =>
    decoded(
      fromHex((table?.["#nodes"]?.[0]?.["#nodes"]?.[0]?.["#nodes"][0] ?? "").replaceAll(" ", "")) ?? new Uint8Array(),
    )

  it("counts the same occurrences, finds the same time to the event, and one break", () => {
    const state = newBreakState(POLICY, 0)
    const told: BreakEvent[] = []
    const counts = new Map<number, number>()
    const compared: Array<{ kind: string; count: number; ms: number }> = []
    const reference: typeof compared = []
    const offset = (entry: Monitored) => entry["event-pts"] - entry["time-to-event-ms"] * 90
    const first = entries[0]
    if (first === undefined) throw new Error("the reference is empty")
    entries.forEach((entry, i) => {
      if (entry["#name"] !== "event") return
      // The stream's clock by TSDuck: the event's PTS less the time that is left until it.
      const clock90k = offset(entry)
      const atMs = (clock90k - offset(first)) / 90
      if (entry.progress === "occurred") {
        told.push(...tickBreaks(state, atMs))
        return
      }
      const noted = noteSection(state, { cue: i, atMs, pid: 1055, clock90k, section: sectionOf(entries[i + 1]) })
      told.push(...noted.events)
      const cue = noted.repeatOf ?? i
      counts.set(cue, (counts.get(cue) ?? 0) + 1)
      compared.push({ kind: noted.kind, count: counts.get(cue) ?? 0, ms: Math.round((noted.prerollS ?? 0) * 1000) })
      reference.push({ kind: entry["event-type"], count: entry.count, ms: entry["time-to-event-ms"] })
    })
    expect(reference).toHaveLength(6)
    expect(compared).toEqual(reference)
    expect([...counts.values()]).toEqual([3, 3])
    expect(told.map(({ kind, eventId }) => [kind, eventId])).toEqual([
      ["break_announced", 18],
      ["break_started", 18],
      ["break_ended", 18],
    ])
  })
})

interface Found {
  readonly noted: Noted
  readonly pid: number
  readonly text: string
}

describe.skipIf(!hasMedia).each(coreBuilds)("[media] streams through the packet core (%s)", (build) => {
  const core = cores[build]

  /** Plays a stream whose clock runs for `seconds`, and a minute and a half more. */
  const watch = (name: string, seconds: number) => {
    core.resetLeg(0)
    core.resetChannel(0)
    core.takeEvents()
    choose(core, 0)
    const stream = readMedia(name)
    const state = newBreakState(POLICY, 0)
    const told: BreakEvent[] = []
    const found: Found[] = []
    const stepUs = Math.round((seconds * 1e6) / (stream.length / (7 * 188)))
    for (const datagram of toDatagrams(stream, { stepUs })) {
      feedBatch(core, [datagram], 0)
      const clock90k = core.legField(0, L.LEG_PCRS) === 0 ? null : Math.floor(core.legField(0, L.LEG_PCR_27M) / 300)
      for (const { type, leg, pid, b, data } of core.takeEvents()) {
        if (type !== L.EVENT_SCTE35 || leg >= L.MAX_LEGS || b !== 1) continue
        const section = decoded(data)
        const noted = noteSection(state, { cue: found.length + 1, atMs: datagram.rx_us / 1000, pid, clock90k, section })
        told.push(...noted.events)
        found.push({ noted, pid, text: describeCue(section) })
      }
    }
    for (let s = seconds; s < seconds + 90; s++) told.push(...tickBreaks(state, 1000 + s * 1000))
    return { found, kinds: told.map(({ kind }) => kind) }
  }

  it("kim-company/scte35.ts: one out of event 100 for 60 s at 60 s, and nobody comes back", () => {
    const { found, kinds } = watch("kim-company/scte35.ts", 18.56)
    expect(found).toMatchObject([{ pid: 0x100, noted: { kind: "out", repeatOf: null } }])
    expect(found[0]?.text).toContain("event 100, at 01:00, break 60 s, no auto-return")
    expect(found[0]?.noted.prerollS).toBeCloseTo(60 - 5.78, 1)
    // After 18.6 s of stream and 90 s more, the break has begun and its return is not yet missing.
    expect(kinds).toEqual(["break_announced", "break_started"])
  })

  it("androidx sample_scte35.ts: out twice the same, and in, both at short notice", () => {
    const { found, kinds } = watch("androidx-media/sample_scte35.ts", 0.1)
    expect(found.map(({ pid, noted: { kind, repeatOf } }) => ({ pid, kind, repeatOf }))).toEqual([
      { pid: 0x258, kind: "out", repeatOf: null },
      { pid: 0x258, kind: "out", repeatOf: 1 },
      { pid: 0x258, kind: "in", repeatOf: null },
    ])
    expect(found.map(({ noted }) => noted.prerollS)).toEqual(
      [2.222, 2.222, 3.333].map((at) => expect.closeTo(at - 0.7, 2)),
    )
    expect(kinds).toEqual(["short_preroll", "break_announced", "short_preroll", "break_started", "break_ended"])
  })
})
