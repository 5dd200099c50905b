import { describe, expect, it } from "vitest"
import { fakeOutput } from "../../src/http/testing/fake-views.ts"
import { receiverHelp } from "./receiver-lines.ts"

const help = (over: Parameters<typeof fakeOutput>[0]) =>
  receiverHelp(fakeOutput(over), "news", "https://tv.example.com:8443")
const text = (of: ReturnType<typeof help>, program: string) => of?.lines.find((one) => one.program === program)?.text

describe("what a partner sets", () => {
  it("for a listener of ours is a caller, with our stream id, latency in the program's unit, and no passphrase", () => {
    const options = { mode: "listener", latency_ms: 200, stream_id: "#!::r=main", encryption: "AES-256" }
    const found = help({ id: "1", url: "srt://@:9100?mode=listener&passphrase=***", options })
    expect(text(found, "ffmpeg")).toBe(
      "ffmpeg -i 'srt://tv.example.com:9100?mode=caller&latency=200000&streamid=%23!::r=main&passphrase=PASSPHRASE&pbkeylen=32' -map 0 -c copy OUTPUT.ts",
    )
    expect(text(found, "srt-live-transmit")).toContain("latency=200&")
    expect(text(found, "vMix")).toBe(
      "Stream Type: SRT (Caller) · Hostname: tv.example.com · Port: 9100 · Latency: 200 · Stream ID: #!::r=main · Key Length: 256 · Passphrase: PASSPHRASE",
    )
    expect(text(found, "Zixi")).toContain("Type: SRT Pull")
    expect(found?.notes.join()).toContain("passphrase that was agreed on")
  })

  it("for a caller of ours is a listener on the port that we call", () => {
    const found = help({
      id: "1",
      url: "srt://[2001:db8::1]:9000?streamid=publish",
      options: { mode: "caller", latency_ms: 120, stream_id: "publish", encryption: "none" },
    })
    expect(found?.how).toContain("We call you")
    expect(text(found, "OBS")).toBe("srt://0.0.0.0:9000?mode=listener&latency=120000")
    expect(text(found, "Haivision")).toBe("Mode: Listener · Port: 9000 · Latency, ms: 120 · Encryption: none")
    expect(found?.notes).toContain("We present ourselves with the stream id publish.")
  })

  it("for datagrams is their address, for HLS the playlist, and nothing for what we publish", () => {
    expect(text(help({ id: "1", protocol: "rtp", url: "rtp://239.1.2.3:5004" }), "VLC")).toBe("rtp://@239.1.2.3:5004")
    expect(text(help({ id: "1", protocol: "hls", url: "hls://", slug: "web" }), "Players")).toBe(
      "https://tv.example.com:8443/hls/news/web/index.m3u8",
    )
    expect(help({ id: "1", protocol: "rtmp", url: "rtmp://a.example/live" })).toBeNull()
    expect(help({ id: "1", protocol: "hls", url: "https://cdn.example/up/main.m3u8" })).toBeNull()
  })
})
