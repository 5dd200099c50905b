import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { maskSecrets } from "../../core/output/output-url.ts"
import { PRESETS } from "../../core/output/presets.ts"
import { outputConfig, outputHost } from "../testing/configs.ts"
import { changedDestination, newDestination, outputSettingsOf } from "./output-input.ts"
import { directoryOf, outputSpec, readOutput, revisionOf } from "./output-place.ts"
import { OutputInput } from "./request-bodies.ts"

const rtmp = outputConfig({
  protocol: "rtmp",
  url: "rtmp://h/live",
  stream_key: "KEY",
  settings: { cue_points: "elemental" },
})
const errorsOf = (checked: ReturnType<typeof newDestination>) =>
  checked.ok ? [] : checked.errors.map(({ message, path }) => `${path}: ${message}`)
const make = (input: OutputInput, at = "") => newDestination(input, at)
const change = (input: Parameters<typeof changedDestination>[1], old = rtmp) => changedDestination(old, input)
const isTaken = Schema.is(OutputInput, { onExcessProperty: "error" })

describe("a new output", () => {
  it("keeps its stream key as it is, apart from the URL", () => {
    const key = "abc?s_bl=1&a=%2F/+"
    expect(
      make({ url: "rtmps://h:443/rtmp/", stream_key: key, settings: { audio: "silence", verify_tls: null } }),
    ).toEqual({
      ok: true,
      value: {
        protocol: "rtmp",
        url: "rtmps://h:443/rtmp/",
        stream_key: key,
        settings: { audio: "silence" },
        preset: null,
      },
    })
  })

  it.each<[string, OutputInput, RegExp]>([
    ["without URL and preset", {}, /^url: is required, or a preset$/],
    ["with a key where none belongs", { url: "srt://h:1", stream_key: "S3CRET" }, /^stream_key: belongs to RTMP/],
    ["without a key", { url: "rtmp://h/live" }, /^url: the URL has no stream key/],
    ["with a masked key", { url: "rtmp://h/live", stream_key: "***" }, /^stream_key: is masked \(\*\*\*\)/],
    [
      "with settings of another protocol",
      { url: "rtmp://h/a/S3CRET", settings: { segment_s: 4 } },
      /^settings.segment_s: is no setting of rtmp: those of rtmp are cue_points, audio, codecs, verify_tls, retry_attempts, retry_delay_s$/,
    ],
    [
      "with settings where there are none",
      { url: "udp://h:1", settings: { audio: "silence" } },
      /^settings.audio: .*those of udp are (?:.*, )?retry_attempts, retry_delay_s$/,
    ],
    [
      "with receivers of an SRT caller",
      { url: "srt://h:1", settings: { allowed_receivers: ["10.0.0.0/8"] } },
      /^settings\.allowed_receivers: is for an SRT listener/,
    ],
    [
      "with receivers that are no addresses",
      { url: "srt://:9000", settings: { allowed_receivers: ["192.0.2.7", "2001:db8::/32", "10.0.0.0/33"] } },
      /^settings\.allowed_receivers\[2\]: must be an IP address or a network.*not "10\.0\.0\.0\/33"$/,
    ],
    ["with a preset that asks for a URL", { preset: "ivs", stream_key: "S3CRET" }, /^url: is required: Amazon IVS/],
    [
      "with a preset and a URL of another protocol",
      { preset: "twitch", url: "srt://h:1" },
      /^url: is for srt, but Twitch takes rtmp$/,
    ],
    ["with a preset without its key", { preset: "youtube" }, /^url: .*stream key/],
    [
      "with a segment too long for HLS",
      { url: "hls://a", settings: { segment_s: 31 } },
      /^settings\.segment_s: must be at most 30 for HLS, not 31$/,
    ],
    [
      "with half of the keys of S3",
      { url: "s3://bucket/p", settings: { s3_access_key_id: "S3CRET" } },
      /^settings\.s3_secret_access_key: is required with s3_access_key_id/,
    ],
    [
      "with the other half",
      { url: "s3://bucket/p", settings: { s3_secret_access_key: "S3CRET" } },
      /^settings\.s3_access_key_id: is required/,
    ],
    [
      "with a masked secret",
      { url: "s3://bucket/p", settings: { s3_access_key_id: "id", s3_secret_access_key: "***" } },
      /^settings\.s3_secret_access_key: is masked/,
    ],
    ["with a directory outside", { url: "hls://../etc" }, /^url: /],
    [
      "with another protocol",
      { protocol: "hls", url: "rtmp://h/a/KEY" },
      /^protocol: is "hls" but the URL is for rtmp$/,
    ],
  ])("is refused %s", (_, input, message) => {
    const errors = errorsOf(make(input))
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatch(message)
    expect(errors.join()).not.toContain("S3CRET")
  })

  it("has the errors at its place in a list", () => {
    expect(errorsOf(make({ url: "rtmp://h/a/KEY", settings: { keep_gb: 1 } }, "outputs[2]."))[0]).toMatch(
      /^outputs\[2\]\.settings\.keep_gb: /,
    )
  })

  it("by a preset has its URL and settings, which the body may change", () => {
    expect(
      make({ preset: "youtube", stream_key: "KEY", settings: { audio: null, cue_points: "youtube" } }),
    ).toMatchObject({
      ok: true,
      value: {
        protocol: "rtmp",
        url: "rtmps://a.rtmps.youtube.com:443/live2",
        preset: "youtube",
        stream_key: "KEY",
        settings: { codecs: ["hevc"], cue_points: "youtube" },
      },
    })
    const own = make({ preset: "twitch", url: "rtmp://sfo.contribute.live-video.net/app", stream_key: "KEY" })
    expect(own.ok && own.value.url).toBe("rtmp://sfo.contribute.live-video.net/app")
  })

  it.each(PRESETS)("by the preset $name is understood with its key", ({ name, url }) => {
    const made = make({
      preset: name,
      stream_key: "KEY",
      ...(url === null ? { url: "rtmps://x.global-contribute.live-video.net:443/app/" } : {}),
    })
    expect(errorsOf(made)).toEqual([])
    const parsed = made.ok ? readOutput(made.value) : null
    const target = parsed?.ok === true ? parsed.target : null
    if (target?.protocol === "rtmp") expect(target.url.streamKey).toBe("KEY")
    else
      expect(target).toMatchObject({
        protocol: "hls",
        kind: "http",
        base: expect.stringContaining("?cid=KEY&copy=0&file="),
      })
  })
})

