import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { maskSecrets, parseOutputUrl, protocolOfUrl } from "./output-url.ts"
import { messages, srt } from "./url/testing/read.ts"

describe("other URLs", () => {
  it.each([
    ["rtmp://a.rtmp.youtube.com/live2", "rtmp", /no stream key/],
    ["rtmp://h", "rtmp", /application is missing/],
    ["rtmps://h:port/a/KEY", "rtmp", /the port must be a number/],
    ["rtsp://h", "rtsp", /path is missing/],
    ["rtsp:///x", "rtsp", /host is missing/],
    ["gopher://h/x", null, /gopher:\/\/ is not a protocol for outputs/],
    ["__proto__://h:1", null, /must start with its protocol/],
    ["constructor://h:1", null, /not a protocol/],
    ["", null, /empty/],
    ["h:9000", null, /not a protocol/],
    ["//h:9000", null, /must start with its protocol/],
    ["srt://h:9000?x=a\u0000b", "srt", /control characters/],
    ["srt://h:9000\n", "srt", /control characters/],
    ["srt://h:9000?streamid=a b", "srt", /spaces/],
    ["srt://h:9000|udp://x:1", "srt", /\|/],
    [`srt://h:9000?streamid=${"x".repeat(5000)}`, "srt", /4096/],
  ])("%j", (url, protocol, message) => {
    expect(protocolOfUrl(url)).toBe(protocol)
    expect(messages(url)).toMatch(message)
  })

  it.each([
    ["rtmp://a.rtmp.youtube.com/live2/KEY", { protocol: "rtmp", url: { app: "live2", streamKey: "KEY", port: 1935 } }],
    [
      "rtmps://live-api-s.facebook.com:443/rtmp/1?s_bl=1",
      { protocol: "rtmp", url: { app: "rtmp", streamKey: "1?s_bl=1" } },
    ],
    ["rtsp://u:p@h:8554/live", { protocol: "rtsp", host: "h", port: 8554, url: "rtsp://u:p@h:8554/live" }],
    ["rtsps://h/live", { protocol: "rtsp", port: 322 }],
  ])("%s is read", (url, target) => {
    expect(parseOutputUrl(url)).toMatchObject({ ok: true, target })
  })

  it("takes a stream key apart for RTMP, and for nothing else", () => {
    const key = "1?s_bl=1&a=%2F/x"
    expect(parseOutputUrl("rtmps://h/live2?backup=1", key)).toMatchObject({
      ok: true,
      target: { url: { app: "live2?backup=1", streamKey: key } },
      options: { app: "live2?backup=1", tls: true, port: 443 },
    })
    for (const url of ["srt://h:1", "udp://h:1", "rtsp://h/x"]) {
      expect(parseOutputUrl(url, key)).toMatchObject({ ok: false, errors: [{ path: "stream_key" }] })
    }
  })

  it("answers any text without an exception", () => {
    const part = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "srt://",
        "udp://",
        "rtmp://",
        "h",
        ":9000",
        "?",
        "&",
        "=",
        "#!::",
        "latency",
        "passphrase=",
        "%",
        "%ff",
        "[::1]",
        "@",
        "mode=",
        "***",
      ),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const url = parts.join("")
        const parsed = parseOutputUrl(url)
        if (!parsed.ok) expect(parsed.errors.length).toBeGreaterThan(0)
        expect(typeof maskSecrets(url)).toBe("string")
        protocolOfUrl(url)
      }),
      { numRuns: 2000 },
    )
  })

  it("reads a value alike with and without percent-encoding", () => {
    const everyByte = (text: string) =>
      [...new TextEncoder().encode(text)].map((b) => `%${b.toString(16).padStart(2, "0")}`).join("")
    const plain = fc.string({ minLength: 1, maxLength: 60 }).filter((s) => !/[\s&|%]|\*\*\*/.test(s))
    fc.assert(
      fc.property(plain, (id) => {
        const raw = srt(`srt://h:9000?streamid=${id}`)
        expect(raw.streamId).toBe(id)
        expect(srt(`srt://h:9000?streamid=${everyByte(id)}`)).toEqual(raw)
        expect(srt(`srt://h:9000?streamid=${encodeURIComponent(id)}&`)).toEqual(raw)
      }),
    )
    expect(srt(`srt://h:9000?%6Cat%65ncy=${everyByte("250")}`).latencyMs).toBe(250)
  })
})
