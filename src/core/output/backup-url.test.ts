import { describe, expect, it } from "vitest"
import { readBackup } from "./backup-url.ts"
import { parseOutputUrl, type SrtTarget } from "./output-url.ts"

const srt = (url: string): SrtTarget => {
  const parsed = parseOutputUrl(url)
  if (!parsed.ok || parsed.target.protocol !== "srt") throw new Error(`${url} is no SRT URL`)
  return parsed.target
}

const read = (main: string, backup: string) => readBackup(srt(main), backup)

const optionsOf = (target: SrtTarget) =>
  Object.fromEntries(target.options.map(({ option, value }) => [option.name.toLowerCase(), value]))

const MAIN =
  "srt://192.0.2.7:9000?latency=2000&passphrase=0123456789&pbkeylen=32&streamid=live/a&pkt_size=1128&connect_timeout=5000&stack=own"

describe("a backup", () => {
  it("has everything from the main URL that its own does not name", () => {
    const found = read(MAIN, "srt://192.0.2.8:9001")
    if (!found.ok) throw new Error(found.errors.join())
    const main = srt(MAIN)
    expect(found.target).toEqual({ ...main, host: "192.0.2.8", port: 9001, stack: null })
  })

  it("has its own where it names something, in the dialect of its own URL", () => {
    const found = read(
      MAIN,
      "srt://[2001:db8::1]:9001?dialect=ffmpeg&latency=500000&passphrase=another-secret&streamid=live/b&pkt_size=188",
    )
    if (!found.ok) throw new Error(found.errors.join())
    expect(found.target).toMatchObject({
      host: "2001:db8::1",
      latencyMs: 500,
      passphrase: "another-secret",
      streamId: "live/b",
      packetSize: 188,
      connectTimeoutMs: 5000,
    })
    expect(optionsOf(found.target)).toMatchObject({
      latency: 500,
      passphrase: "another-secret",
      pbkeylen: 32,
      streamid: "live/b",
    })
  })

  it("that names a latency has none from the main URL, however that is called there", () => {
    const found = read("srt://192.0.2.7:9000?peerlatency=4000", "srt://192.0.2.8:9000?latency=300&dialect=srt")
    if (!found.ok) throw new Error(found.errors.join())
    expect(optionsOf(found.target)).toEqual({ latency: 300 })
  })

  it("has no local port from the main URL", () => {
    const found = read("srt://192.0.2.7:9000?localport=7000", "srt://192.0.2.8:9000")
    expect(found).toMatchObject({ ok: true, target: { localPort: null } })
  })
})

it.each([
  ["srt://:9000?mode=listener", "srt://192.0.2.8:9000", /^is for an SRT caller, and the URL of this output is none/],
  ["srt://192.0.2.7:9000", "udp://192.0.2.8:9000", /^must be the URL of an SRT receiver that is called/],
  ["srt://192.0.2.7:9000", "srt://:9000?mode=listener", /^must be the URL of an SRT receiver that is called/],
  ["srt://192.0.2.7:9000", "srt://192.0.2.7:9000?latency=1", /^names the receiver of the output itself/],
  ["srt://192.0.2.7:9000?localport=7", "srt://192.0.2.8:9000?localport=7", /^has the local port of the URL/],
  ["srt://192.0.2.7:9000?stack=libsrt", "srt://192.0.2.8:9000", /own SRT stack, which cannot do stack=libsrt/],
  ["srt://192.0.2.7:9000", "srt://192.0.2.8:9000?stack=libsrt", /own SRT stack, which cannot do stack=libsrt/],
  ["srt://192.0.2.7:9000?packetfilter=fec,cols:5,rows:5", "srt://192.0.2.8:9000", /which cannot do packetfilter/],
  ["srt://192.0.2.7:9000", "srt://192.0.2.8:9000?maxbw=1000000", /which cannot do maxbw/],
  ["srt://192.0.2.7:9000", "srt://192.0.2.8", /^cannot be used: the port is missing/],
  ["srt://192.0.2.7:9000", "srt://192.0.2.8:9000?passphrase=***", /^cannot be used: /],
])("%s refuses %s", (main, backup, message) => {
  const found = read(main, backup)
  expect(found.ok).toBe(false)
  expect(found.ok ? "" : found.errors.join()).toMatch(message)
})
