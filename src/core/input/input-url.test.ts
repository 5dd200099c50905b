import { describe, expect, it } from "vitest"
import { parseInputUrl } from "./input-url.ts"

const read = (url: string) => {
  const parsed = parseInputUrl(url)
  if (!parsed.ok) throw new Error(parsed.errors.join("; "))
  return parsed
}
const errorsOf = (url: string) => {
  const parsed = parseInputUrl(url)
  return parsed.ok ? [] : parsed.errors
}

describe("parseInputUrl", () => {
  it("reads a caller with all that outputs have", () => {
    const { target, options, warnings } = read(
      "srt://encoder.example:9000?mode=caller&streamid=live/one&passphrase=0123456789abcdef&latency=400",
    )
    expect(target).toMatchObject({
      mode: "caller",
      host: "encoder.example",
      port: 9000,
      streamId: "live/one",
      passphrase: "0123456789abcdef",
      latencyMs: 400,
    })
    expect(options).toMatchObject({ mode: "caller", latency_ms: 400, encryption: "AES-128" })
    expect(JSON.stringify(options)).not.toContain("0123456789abcdef")
    expect(options).not.toHaveProperty("pkt_size")
    expect(warnings).toEqual([])
  })

  it.each([
    ["srt://:9000?mode=listener", ""],
    ["srt://:9000", ""],
    ["srt://0.0.0.0:9000", "0.0.0.0"],
    ["srt://127.0.0.1:9000?mode=listener", "127.0.0.1"],
    ["srt://[::1]:9000?mode=server", "::1"],
  ])("%s listens", (url, host) => {
    expect(read(url).target).toMatchObject({ mode: "listener", host, port: 9000 })
  })

  it("reads ffmpeg's microseconds as such", () => {
    expect(read("srt://host:9000?mode=caller&latency=200000&transtype=live").target.latencyMs).toBe(200)
  })

  it("takes the stream id that a listener demands", () => {
    expect(read("srt://:9000?mode=listener&streamid=%23!::r=one,m=publish").target.streamId).toBe("#!::r=one,m=publish")
  })

  it("warns of a stream id that asks for the other direction", () => {
    expect(read("srt://host:9000?streamid=%23!::r=one,m=publish").warnings).toEqual([
      "the stream id offers to send (publish); to receive it says request",
    ])
    expect(read("srt://host:9000?streamid=%23!::r=one,m=request").warnings).toEqual([])
  })

  it("says that libsrt receives where the other stack is asked for", () => {
    const { warnings, options } = read("srt://host:9000?stack=own")
    expect(warnings).toEqual(["stack=own is for outputs: libsrt receives"])
    expect(options).not.toHaveProperty("stack")
  })

  it.each([
    ["", /empty/],
    ["udp://239.0.0.1:5000", /address and port instead/],
    ["rtp://239.0.0.1:5000", /address and port instead/],
    ["rtmp://host/live/key", /must start with srt:/],
    ["host:9000", /must start with srt:/],
    ["srt://host", /port is missing/],
    ["srt://239.0.0.1:9000", /multicast/],
    ["srt://host:9000?mode=rendezvous", /not for inputs/],
    ["srt://host:9000?passphrase=short", /10 to 79|passphrase/],
    ["srt://host:9000?latency=abc", /latency/],
    ["srt://host: 9000", /spaces/],
    ["srt://", /port is missing|form/],
  ])("refuses %s", (url, message) => {
    expect(errorsOf(url).join("; ")).toMatch(message)
  })

  it("repeats no secret in what it says", () => {
    for (const url of ["srt://h:9000?passphrase=x y", "srt://h:0?passphrase=topsecret123", "srt://h:9?passphrase=abc"])
      expect(errorsOf(url).join()).not.toMatch(/topsecret|abc|x y/)
  })
})
