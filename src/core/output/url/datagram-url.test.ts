import { describe, expect, it } from "vitest"
import { datagram, messages, understood } from "./testing/read.ts"

describe("udp:// and rtp://", () => {
  it.each([
    ["udp://localhost:5001", "udp", "localhost", 5001],
    ["rtp://your-distributor-ip:5000", "rtp", "your-distributor-ip", 5000],
    ["udp://@239.0.0.1:5000", "udp", "239.0.0.1", 5000],
    ["rtp://[ff15::1%eth0]:5000", "rtp", "ff15::1%eth0", 5000],
    ["rtp://[ff02::1%25eth0]:5000", "rtp", "ff02::1%eth0", 5000],
    ["udp://[fe80::1%25eth0.100]:5000", "udp", "fe80::1%eth0.100", 5000],
  ])("%s", (url, protocol, host, port) =>
    expect(datagram(url)).toEqual({
      protocol,
      host,
      port,
      ttl: null,
      interface: null,
      localPort: null,
      packetSize: 1316,
      pacing: "input",
      pacingDelayMs: 100,
      sendBuffer: null,
      tos: null,
      dontFragment: false,
      loop: null,
    }),
  )

  it.each([
    ["ttl=0", { ttl: 0 }],
    ["ttl=255", { ttl: 255 }],
    ["ttl=-1", { ttl: null }],
    ["interface=eth0", { interface: "eth0" }],
    ["localaddr=10.0.0.1&localport=6000", { interface: "10.0.0.1", localPort: 6000 }],
    ["adapter=10.0.0.1", { interface: "10.0.0.1" }],
    ["pkt_size=1400", { packetSize: 1316 }],
    ["pkt_size=1000", { packetSize: 940 }],
    ["pkt_size=188", { packetSize: 188 }],
    ["pkt_size=65507", { packetSize: 1316 }],
    ["pacing=pcr", { pacing: "pcr", pacingDelayMs: 100 }],
    ["pacing=PCR&pacing_delay=250", { pacing: "pcr", pacingDelayMs: 250 }],
    ["buffer_size=65536", { sendBuffer: 65536 }],
    ["sndbuf=65536", { sendBuffer: 65536 }],
    ["dontfrag=1&loop=no", { dontFragment: true, loop: false }],
    ["dscp=46", { tos: 184 }],
    ["tos=184", { tos: 184 }],
  ])("udp://239.0.0.1:5000?%s", (query, expected) =>
    expect(datagram(`udp://239.0.0.1:5000?${query}`)).toMatchObject(expected),
  )

  it("takes the interface of an IPv6 group from the zone, or from interface", () => {
    expect(understood("rtp://[ff15::1]:5000?interface=eth0")).toMatchObject({
      options: { interface: "eth0" },
      warnings: [],
    })
    expect(understood("rtp://[ff15::1%25eth0]:5000?interface=eth0").warnings).toEqual([])
  })

  it("tells what was understood and what was rounded", () => {
    expect(understood("udp://239.0.0.1:5000?pkt_size=1400&pacing=pcr&fifo_size=5&x=1")).toMatchObject({
      options: { pkt_size: 1316, pacing: "pcr", pacing_delay_ms: 100 },
      ignored: ["x"],
      warnings: [expect.stringMatching(/fifo_size has no effect/), expect.stringMatching(/read as 1316/)],
    })
  })

  it.each([
    ["udp://239.0.0.1", /port is missing/],
    ["udp://:5000", /host is missing/],
    ["udp://0.0.0.0:5000", /no destination/],
    ["udp://h:5000?ttl=256", /0 to 255/],
    ["udp://h:5000?ttl=-2", /0 to 255/],
    ["udp://h:5000?pkt_size=100", /188/],
    ["udp://h:5000?pacing=cbr", /input or pcr/],
    ["udp://h:5000?pacing_delay=5", /10 to 1000/],
    ["udp://h:5000?interface=", /interface name/],
    ["udp://h:5000?interface=a%20b", /interface name/],
    ["rtp://h:5000?localport=0", /localport/],
    [
      "rtp://[fd00::2%25eth0]:5000",
      /only link-local addresses \(fe80::\/10\) and multicast groups have a zone: leave %eth0 out/,
    ],
    ["rtp://[ff15::1%25eth0]:5000?interface=eth1", /interface=eth1 and the zone %eth0 of the host name two interfaces/],
  ])("%s is refused", (url, message) => expect(messages(url)).toMatch(message))
})
