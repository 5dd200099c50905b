import { describe, expect, it } from "vitest"
import { muteOf, muteView, mutingAt } from "./mute.ts"
import type { KeptMute, MuteInput } from "./notification-bodies.ts"

const at = (text: string) => Date.parse(`${text}:00Z`)
const NOW = at("2026-10-20T12:00")
const made = (input: MuteInput) => muteOf(input, [], { id: "m", by: "ada", nowMs: NOW })
const mute = (input: MuteInput): KeptMute => {
  const checked = made(input)
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  return checked.value
}
const NIGHTS = { zone: "Europe/Berlin", days: ["tue", "sun"], start: "23:00", stop: "03:30" } as const

describe("a mute", () => {
  it("begins when it says, and ends", () => {
    const one = mute({ starts: "2026-10-20T13:00:00Z", minutes: 30, reason: "transponder test" })
    const shown = (text: string) => {
      const { active, next_at } = muteView(one, at(text))
      return [active, next_at?.slice(11, 16) ?? null]
    }
    expect(one).toMatchObject({ until: "2026-10-20T13:30:00.000Z", reason: "transponder test", by: "ada" })
    expect(shown("2026-10-20T12:59")).toEqual([false, "13:00"])
    expect(shown("2026-10-20T13:00")).toEqual([true, "13:30"])
    expect(shown("2026-10-20T13:30")).toEqual([false, null])
  })

  it("that comes again keeps to the clock on the wall, over midnight and the end of summer time", () => {
    const nights = mute({ until: "2026-11-30T00:00:00Z", repeats: NIGHTS })
    const shown = (text: string) => {
      const { active, next_at } = muteView(nights, at(text))
      return [active, next_at?.slice(5, 16) ?? null]
    }
    expect(shown("2026-10-20T20:59")).toEqual([false, "10-20T21:00"])
    expect(shown("2026-10-20T21:00")).toEqual([true, "10-21T01:30"])
    expect(shown("2026-10-21T01:30")).toEqual([false, "10-25T22:00"])
    expect(shown("2026-10-25T22:00")).toEqual([true, "10-26T02:30"])
    // The window of 29 November is cut by the end of it all, and none follows.
    expect(shown("2026-11-29T23:59")).toEqual([true, "11-30T00:00"])
    expect(shown("2026-11-30T00:00")).toEqual([false, null])
  })

  it("that comes again later says so, and mutes nothing before", () => {
    const later = mute({ starts: "2026-10-27T23:30:00Z", until: "2026-11-30T00:00:00Z", repeats: NIGHTS })
    expect(muteView(later, at("2026-10-20T22:00"))).toMatchObject({ active: false, next_at: later.starts })
    const gone = mute({ starts: "2026-10-21T12:00:00Z", until: "2026-10-22T12:00:00Z", repeats: NIGHTS })
    expect(muteView(gone, NOW)).toMatchObject({ active: false, next_at: null })
  })

  it("covers its channel, its output or everything, until the longest that does so ends", () => {
    const base = mute({ minutes: 60 })
    const all = [
      { ...base, channel: "news", output: "cdn", until: "2026-10-20T14:00:00.000Z" },
      { ...base, channel: "news", until: "2026-10-20T15:00:00.000Z" },
      { ...base, until: "2026-10-20T12:30:00.000Z" },
      { ...base, channel: "news", starts: "2026-10-20T13:00:00.000Z", until: "2026-10-20T18:00:00.000Z" },
    ]
    const muting = mutingAt(all, NOW)
    expect(muting("news", "cdn")).toBe("2026-10-20T15:00:00.000Z")
    expect(muting("news", null)).toBe("2026-10-20T15:00:00.000Z")
    expect(muting("sport", "cdn")).toBe("2026-10-20T12:30:00.000Z")
    expect(mutingAt(all, at("2026-10-20T12:30"))(null, null)).toBeNull()
  })

  it.each<readonly [MuteInput, string]>([
    [{ starts: "tomorrow", minutes: 1 }, "starts"],
    [{ starts: "2028-01-01T00:00:00Z", minutes: 1 }, "starts"],
    [{ starts: "2026-10-20T14:00:00Z", until: "2026-10-20T13:00:00Z" }, "until"],
    [{ until: "2028-01-01T00:00:00Z" }, "until"],
    [{ minutes: 5, repeats: { ...NIGHTS, zone: "Mars/Olympus" } }, "repeats.zone"],
    [{ minutes: 5, repeats: { ...NIGHTS, start: "24:00" } }, "repeats.start"],
    [{ minutes: 5, repeats: { ...NIGHTS, stop: "23:00" } }, "repeats.stop"],
  ])("is refused for %j", (input, path) => {
    const checked = made(input)
    expect(checked.ok ? [] : checked.errors.map((error) => error.path)).toEqual([path])
  })
})
