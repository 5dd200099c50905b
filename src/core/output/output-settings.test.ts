import { expect, it } from "vitest"
import type { SettingRow } from "../settings/setting-row.ts"
import {
  boundsIn,
  COMMON_SETTINGS,
  carriesCues,
  describeSetting,
  engineSettings,
  LISTED_SETTINGS,
  type OutputSetting,
  type OutputSettings,
  SETTINGS_OF,
} from "./output-settings.ts"
import type { UrlProtocol } from "./output-url.ts"
import { OUTPUT_SETTINGS, type OutputColumns, PROTOCOLS } from "./setting-table.ts"

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

it("each protocol has the settings whose rows name it, those of every protocol last", () => {
  expect(COMMON_SETTINGS).toEqual(["retry_attempts", "retry_delay_s"])
  for (const protocol of PROTOCOLS) {
    const named = LISTED_SETTINGS.filter((name) =>
      (OUTPUT_SETTINGS[name].protocols as ReadonlyArray<UrlProtocol>).includes(protocol),
    )
    expect([...SETTINGS_OF[protocol]].sort(), protocol).toEqual([...named].sort())
    expect(SETTINGS_OF[protocol].slice(-2), protocol).toEqual(COMMON_SETTINGS)
  }
})

it("a setting stands behind the one that its row names, where a protocol has both", () => {
  const { hls, rtmp } = SETTINGS_OF
  expect(hls.indexOf("verify_tls")).toBe(hls.indexOf("http_method") + 1)
  expect(rtmp.slice(0, 4)).toEqual(["cue_points", "audio", "codecs", "verify_tls"])
})

it("the engine is not told what the control plane uses itself, nor what is left out", () => {
  const settings: OutputSettings = { segment_s: 4, cue_tags: undefined, retry_attempts: 3, retry_delay_s: 5 }
  expect(engineSettings(settings)).toEqual({ segment_s: 4 })
  expect(Object.keys(engineSettings(settings))).toEqual(["segment_s"])
})

it.each<[OutputSetting, string]>([
  ["playlist_segments", "HLS: segments in the playlist; default 6"],
  ["verify_tls", "RTMP, HLS: false takes any certificate; default true"],
  ["segment_s", "HLS 1 to 30, file 1 to 86400: seconds after which a segment ends; default 4 and 3600"],
  ["allowed_receivers", "SRT listener: IP addresses and networks that may receive; without it anyone may"],
  ["segment_mb", "File: size in MB (10^6 bytes) at which a new file is begun"],
])("%s is described with protocols, bounds that differ, and default: %s", (name, sentence) => {
  expect(describeSetting(name)).toBe(sentence)
})

it("bounds are in order, those of a protocol lie within them, and defaults lie within both", () => {
  for (const name of LISTED_SETTINGS) {
    const row: SettingRow & OutputColumns = OUTPUT_SETTINGS[name]
    if (row.type !== "integer") continue
    const [lowest, highest] = row.bounds
    expect(lowest, name).toBeLessThan(highest)
    for (const protocol of row.protocols) {
      const [low = 0, high = 0] = boundsIn(name, protocol) ?? []
      const usual = row.defaultIn?.[protocol] ?? row.default ?? low
      expect([lowest <= low, low <= usual, usual <= high, high <= highest], `${name} of ${protocol}`).not.toContain(
        false,
      )
    }
  }
})
