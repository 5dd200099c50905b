import { describe, expect, it } from "vitest"
import { formatAddress, formatBitrate, formatCountdown, formatRetry, formatUptime } from "./format.ts"

describe("format", () => {
  it.each([
    [0, "0"],
    [-1, "0"],
    [Number.NaN, "0"],
    [0.5, "1 bit/s"],
    [999, "999 bit/s"],
    [1000, "1.00 kbit/s"],
    [8_020_000, "8.02 Mbit/s"],
    [80_200_000, "80.2 Mbit/s"],
    [802_000_000, "802 Mbit/s"],
    [12e12, "12000 Gbit/s"],
  ])("bitrate %d as %s", (bitrate, text) => expect(formatBitrate(bitrate)).toBe(text))

  it.each([
    [0, "00:00:00"],
    [59.9, "00:00:59"],
    [3661, "01:01:01"],
    [86_400, "1 d 00:00:00"],
    [-5, "00:00:00"],
  ])("uptime %d as %s", (seconds, text) => expect(formatUptime(seconds)).toBe(text))

  it.each([
    [0, "00:00"],
    [-3, "00:00"],
    [28.2, "00:29"],
    [60, "01:00"],
    [6000, "100:00"],
  ])("countdown %d as %s", (seconds, text) => expect(formatCountdown(seconds)).toBe(text))

  it("addresses and retries", () => {
    expect(formatAddress("239.1.1.1", 5000)).toBe("239.1.1.1:5000")
    expect(formatAddress("::", 5000)).toBe("[::]:5000")
    expect(formatRetry("2026-01-01T00:00:04.000Z", Date.parse("2026-01-01T00:00:00.500Z"))).toBe("in 4 s")
    expect(formatRetry("2026-01-01T00:00:00.000Z", Date.parse("2026-01-01T00:00:00.500Z"))).toBe("now")
  })
})
