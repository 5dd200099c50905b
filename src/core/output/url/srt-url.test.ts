import { assert, describe, expect, it } from "vitest"
import { parseOutputUrl } from "../output-url.ts"
import { messages, settings, srt, understood } from "./testing/read.ts"

describe("srt:// mode and addresses", () => {
  it.each([
    ["srt://destination:9000?streamid=publish", "caller", "destination", 9000],
    ["srt://destination.com:9000?streamid=publish/mystream", "caller", "destination.com", 9000],
    ["srt://cdn.example.com:9000?streamid=publish/stream1", "caller", "cdn.example.com", 9000],
    ["srt://10.0.0.50:9000?mode=caller", "caller", "10.0.0.50", 9000],
    ["SRT://Example.COM:9000/", "caller", "example.com", 9000],
    ["srt://h:9000?mode=client", "caller", "h", 9000],
    ["srt://h:9000?mode=default", "caller", "h", 9000],
    ["srt://:9000?mode=listener", "listener", "", 9000],
    ["srt://:9000", "listener", "", 9000],
    ["srt://@:9000", "listener", "", 9000],
    ["srt://0.0.0.0:9000?mode=listener", "listener", "0.0.0.0", 9000],
    ["srt://0.0.0.0:9000", "listener", "0.0.0.0", 9000],
    ["srt://localhost:9000?mode=server", "listener", "127.0.0.1", 9000],
    ["srt://[::]:9000?mode=listener", "listener", "::", 9000],
    ["srt://:9000?mode=listener&adapter=10.0.0.1", "listener", "10.0.0.1", 9000],
    ["srt://?mode=listener&bind=10.0.0.1:9001", "listener", "10.0.0.1", 9001],
    ["srt://[::1]:9000", "caller", "::1", 9000],
    ["srt://[fe80::1%25eth0]:9000", "caller", "fe80::1%eth0", 9000],
    ["srt://[fe80::1%eth0]:9000", "caller", "fe80::1%eth0", 9000],
    ["srt://[::ffff:127.0.0.1]:9000", "caller", "::ffff:127.0.0.1", 9000],
    ["srt://user:p%40ss@h:9000", "caller", "h", 9000],
    ["srt://h:1", "caller", "h", 1],
    ["srt://h:65535", "caller", "h", 65535],
  ])("%s", (url, mode, host, port) => expect(srt(url)).toMatchObject({ protocol: "srt", mode, host, port }))

  it("binds to a local address and port in every spelling", () => {
    expect(srt("srt://h:9000?mode=caller&adapter=10.0.0.1&port=5000")).toMatchObject({
      mode: "caller",
      localHost: "10.0.0.1",
      localPort: 5000,
    })
    expect(srt("srt://h:9000?bind=10.0.0.1:5000")).toMatchObject({
      mode: "caller",
      localHost: "10.0.0.1",
      localPort: 5000,
    })
    expect(srt("srt://h:9000?bind=[::1]:5000")).toMatchObject({ localHost: "::1", localPort: 5000 })
    expect(srt("srt://h:9000?bind=:5000")).toMatchObject({ localHost: null, localPort: 5000 })
    expect(srt("srt://h:9000?adapter=10.0.0.1")).toMatchObject({
      mode: "rendezvous",
      localHost: "10.0.0.1",
      localPort: null,
    })
    expect(srt("srt://h:9000?interface=10.0.0.1")).toMatchObject({ mode: "caller", localHost: "10.0.0.1" })
    expect(settings("srt://h:9000?interface=eth1")).toEqual({ BINDTODEVICE: "eth1" })
    expect(settings("srt://h:9000?mode=rendezvous")).toEqual({ RENDEZVOUS: true })
  })

  it.each([
    ["srt://h", /port is missing/],
    ["srt://h:", /port is missing/],
    ["srt://:?mode=listener", /port is missing/],
    ["srt://h:0", /port must be a number from 1 to 65535, not 0/],
    ["srt://h:65536", /not 65536/],
    ["srt://h:-1", /not -1/],
    ["srt://h:9e3", /port must be/],
    ["srt://h:9000&mode=caller", /port must be/],
    ["srt://:9000?mode=caller", /host is missing/],
    ["srt://:9000?mode=rendezvous", /host is missing/],
    ["srt://0.0.0.0:9000?mode=caller", /no destination/],
    ["srt://239.0.0.1:9000", /multicast/],
    ["srt://::1:9000", /brackets/],
    ["srt://[::1:9000", /IPv6|brackets/],
    ["srt://[nonsense]:9000", /not an IPv6/],
    ["srt://0x7f.1:9000", /0x7f\.1 is not an IPv4 address/],
    ["srt://127.1:9000", /not an IPv4/],
    ["srt://2130706433:9000", /not an IPv4/],
    ["srt://300.0.0.1:9000", /not an IPv4/],
    ["srt://a..b:9000", /neither/],
    ["srt://-a:9000", /neither/],
    ["srt://h;rm:9000", /neither/],
    ["srt://münchen.de:9000", /xn--/],
    ["srt://input-endpoint:9000?mode=listener", /host of a listener must be an IP address/],
    ["srt://h:9000?mode=foo", /mode must be caller, listener or rendezvous, not "foo"/],
    ["srt://h:9000?mode=__proto__", /mode must be/],
    ["srt://h:9000?adapter=eth0", /adapter must be an IP address/],
    ["srt://h:9000?port=70000", /local port \(port\)/],
    ["srt://[::1]:9000?bind=10.0.0.1:1", /not of the same IP version/],
    ["srt:h:9000", /form srt:\/\/HOST:PORT/],
  ])("%s is refused", (url, message) => expect(messages(url)).toMatch(message))

  it("tells every fault at once", () => {
    const parsed = parseOutputUrl("srt://h:0?latency=-1&mode=foo")
    assert(!parsed.ok)
    expect(parsed.errors.length).toBe(3)
  })
})

