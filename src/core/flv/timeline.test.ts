import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { wrap33 } from "../es/unwrap.ts"
import { Timeline, toMilliseconds } from "./timeline.ts"

const SECOND = 90_000
const FRAME = 3600

/** Places samples every 40 ms from source times `at`, and returns the times at which they were placed. */
const video = (timeline: Timeline, ...at: number[]): number[] =>
  at.map((time) => {
    const out = timeline.place("video", wrap33(time))
    timeline.expect("video", out + FRAME)
    return out
  })
const audio = (timeline: Timeline, ...at: number[]): number[] =>
  at.map((time) => {
    const out = timeline.place("audio", wrap33(time))
    timeline.expect("audio", out + 1920)
    return out
  })

const started = (base: number): Timeline => {
  const timeline = new Timeline()
  timeline.start(wrap33(base))
  return timeline
}

describe("toMilliseconds", () => {
  it.each([
    [0, 0, 1, 0],
    [44, 0, 1, 0],
    [45, 0, 1, 1],
    [3003, 0, 1, 33],
    [-45, 0, 1, 0],
    [-46, 0, 1, -1],
    [0, 1024, 48_000, 21],
    [0, 3 * 1024, 48_000, 64],
    [0, 1024, 44_100, 23],
    [89, 1, 48_000, 1],
  ])("%i ticks and %i samples at %i Hz: %i ms", (ticks, samples, rate, ms) => {
    expect(toMilliseconds(ticks, samples, rate)).toBe(ms)
  })

  it("is exact after a month, where adding rounded steps is not", () => {
    const n = 30 * 24 * 3600 * 47
    fc.assert(
      fc.property(fc.nat(n), fc.constantFrom(48_000, 44_100, 22_050), fc.nat(89), (frames, rate, ticks) => {
        const exact =
          (BigInt(frames) * 1024n * 2000n * 90n + 2n * BigInt(ticks) * BigInt(rate) + 90n * BigInt(rate)) /
          (2n * 90n * BigInt(rate))
        expect(toMilliseconds(ticks, frames * 1024, rate)).toBe(Number(exact))
      }),
    )
  })
})

describe("Timeline", () => {
  it("goes on over the 33-bit wrap, for video and audio each in its own time", () => {
    const base = 2 ** 33 - 3 * FRAME
    const timeline = started(base)
    expect(video(timeline, base, base + FRAME, base + 2 * FRAME, base + 3 * FRAME, base + 4 * FRAME)).toEqual(
      [0, 1, 2, 3, 4].map((n) => n * FRAME),
    )
    expect(audio(timeline, base - 1000, base + 920, base + 4 * FRAME)).toEqual([-1000, 920, 4 * FRAME])
    expect(timeline.rebases).toBe(0)
    expect(timeline.locate(wrap33(base + 10 * SECOND))).toBe(10 * SECOND)
    expect(timeline.locate(wrap33(base - SECOND))).toBe(-SECOND)
  })

  it.each([
    ["forward by an hour", 3600 * SECOND],
    ["forward by 1.5 s", 1.5 * SECOND],
    ["back by 2 s", -2 * SECOND],
    ["back by a day", -24 * 3600 * SECOND],
    ["by half the circle", 2 ** 32],
    ["by all but half the circle", 2 ** 32 - 5 * SECOND],
  ])("a jump %s: both tracks go on where they were, in step", (_, jump) => {
    for (const first of ["video", "audio"] as const) {
      const timeline = started(5000)
      video(timeline, 5000, 5000 + FRAME)
      audio(timeline, 5000, 5000 + 1920)
      const t = 5000 + 2 * FRAME + jump
      const go = {
        video: () => video(timeline, t, t + FRAME),
        audio: () => audio(timeline, 5000 + 3840 + jump, 5000 + 5760 + jump),
      }
      const [a, b] = first === "video" ? [go.video(), go.audio()] : [go.audio(), go.video()]
      const [pictures, sound] = first === "video" ? [a, b] : [b, a]
      expect(pictures).toEqual([2 * FRAME, 3 * FRAME])
      expect(sound).toEqual([3840, 5760])
      expect(timeline.rebases).toBe(1)
    }
  })

  it("late audio of before the jump keeps its place", () => {
    const timeline = started(0)
    video(timeline, 0, FRAME)
    audio(timeline, 0, 1920)
    video(timeline, 900 * SECOND)
    expect(audio(timeline, 3840, 5760)).toEqual([3840, 5760])
    expect(audio(timeline, 900 * SECOND + 480)).toEqual([2 * FRAME + 480])
    expect(timeline.rebases).toBe(1)
  })

  it("a gap of one track only stays a gap: it would lose the other", () => {
    const timeline = started(0)
    video(timeline, 0, FRAME)
    for (let t = 0; t < 5 * SECOND; t += 1920) audio(timeline, t)
    expect(video(timeline, 5 * SECOND)).toEqual([5 * SECOND])
    expect(timeline.rebases).toBe(0)
  })

  it("row 26: goes on past 2^32 ms, 50 days", () => {
    const timeline = started(4000)
    let wrong = 0
    for (let n = 0; n < 2 ** 32 / 1000 + 10; n++) {
      const out = timeline.place("video", wrap33(4000 + n * SECOND))
      timeline.expect("video", out + FRAME)
      if (out !== n * SECOND || toMilliseconds(out) !== n * 1000) wrong++
    }
    expect(wrong).toBe(0)
    expect(timeline.rebases).toBe(0)
  })

  it("gaps of less than a second stay", () => {
    const timeline = started(0)
    expect(video(timeline, 0, 0.9 * SECOND)).toEqual([0, 0.9 * SECOND])
  })

  it("a small step back is one, unless a discontinuity was announced", () => {
    const timeline = started(0)
    expect(video(timeline, 0, FRAME, 2 * FRAME, FRAME)).toEqual([0, FRAME, 2 * FRAME, FRAME])
    const other = started(0)
    video(other, 0, FRAME, 2 * FRAME)
    audio(other, 0, 5760)
    other.suspect()
    expect(video(other, FRAME)).toEqual([3 * FRAME])
    expect(audio(other, 7680 - 2 * FRAME)).toEqual([7680])
    expect(other.rebases).toBe(1)
  })

  it("audio that shares no clock with video gets a place of its own", () => {
    const timeline = started(0)
    video(timeline, 0, FRAME)
    expect(audio(timeline, 5000 * SECOND, 5000 * SECOND + 1920)).toEqual([FRAME, FRAME + 1920])
    expect(video(timeline, 2 * FRAME)).toEqual([2 * FRAME])
  })

  it("never leaves more than a second, whatever the source does, and never goes back by more", () => {
    const step = fc.oneof(
      { arbitrary: fc.constant(FRAME), weight: 10 },
      { arbitrary: fc.integer({ min: 0, max: 2 ** 33 - 1 }), weight: 1 },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const timeline = started(0)
        let source = 0
        let last = 0
        for (const forward of steps) {
          const [out = 0] = video(timeline, source)
          expect(Math.abs(out - last)).toBeLessThanOrEqual(SECOND + FRAME)
          last = out
          source = wrap33(source + forward)
        }
      }),
    )
  })
})
