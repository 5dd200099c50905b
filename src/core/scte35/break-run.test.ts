/** Plays three hours of the test source's cues, in which its clock wraps. */
import { expect, it } from "vitest"
import { type BreakPlan, CueSchedule, FRAME_90K } from "../../test-source/schedule.ts"
import { VIDEO_DELAY_90K } from "../../test-source/test-programme.ts"
import { type BreakEvent, newBreakState, noteSection, tickBreaks } from "./break-state.ts"
import { decoded, POLICY } from "./testing/break-channel.ts"
import { PTS_MODULUS } from "./timing.ts"

const FRAMES_PER_SECOND = 90_000 / FRAME_90K
const RUN_FRAMES = 3 * 3600 * FRAMES_PER_SECOND
/** PTS of the start, with which the PTS wraps in the middle of the run, in a break. */
const START_PTS = PTS_MODULUS - (1.5 * 3600 + 5) * 90_000

interface Seen {
  outs: number
  ins: number
  repeats: number
  readonly told: string[]
  startedMs: number
  endedMs: number
}

const play = (plan: BreakPlan, heartbeatFrames: number) => {
  const schedule = new CueSchedule(plan, START_PTS, 1, heartbeatFrames)
  const state = newBreakState(POLICY, 0)
  const events = new Map<number | null, Seen>()
  const seen = (id: number | null): Seen => {
    const one = events.get(id) ?? { outs: 0, ins: 0, repeats: 0, told: [], startedMs: 0, endedMs: 0 }
    events.set(id, one)
    return one
  }
  const prerolls: number[] = []
  let heartbeats = 0
  let cue = 0
  const tell = (told: ReadonlyArray<BreakEvent>, atMs: number): void => {
    for (const { kind, eventId } of told) {
      const one = seen(eventId)
      one.told.push(kind)
      if (kind === "break_started") one.startedMs = atMs
      if (kind === "break_ended") one.endedMs = atMs
    }
  }
  for (let frame = 0; frame < RUN_FRAMES; frame++) {
    const atMs = (frame * FRAME_90K) / 90
    for (let bytes = schedule.take(frame); bytes !== undefined; bytes = schedule.take(frame)) {
      const clock90k = (START_PTS - VIDEO_DELAY_90K + frame * FRAME_90K + PTS_MODULUS) % PTS_MODULUS
      const section = decoded(bytes)
      const noted = noteSection(state, { cue: ++cue, atMs, pid: 500, clock90k, section })
      tell(noted.events, atMs)
      if (noted.kind === "null") heartbeats++
      else if (section.command?.name === "splice_insert") {
        const one = seen(section.command.splice_event_id)
        if (noted.repeatOf !== null) one.repeats++
        else if (noted.kind === "out") one.outs++
        else one.ins++
        if (noted.prerollS !== null) prerolls.push(noted.prerollS)
      }
    }
    if (frame % FRAMES_PER_SECOND === 0) tell(tickBreaks(state, atMs), atMs)
  }
  return { events, heartbeats, prerolls }
}

it.each([
  [30, 10],
  [300, 120],
  [95, 20],
  [12, 5],
])("a break every %d s, %d s long: each out and in is seen once, none is missed", (every, long) => {
  const plan = { everyFrames: every * FRAMES_PER_SECOND, frames: long * FRAMES_PER_SECOND }
  const { events, heartbeats, prerolls } = play(plan, 10 * FRAMES_PER_SECOND)
  const whole = Math.floor((3 * 3600 - long - 2) / every)
  expect(whole).toBeGreaterThan(30)
  for (let id = 1; id <= whole; id++) {
    const { startedMs, endedMs, ...one } = events.get(id) ?? { startedMs: 0, endedMs: 0 }
    expect({ id, ...one }).toEqual({
      id,
      outs: 1,
      ins: 1,
      repeats: 2,
      told: ["break_announced", "break_started", "break_ended"],
    })
    // PTS runs 0.4 s ahead of the clock; ticks come once a second.
    expect(startedMs / 1000 - every * id).toBeGreaterThan(0.3)
    expect(startedMs / 1000 - every * id).toBeLessThanOrEqual(1.4)
    expect(Math.abs(endedMs - startedMs - long * 1000)).toBeLessThanOrEqual(1000)
  }
  expect([...events.keys()].filter((id) => id === null || id > whole + 1)).toEqual([])
  expect(heartbeats).toBe(1080)
  expect(Math.min(...prerolls)).toBeGreaterThanOrEqual(4.1)
  expect(Math.max(...prerolls)).toBeLessThanOrEqual(8.01)
})
