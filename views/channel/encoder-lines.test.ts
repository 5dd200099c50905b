import { describe, expect, it } from "vitest"
import { fakeLeg } from "../../src/http/testing/fake-views.ts"
import { encoderHelp } from "./encoder-lines.ts"

const ORIGIN = "https://distributor.example:8443"
const leg = (options: Readonly<Record<string, string | number>>, over = {}) =>
  fakeLeg({
    ip: "0.0.0.0",
    port: 9000,
    url: "srt://:9000?mode=listener",
    srt: {
      mode: "listener",
      state: "listening",
      peer: null,
      stream_id: null,
      uptime: 0,
      connections: 0,
      last_error: null,
      refused: 0,
      last_refused: null,
      figures: null,
      options: { mode: "listener", latency_ms: 120, encryption: "none", ...options },
    },
    ...over,
  })
const texts = (of: ReturnType<typeof leg>) =>
  Object.fromEntries((encoderHelp(of, ORIGIN)?.lines ?? []).map(({ encoder, text }) => [encoder, text]))

describe("what to enter in an encoder", () => {
  it("is nothing for legs that no encoder calls", () => {
    expect(encoderHelp(fakeLeg(), ORIGIN)).toBeNull()
    const { srt } = leg({})
    expect(encoderHelp(fakeLeg({ srt: srt && { ...srt, mode: "caller" } }), ORIGIN)).toBeNull()
  })

  it("has a line for each of six encoders, with the host that the page was asked at", () => {
    expect(texts(leg({}))).toEqual({
      ffmpeg: "ffmpeg -re -i INPUT -c copy -f mpegts 'srt://distributor.example:9000?mode=caller&latency=120000'",
      OBS: "srt://distributor.example:9000?mode=caller&latency=120000",
      vMix: "Type: Caller · Hostname: distributor.example · Port: 9000 · Latency: 120",
      Videon: "Mode: Caller · Address: srt://distributor.example:9000 · Latency, ms: 120 · Encryption: off",
      "srt-live-transmit": "srt-live-transmit udp://:5000 'srt://distributor.example:9000?mode=caller&latency=120'",
      MediaLive: "URL: srt://distributor.example:9000 · Latency, ms: 120",
    })
    expect(encoderHelp(leg({}), ORIGIN)?.notes).toEqual([
      "MediaLive always encrypts: for it this input needs a passphrase.",
      "Firewalls must let in UDP 9000.",
    ])
  })

  it("names the stream id and the length of the key, and never the passphrase", () => {
    const options = { latency_ms: 500, encryption: "AES-256", stream_id: "#!::r=news,m=publish" }
    const { OBS, vMix, MediaLive } = texts(leg(options))
    expect(OBS).toBe(
      "srt://distributor.example:9000?mode=caller&latency=500000&streamid=news&passphrase=PASSPHRASE&pbkeylen=32",
    )
    expect(vMix).toContain("Stream ID: #!::r=news,m=publish · Key Length: 256 · Passphrase: PASSPHRASE")
    expect(MediaLive).toContain("Encryption type: AES256")
    expect(encoderHelp(leg(options), ORIGIN)?.notes[0]).toBe(
      "Put the passphrase of this input where PASSPHRASE stands. It is never shown here.",
    )
  })

  it("escapes what would end a value in a URL", () => {
    expect(texts(leg({ stream_id: "#!::u=me,r=a b" }))["OBS"]).toContain("streamid=%23!::u=me,r=a%20b")
  })

  it("names the address of a listener that has one", () => {
    expect(texts(leg({}, { ip: "192.0.2.7" }))["Videon"]).toContain("srt://192.0.2.7:9000")
    expect(texts(leg({}, { ip: "2001:db8::7" }))["Videon"]).toContain("srt://[2001:db8::7]:9000")
  })
})
