import { describe, expect, it } from "vitest"
import type { ChannelView } from "../effects/model.ts"
import { fakeInput, fakeLeg, fakeOutput, fakeScte35 } from "./testing/FakeDistributor.ts"
import { makeTestApp } from "./testing/test-app.ts"

const scrape = async (test: ReturnType<typeof makeTestApp>) => {
  const response = await test.call("GET", "/metrics")
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8")
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]))
}
const withLeg = (counters: Record<string, number>): Partial<ChannelView> => ({ input: fakeInput({ legs: [fakeLeg({ counters })] }) })

describe("/metrics", () => {
  it("shows what the channels count, by slug", async () => {
    const test = makeTestApp()
    await test.call("POST", "/api/channels", { name: "Main event", rtp_port: 5000 })
    test.distributor.show("1", {
      status: "running",
      scte35: fakeScte35({ state: "in_break", sections: 9, cues: 7, crc_errors: 2 }),
      ...withLeg({ datagrams: 10, bytes: 13_280, rtp_lost: 2, cc_errors: 3 }),
      outputs: [
        fakeOutput({ id: "a", status: "connected", bytes_sent: 1e12, packets_dropped: 4, cues_sent: 5, cues_missed: 6 }),
        fakeOutput({ id: "b", status: "retrying", bytes_sent: 0 }),
      ],
    })
    const shown = [...(await scrape(test))].filter(([name, value]) => !name.startsWith("distributor_input_") || value !== 0)
    expect(Object.fromEntries(shown)).toEqual({
      'distributor_build_info{version="0.1.0-test"}': 1,
      distributor_up: 1,
      'distributor_channel_running{channel="main-event"}': 1,
      'distributor_input_received_bytes_total{channel="main-event",source="primary"}': 13_280,
      'distributor_input_rtp_lost_packets_total{channel="main-event",source="primary"}': 2,
      'distributor_input_continuity_errors_total{channel="main-event",source="primary"}': 3,
      'distributor_input_tr101290_errors_total{channel="main-event",source="primary",check="Continuity_count_error"}': 3,
      'distributor_scte35_sections_total{channel="main-event"}': 9,
      'distributor_scte35_cues_total{channel="main-event"}': 7,
      'distributor_scte35_crc_errors_total{channel="main-event"}': 2,
      'distributor_scte35_in_break{channel="main-event"}': 1,
      'distributor_output_scte35_cues_sent_total{channel="main-event",output="a"}': 5,
      'distributor_output_scte35_cues_sent_total{channel="main-event",output="b"}': 0,
      'distributor_output_scte35_cues_missed_total{channel="main-event",output="a"}': 6,
      'distributor_output_scte35_cues_missed_total{channel="main-event",output="b"}': 0,
      'distributor_output_up{channel="main-event",output="a"}': 1,
      'distributor_output_up{channel="main-event",output="b"}': 0,
      'distributor_output_sent_bytes_total{channel="main-event",output="a"}': 1e12,
      'distributor_output_sent_bytes_total{channel="main-event",output="b"}': 0,
      'distributor_output_dropped_packets_total{channel="main-event",output="a"}': 4,
      'distributor_output_dropped_packets_total{channel="main-event",output="b"}': 0,
    })
  })

  it("shows each source of a channel with a backup, and how they are joined", async () => {
    const test = makeTestApp()
    await test.call("POST", "/api/channels", { name: "a", rtp_port: 5000 })
    const counters = {
      rtp_reordered: 1,
      rtp_late: 2,
      rtp_unrecovered: 3,
      fec_packets: 4,
      fec_bad: 5,
      fec_recovered: 6,
      not_allowed: 7,
      foreign: 8,
      merge_used: 9,
      sync_losses: 10,
      tei: 11,
      pts_errors: 12,
    }
    const legs = [fakeLeg(), fakeLeg({ source: "backup", counters, kernel_drops: 13 })]
    const show = (over: Parameters<typeof fakeInput>[0]) => test.distributor.show("1", { input: fakeInput({ legs, ...over }) })
    show({ redundancy: "ok", merge: "content", switches: 14 })
    const joined = await scrape(test)
    const of = (name: string, check = "") => joined.get(`distributor_input_${name}{channel="a",source="backup"${check}}`)
    expect(
      [
        ...["rtp_reordered_packets_total", "rtp_late_packets_total", "rtp_unrecovered_packets_total", "fec_received_packets_total"],
        ...["fec_invalid_packets_total", "fec_recovered_packets_total", "not_allowed_packets_total", "foreign_packets_total"],
        ...["merge_used_packets_total"],
      ].map((name) => of(name)),
    ).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(
      ["TS_sync_loss", "Transport_error", "PTS_error", "PAT_error"].map((check) => of("tr101290_errors_total", `,check="${check}"`)),
    ).toEqual([10, 11, 12, 0])
    expect(of("kernel_dropped_packets_total")).toBe(13)
    const state = (scraped: typeof joined) =>
      ["redundant", "merged", "switches_total"].map((name) => scraped.get(`distributor_input_${name}{channel="a"}`))
    expect(state(joined)).toEqual([1, 1, 14])
    show({ redundancy: "lost", switches: 15 })
    expect(state(await scrape(test))).toEqual([0, 0, 15])
    show({ redundancy: "none" })
    expect(state(await scrape(test))).toEqual([undefined, undefined, 0])
  })

  it("declares counters as such, with help", async () => {
    const test = makeTestApp()
    const text = await (await test.call("GET", "/metrics")).text()
    for (const [, name = "", type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      expect(type, name).toBe(name.endsWith("_total") ? "counter" : "gauge")
      expect(text).toMatch(new RegExp(`^# HELP ${name} [A-Z0-9].*\\.$`, "m"))
    }
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
