import { expect, it } from "vitest"
import { carriesCues, type OutputSettings, SETTING_BOUNDS, SETTINGS_OF } from "./output-settings.ts"
import type { UrlProtocol } from "./output-url.ts"

it.each<[UrlProtocol, OutputSettings, boolean]>([
  ["srt", {}, true],
  ["udp", {}, true],
  ["rtp", {}, true],
  ["file", { segment_s: 60 }, true],
  ["rtsp", {}, false],
  ["rtmp", {}, false],
  ["rtmp", { cue_points: "none" }, false],
  ["rtmp", { cue_points: "bin64" }, true],
  ["hls", {}, true],
  ["hls", { cue_tags: "cue_out" }, true],
  ["hls", { cue_tags: "none" }, false],
])("an output over %s with %j carries cues: %s", (protocol, settings, carries) => {
  expect(carriesCues({ protocol, settings })).toBe(carries)
})

it("every bound is of a setting that some protocol has", () => {
  const known = new Set(Object.values(SETTINGS_OF).flat())
  for (const [name, [lowest, highest]] of Object.entries(SETTING_BOUNDS)) {
    expect([...known]).toContain(name)
    expect(lowest).toBeLessThan(highest)
  }
})