describe("srt:// latency", () => {
  it.each([
    ["latency=2000", 2000, null, false],
    ["latency=29999", 29999, null, false],
    ["latency=30000", 30, null, true],
    ["latency=200000", 200, null, true],
    ["latency=3000000", 3000, null, true],
    ["latency=200000&pkt_size=1316", 200, "ffmpeg", false],
    ["tsbpddelay=300000", 300, "ffmpeg", false],
    ["latency=2000&pkt_size=1316", 2, "ffmpeg", true],
    ["latency=2000&conntimeo=1000", 2000, "srt", false],
    ["latency=40000&conntimeo=1000", 40000, "srt", true],
    ["latency=2000&conntimeo=1000&pkt_size=1316", 2000, null, false],
    ["latency=200000&dialect=ffmpeg", 200, "ffmpeg", false],
    ["latency=200&dialect=srt&pkt_size=1316", 200, "srt", false],
    ["latency=200&dialect=OBS", 0, "ffmpeg", true],
    ["latency_ms=40000", 40000, null, false],
    ["latency_ms=200&pkt_size=1316", 200, "ffmpeg", false],
    ["LATENCY=150", 150, null, false],
    ["latency=0", 0, null, false],
  ])("%s is %i ms", (query, ms, dialect, warned) => {
    const { target, options, warnings } = understood(`srt://h:9000?${query}`)
    assert(target.protocol === "srt")
    expect(target.latencyMs).toBe(ms)
    expect(options["latency_ms"]).toBe(ms)
    expect(options["dialect"] ?? null).toBe(dialect)
    expect(warnings.some((w) => w.includes("is read as"))).toBe(warned)
  })

  it("says what was understood of a suspicious value", () => {
    expect(understood("srt://h:9000?latency=3000000").warnings.join()).toMatch(
      /latency=3000000 looks like microseconds and is read as 3000 ms/,
    )
  })

  it.each(["-1", "1e3", "1.5", "", "abc", "65536000", "99999999999999999999", "1_000", " 5"])(
    "latency=%s is refused",
    (value) => expect(messages(`srt://h:9000?latency=${encodeURIComponent(value)}`)).toMatch(/latency must be/),
  )

  it("sets the receiver's and the peer's latency apart, after the common one", () => {
    const { options } = srt("srt://h:9000?peerlatency=300&rcvlatency=400&latency=200")
    expect(options.map(({ option, value }) => `${option.name}=${value}`)).toEqual([
      "LATENCY=200",
      "RCVLATENCY=400",
      "PEERLATENCY=300",
    ])
  })
})

describe("srt:// stream id", () => {
  it.each([
    ["streamid=#!::r=x,m=publish", "#!::r=x,m=publish"],
    ["streamid=%23!%3A%3Ar%3Dx%2Cm%3Dpublish&latency=200", "#!::r=x,m=publish"],
    ["latency=200&streamid=#!::r=live/x?a=b,m=publish", "#!::r=live/x?a=b,m=publish"],
    ["streamid=publish:path:user:pass:a=b", "publish:path:user:pass:a=b"],
    ["streamid=a%26b%25c+d", "a&b%c+d"],
    ["streamid=100%", "100%"],
    ["streamid=#!{r=x,h={a=b}}", "#!{r=x,h={a=b}}"],
    ["streamid=Stra%C3%9Fe", "Straße"],
    ["streamid=Straße", "Straße"],
    ["streamid=", null],
  ])("%s goes out as it is", (query, id) => {
    expect(srt(`srt://h:9000?${query}`).streamId).toBe(id)
    expect(settings(`srt://h:9000?${query}`)["STREAMID"] ?? null).toBe(id)
  })

  it("may have 512 bytes of UTF-8 and no more", () => {
    expect(srt(`srt://h:9000?streamid=${"ä".repeat(256)}`).streamId?.length).toBe(256)
    expect(srt(`srt://h:9000?streamid=${"%C3%A4".repeat(256)}`).streamId?.length).toBe(256)
    expect(messages(`srt://h:9000?streamid=${"ä".repeat(256)}x`)).toMatch(/at most 512 bytes.*has 513/)
    expect(messages("srt://h:9000?streamid=a%00b")).toMatch(/control characters/)
    expect(messages("srt://h:9000?streamid=%FF")).toMatch(/UTF-8/)
  })

  it("is shown without its secrets, and is what a listener demands without setting it on the socket", () => {
    expect(understood("srt://h:9000?streamid=#!::r=live/x,u=me,s=geheim,m=publish").options).toMatchObject({
      stream_id: "#!::r=live/x,u=me,s=***,m=publish",
      stream_resource: "live/x",
      stream_user: "me",
      stream_mode: "publish",
    })
    expect(srt("srt://:9000?streamid=abc")).toMatchObject({ streamId: "abc", options: [] })
    expect(understood("srt://h:9000?streamid=#!::r=x,m=request").warnings.join()).toMatch(/publish/)
  })
})
