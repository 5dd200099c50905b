/**
 * How long a scrape of `/metrics` holds the control plane up: 50 channels x 8 SRT outputs, in process. Run with bun;
 * prints JSON.
 */
import { newOutputTally } from "../../src/effects/channel/runtime/tally.ts"
import { channelConfig, outputConfig } from "../../src/effects/testing/configs.ts"
import { renderMetrics } from "../../src/http/metrics/render.ts"
import {
  fakeChannelFigures,
  fakeLegFigures,
  fakeMetrics,
  fakeOutputFigures,
  fakeSrtFigures,
} from "../../src/http/testing/fake-metrics.ts"

const CHANNELS = 50
const OUTPUTS = 8
const RUNS = 100

const channels = Array.from({ length: CHANNELS }, (_, i) =>
  fakeChannelFigures({
    config: channelConfig({
      id: `ch-${i}`,
      slug: `channel-${i}`,
      name: `Channel ${i}`,
      backup_rtp_ip: "127.0.0.1",
      backup_rtp_port: 6000,
    }),
    legs: [fakeLegFigures({}, { bytes: 1e12 + i }), fakeLegFigures({ source: "backup" }, { bytes: 1e12 })],
    outputs: Array.from({ length: OUTPUTS }, (__, n) =>
      fakeOutputFigures(
        {
          config: outputConfig({
            id: `out-${i}-${n}`,
            slug: `output-${n}`,
            name: `Output ${n}`,
            url: `srt://192.0.2.${n}:9000`,
          }),
          srt: fakeSrtFigures({}, { packets_sent: 1e9 + i * n }),
          tally: newOutputTally(),
        },
        { bytes_sent: 1e12 + i * n },
      ),
    ),
  }),
)

const view = fakeMetrics(channels)
const times: number[] = []
let text = ""
for (let i = 0; i < RUNS; i++) {
  const begun = performance.now()
  text = renderMetrics(view)
  times.push(performance.now() - begun)
  await new Promise((resolve) => setTimeout(resolve, 1))
}
const sorted = [...times].sort((a, b) => a - b)
const figures = {
  channels: CHANNELS,
  outputs: CHANNELS * OUTPUTS,
  series: text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length,
  bytes: text.length,
  first_ms: times[0],
  p50_ms: sorted[RUNS / 2],
  p99_ms: sorted[RUNS - 2],
}
process.stdout.write(`${JSON.stringify(figures)}\n`)
