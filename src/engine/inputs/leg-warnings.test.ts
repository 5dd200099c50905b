import { describe, expect, it } from "vitest"
import { legWarnings } from "./leg-warnings.ts"

describe("legWarnings", () => {
  it("is silent when nothing went wrong", () => {
    expect(legWarnings({ foreign: 5, bad_not_ts: 7 }, { foreign: 5, bad_not_ts: 7, datagrams: 1000 }, 0, 1)).toEqual([])
  })

  it.each([
    ["foreign", /second sender.*\(50 packets a second\)/],
    ["bad_not_ts", /50 datagrams a second are neither RTP nor MPEG-TS/],
    ["bad_rtp", /truncated or have a broken header/],
    ["bad_length", /whole number of TS packets \(188 or 204 bytes\)/],
    ["resyncs", /^50 times a second the bytes of raw UDP break off/],
    ["bad_sync", /0x47/],
    ["not_allowed", /^a sender that input\.allowed_senders does not list .*\(50 packets a second\)/],
    ["rtp_late", /^50 RTP packets a second came after their place.*input\.reorder_ms/],
    ["reorder_full", /^50 times a second 512 RTP packets waited for a missing one.*input\.reorder_ms/],
    ["fec_bad", /^50 datagrams a second on the FEC ports.*SMPTE 2022-1/],
    ["truncated", /cut by the receive buffer/],
  ])("says what %s means, per second", (counter, sentence) => {
    expect(legWarnings({ [counter]: 10 }, { [counter]: 110 }, 0, 2)).toEqual([expect.stringMatching(sentence)])
  })

  it("does not ask for a longer reorder_ms where the number of packets and not the time ended the wait", () => {
    expect(legWarnings({}, { rtp_datagrams: 1900, rtp_late: 4, reorder_full: 2 }, 0, 1)).toEqual([
      "4 RTP packets a second came after their place had been given up and are dropped: the network reorders by more than may wait",
      "2 times a second 512 RTP packets waited for a missing one, and it was given up before input.reorder_ms were over: more never wait, and at this bit rate they are 269 ms",
    ])
  })

  it("names the second sender where it is known", () => {
    expect(legWarnings({}, { foreign: 3 }, 0, 1, "10.0.0.7:5004, SSRC 0x0b0b0b0b")[0]).toMatch(
      /^a second sender \(10\.0\.0\.7:5004, SSRC 0x0b0b0b0b\) sends to this port \(3 packets a second\)/,
    )
  })

  it("names the sender that is not allowed where it is known, apart from the second one", () => {
    expect(legWarnings({}, { not_allowed: 3, foreign: 1 }, 0, 1, "10.0.0.7:5004", "192.0.2.9")).toEqual([
      expect.stringMatching(/^a second sender \(10\.0\.0\.7:5004\) sends/),
      expect.stringMatching(
        /^a sender \(192\.0\.2\.9\) that input\.allowed_senders does not list sends to this port \(3 packets/,
      ),
    ])
  })

  it("names the sysctl when the kernel dropped packets", () => {
    expect(legWarnings({}, {}, 3, 1)[0]).toMatch(/dropped 3 packets.*net\.core\.rmem_max/)
  })
})