describe("a changed output", () => {
  it("keeps secrets that come back masked", () => {
    expect(change({ stream_key: "***", settings: { audio: "silence" } })).toMatchObject({
      ok: true,
      value: { stream_key: "KEY", settings: { cue_points: "elemental", audio: "silence" } },
    })
    const old = { s3_access_key_id: "id", s3_secret_access_key: "secret" }
    expect(outputSettingsOf({ s3_secret_access_key: "***", segment_s: 2 }, old)).toEqual({ ...old, segment_s: 2 })
    expect(outputSettingsOf({ s3_secret_access_key: "***" }, {})).toEqual({ s3_secret_access_key: "***" })
    expect(outputSettingsOf({ s3_secret_access_key: null, s3_access_key_id: null }, old)).toEqual({})
  })
  it("takes one setting back with null and keeps the others", () => {
    const old = outputConfig({ ...rtmp, settings: { cue_points: "elemental", audio: "silence" } })
    expect(change({ settings: { cue_points: null } }, old)).toMatchObject({
      ok: true,
      value: { settings: { audio: "silence" } },
    })
  })
  it("takes a new key, and none with null when the URL has one", () => {
    expect(change({ stream_key: "NEW" })).toMatchObject({ ok: true, value: { stream_key: "NEW" } })
    expect(change({ stream_key: null, url: "rtmp://h/live/IN-URL" })).toMatchObject({
      ok: true,
      value: { stream_key: null },
    })
    expect(errorsOf(change({ stream_key: null }))[0]).toMatch(/^url: .*no stream key/)
  })
  it("keeps a URL that comes back masked", () => {
    const old = outputConfig({ ...rtmp, url: "rtmp://u:secret@h/live", stream_key: "KEY" })
    expect(change({ url: maskSecrets(old.url) }, old)).toMatchObject({ ok: true, value: { url: old.url } })
  })
  it("keeps how often it is tried again, whatever the protocol", () => {
    const old = outputConfig({ ...rtmp, settings: { cue_points: "elemental", retry_attempts: 3, retry_delay_s: 15 } })
    expect(change({ url: "srt://192.0.2.1:9000" }, old)).toMatchObject({
      ok: true,
      value: { settings: { retry_attempts: 3, retry_delay_s: 15 } },
    })
    expect(change({ settings: { retry_attempts: null, retry_delay_s: 20 } }, old)).toMatchObject({
      ok: true,
      value: { settings: { cue_points: "elemental", retry_delay_s: 20 } },
    })
  })

  it("loses key, settings and preset of one protocol with a URL of another", () => {
    const old = outputConfig({ ...rtmp, preset: "twitch" })
    expect(change({ url: "udp://192.0.2.1:1" }, old)).toEqual({
      ok: true,
      value: { protocol: "udp", url: "udp://192.0.2.1:1", stream_key: null, settings: {}, preset: null },
    })
  })
  it("moves to a preset, and away from it", () => {
    const moved = change({ preset: "facebook" })
    expect(moved).toMatchObject({
      ok: true,
      value: {
        url: "rtmps://live-api-s.facebook.com:443/rtmp/",
        preset: "facebook",
        stream_key: "KEY",
        settings: { cue_points: "elemental", audio: "silence" },
      },
    })
    const old = outputConfig({ ...rtmp, preset: "facebook" })
    expect(change({ preset: null }, old)).toMatchObject({ ok: true, value: { url: rtmp.url, preset: null } })
    expect(errorsOf(change({ preset: "ivs" }))).toEqual([
      "url: is required: Amazon IVS gives every customer another one",
    ])
  })
})

