import { describe, expect, it } from "vitest"
import type { ChannelView } from "../effects/model.ts"
import { fakeLeg, fakeOutput } from "./testing/FakeDistributor.ts"
import { makeTestApp } from "./testing/test-app.ts"

const scrape = async (test: ReturnType<typeof makeTestApp>) => {
  const response = await test.call("GET", "/metrics")
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8")
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]))
}
const withLeg = (counters: Record<string, number>): Partial<ChannelView> => ({ input: { legs: [fakeLeg({ counters })] } })

describe("/metrics", () => {
  it("shows what the channels count, by slug", async () => {
    const test = makeTestApp()
    await test.call("POST", "/api/channels", { name: "Main event", rtp_port: 5000 })
    test.distributor.show("1", {
      status: "running",
      ...withLeg({ datagrams: 10, bytes: 13_280, rtp_lost: 2, cc_errors: 3 }),
      outputs: [
        fakeOutput({ id: "a", status: "connected", bytes_sent: 1e12, packets_dropped: 4 }),
        fakeOutput({ id: "b", status: "retrying", bytes_sent: 0 }),
      ],
    })
    expect(Object.fromEntries(await scrape(test))).toEqual({
      'distributor_build_info{version="0.1.0-test"}': 1,
      distributor_up: 1,
      'distributor_channel_running{channel="main-event"}': 1,
      'distributor_input_received_bytes_total{channel="main-event",source="primary"}': 13_280,
      'distributor_input_rtp_lost_packets_total{channel="main-event",source="primary"}': 2,
      'distributor_input_continuity_errors_total{channel="main-event",source="primary"}': 3,
      'distributor_output_up{channel="main-event",output="a"}': 1,
      'distributor_output_up{channel="main-event",output="b"}': 0,
      'distributor_output_sent_bytes_total{channel="main-event",output="a"}': 1e12,
      'distributor_output_sent_bytes_total{channel="main-event",output="b"}': 0,
      'distributor_output_dropped_packets_total{channel="main-event",output="a"}': 4,
      'distributor_output_dropped_packets_total{channel="main-event",output="b"}': 0,
    })
  })

  it("forgets what is deleted", async () => {
    const test = makeTestApp()
    await test.call("POST", "/api/channels", { name: "a", rtp_port: 5000 })
    await scrape(test)
    await test.call("DELETE", "/api/channels/1")
    expect([...(await scrape(test)).keys()].filter((name) => name.includes("channel"))).toEqual([])
  })

  it("never lets the loss counter fall when a late packet arrives, and starts again with a new leg", async () => {
    const test = makeTestApp()
    await test.call("POST", "/api/channels", { name: "a", rtp_port: 5000 })
    const lost = async (datagrams: number, rtp_lost: number) => {
      test.distributor.show("1", withLeg({ datagrams, rtp_lost }))
      return (await scrape(test)).get('distributor_input_rtp_lost_packets_total{channel="a",source="primary"}')
    }
    expect(await lost(100, 5)).toBe(5)
    expect(await lost(101, 4)).toBe(5)
    expect(await lost(200, 7)).toBe(7)
    expect(await lost(3, 1)).toBe(1)
  })
})
