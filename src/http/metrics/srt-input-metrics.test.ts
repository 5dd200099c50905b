import { describe, expect, it } from "vitest"
import { channelConfig } from "../../effects/testing/configs.ts"
import { fakeChannelFigures, fakeLegFigures, fakeMetrics, fakeSrtLegFigures } from "../testing/fake-metrics.ts"
import { renderMetrics } from "./render.ts"

/** Samples of the SRT inputs by name, less what all begin with, and by source. */
const shown = (legs: ReadonlyArray<ReturnType<typeof fakeLegFigures>>) => {
  const config = channelConfig({ backup_rtp_ip: "127.0.0.1", backup_rtp_port: 5002 })
  const text = renderMetrics(fakeMetrics([fakeChannelFigures({ config, legs })]))
  return Object.fromEntries(
    [...text.matchAll(/^distributor_input_srt_(\w+)\{channel="news",source="(\w+)"\} (\S+)$/gm)].map(
      ([, name, source, value]) => [`${source} ${name}`, Number(value)],
    ),
  )
}

describe("metrics of sources that are received by SRT", () => {
  it("are shown of those only", () => {
    const legs = [fakeLegFigures(), fakeLegFigures({ source: "backup", srt: fakeSrtLegFigures() })]
    const samples = Object.keys(shown(legs))
    expect(samples).toHaveLength(14)
    expect(samples.filter((name) => !name.startsWith("backup "))).toEqual([])
    expect(shown([fakeLegFigures()])).toEqual({})
  })

  it("are in seconds and bytes", () => {
    const sums = {
      connections: 2,
      refused: 3,
      packets_received: 1000,
      bytes_received: 1_360_000,
      packets_lost: 20,
      packets_retransmitted: 18,
      packets_belated: 4,
      packets_dropped: 5,
      packets_undecrypted: 6,
    }
    expect(shown([fakeLegFigures({ srt: fakeSrtLegFigures({}, sums) })])).toEqual({
      "primary connected": 1,
      "primary connections_total": 2,
      "primary refused_total": 3,
      "primary received_packets_total": 1000,
      "primary received_bytes_total": 1_360_000,
      "primary lost_packets_total": 20,
      "primary retransmitted_packets_total": 18,
      "primary belated_packets_total": 4,
      "primary dropped_packets_total": 5,
      "primary undecrypted_packets_total": 6,
      "primary rtt_seconds": 0.0125,
      "primary latency_seconds": 0.12,
      "primary receive_buffer_seconds": 0.11,
      "primary bandwidth_bytes_per_second": 10_000_000,
    })
  })

  it("have no figures of a connection while there is none", () => {
    const none = { connected: false, rttMs: null, latencyMs: null, receiveBufferMs: 0, bandwidthMbps: null }
    const samples = shown([fakeLegFigures({ srt: fakeSrtLegFigures(none) })])
    expect(samples["primary connected"]).toBe(0)
    expect(samples["primary receive_buffer_seconds"]).toBe(0)
    const absent = ["rtt_seconds", "latency_seconds", "bandwidth_bytes_per_second"]
    expect(absent.filter((name) => `primary ${name}` in samples)).toEqual([])
  })
})
