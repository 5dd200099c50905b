import { expect, it } from "vitest"
import { keyTestOf, withKeyQuery } from "./key-test.ts"
import { PRESET_NAMES, presetOf } from "./presets.ts"

it.each([
  ["youtube", "a.rtmps.youtube.com", false],
  ["youtube_backup", "b.rtmps.youtube.com", false],
  ["facebook", "live-api-s.facebook.com", false],
  ["vimeo", "rtmp.cloud.vimeo.com", false],
  ["restream", "live.restream.io", false],
  ["ivs", "fa723fc1b171.global-contribute.live-video.net", false],
  ["twitch", "ingest.global-contribute.live-video.net", true],
] as const)("%s: a test publishes only where that begins no broadcast and ends none", (preset, host, publish) => {
  expect(keyTestOf(preset, host).publish).toBe(publish)
  // A URL that was pasted without its preset is recognised by its host.
  expect(keyTestOf(null, host.toUpperCase()).publish).toBe(publish)
  expect(presetOf(preset).test_publishes).toBe(publish)
})

it("every preset of RTMP whose host is known goes by its own flag", () => {
  for (const name of PRESET_NAMES) {
    const { protocol, test_publishes, url } = presetOf(name)
    if (protocol !== "rtmp" || url === null) continue
    expect([name, keyTestOf(null, new URL(url.replace(/^rtmps?/, "http")).hostname).publish]).toEqual([
      name,
      test_publishes,
    ])
  }
})

it("Twitch is told that it is a test; other servers are published to as they are", () => {
  expect(keyTestOf("twitch", "ingest.global-contribute.live-video.net")).toEqual({
    publish: true,
    query: "bandwidthtest=true",
  })
  expect(keyTestOf(null, "fra05.contribute.live-video.net")).toEqual({ publish: true, query: "bandwidthtest=true" })
  expect(keyTestOf(null, "origin.example.com")).toEqual({ publish: true, query: "" })
  expect(keyTestOf(null, "notyoutube.com")).toEqual({ publish: true, query: "" })
})

it("says whose rules they are where it does not publish", () => {
  expect(keyTestOf("facebook", "relay.example.com")).toEqual({
    publish: false,
    why: "Facebook Live may begin a broadcast, or end one that is on air, as soon as somebody publishes",
  })
  expect(keyTestOf(null, "edgetee-upload.instagram.com")).toMatchObject({
    publish: false,
    why: expect.stringMatching(/^Instagram/),
  })
})

it("keeps the query that a key has", () => {
  expect(withKeyQuery("KEY", "a=1")).toBe("KEY?a=1")
  expect(withKeyQuery("KEY?s=2", "a=1")).toBe("KEY?s=2&a=1")
  expect(withKeyQuery("KEY?s=2", "")).toBe("KEY?s=2")
})