describe("the bodies", () => {
  const body = (settings: unknown) => ({ url: "rtmp://h/a/k", settings })
  it.each([
    [body({ cue_points: "youtube", audio: "silence", codecs: ["hevc", "opus"], verify_tls: false }), true],
    [body({ cue_points: null }), true],
    [body({ cue_points: "akamai" }), false],
    [body({ codecs: "hevc" }), false],
    [body({ codecs: ["vp9"] }), false],
    [body({ verify_tls: "no" }), false],
    [body({ nothing: 1 }), false],
    [body({ segment_s: 1 }), true],
    [body({ segment_s: 0 }), false],
    [body({ segment_s: 86_401 }), false],
    [body({ segment_s: 2.5 }), false],
    [body({ playlist_segments: 2 }), false],
    [body({ playlist_segments: 1001 }), false],
    [body({ segment_mb: 0 }), false],
    [body({ keep_hours: 87_601 }), false],
    [body({ keep_gb: 1_000_001 }), false],
    [body({ keep_gb: 1_000_000 }), true],
    [body({ s3_endpoint: "http://127.0.0.1:9000" }), true],
    [body({ s3_endpoint: "http://user:pw@127.0.0.1:9000" }), false],
    [body({ s3_endpoint: "ftp://x" }), false],
    [body({ s3_endpoint: "http://x/bucket" }), false],
    [body({ s3_region: "eu central" }), false],
    [body({ s3_access_key_id: "a b" }), false],
    [body({ s3_secret_access_key: "" }), false],
    [body({ s3_secret_access_key: "a\nb" }), false],
    [body({ rtsp_transport: "http" }), false],
    [{ url: "rtmp://h/a", stream_key: " a b ?&%" }, true],
    [{ url: "rtmp://h/a", stream_key: "" }, false],
    [{ url: "rtmp://h/a", stream_key: "a\tb" }, false],
    [{ url: "rtmp://h/a", stream_key: "x".repeat(1024) }, true],
    [{ url: "rtmp://h/a", stream_key: "x".repeat(1025) }, false],
    [{ preset: "youtube" }, true],
    [{ preset: "YouTube" }, false],
  ])("%j: %s", (value, taken) => {
    expect(isTaken(value)).toBe(taken)
  })
})

describe("what the engine is told", () => {
  const host = outputHost()
  it("has the key in the URL where that has a place for it", () => {
    const output = outputConfig({ protocol: "hls", url: "https://h/up?cid={stream_key}&file=", stream_key: "a/b&$&" })
    expect(outputSpec(output, host, "s")).toMatchObject({
      url: "https://h/up?cid=a%2Fb%26%24%26&file=",
      stream_key: null,
    })
    expect(errorsOf(make({ url: "https://h/up?cid={stream_key}&file=" }))[0]).toBe(
      "stream_key: is required: the URL has a place for it",
    )
  })
  it("has a revision that differs with URL, key, settings and directories, and with nothing else", () => {
    const revision = revisionOf(rtmp, host)
    expect(revision).toMatch(/^[0-9a-f]{16}$/)
    const renamed = { ...rtmp, name: "x", enabled: false }
    expect(revisionOf(renamed, host)).toBe(revision)
    const others = [
      { ...rtmp, url: "rtmp://h/other" },
      { ...rtmp, stream_key: "K" },
      { ...rtmp, settings: {} },
    ]
    expect(new Set([revision, ...others.map((o) => revisionOf(o, host))]).size).toBe(4)
  })
  it("has the directory of HLS and recordings below its root", () => {
    expect(directoryOf({ url: "hls://a/b", stream_key: null }, host)).toBe("/srv/hls/a/b")
    expect(directoryOf({ url: "file://a", stream_key: null }, host)).toBe("/srv/recordings/a")
    const moved = outputHost({ hlsDir: "/other" })
    const hls = outputConfig({ protocol: "hls", url: "hls://a" })
    expect(revisionOf(hls, moved)).not.toBe(revisionOf(hls, host))
  })
  it("has no directory for what sends", () => {
    expect(directoryOf(rtmp, host)).toBeNull()
    expect(directoryOf({ url: "?", stream_key: null }, host)).toBeNull()
  })
})
