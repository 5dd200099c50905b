import { assert, describe, it } from "vitest"
import { freeUdpPorts, startSink, startTool } from "./bench/processes.ts"
import { monotonicNs } from "./lib/native.ts"
import { RtpSource } from "./lib/rtp-source.ts"

describe("the command-line tools", () => {
  it("carry 3 channels from sender to sink, byte for byte, and report on request", async () => {
    const port = await freeUdpPorts(5)
    const sink = await startSink(["--udp", `${port}:3:2`])
    try {
      const sender = startTool("rtp-sender", [
        "--channels",
        3,
        "--base-port",
        port,
        "--count",
        200,
        "--loss",
        "list:50",
        "--first-channel",
        7,
      ])
      await sender.exited
      assert.strictEqual(sender.errors(), "")
      assert.deepInclude(JSON.parse(sender.output()), { channels: 3, sent: 597, skipped: 3, next_counter: 200 })
      const report = await sink.report()
      assert.deepInclude(report.totals, {
        streams: 3,
        received: 597,
        lost: 3,
        corrupt: 0,
        duplicated: 0,
        out_of_order: 0,
      })
      assert.deepStrictEqual(
        report.streams?.map(({ channel, first, last }) => [channel, first, last]),
        [
          [7, 0, 199],
          [8, 0, 199],
          [9, 0, 199],
        ],
      )
      await sink.reset()
      assert.strictEqual((await sink.report()).totals.received, 0)
    } finally {
      await sink.started.stop()
    }
  })

  it("print what is wrong with an option and end with 2", async () => {
    const sender = startTool("rtp-sender", ["--channels", "many"])
    await sender.exited
    assert.strictEqual(sender.child.exitCode, 2)
    assert.match(sender.errors(), /--channels takes a number/)
  })
})

describe("pacing", () => {
  it("has sent exactly what was due by any moment, however late it was asked", () => {
    const source = new RtpSource({ basePort: 9, channels: 4, bitrate: 8e6, slots: 4 })
    const startNs = monotonicNs()
    source.start(startNs)
    source.pump(startNs + 1e9)
    const { sent, send_errors, next_counter } = source.report()
    // 759.878 periods of 1316 us fit into a second, and each channel's slot lies a quarter of a period after the one
    // before.
    assert.deepStrictEqual([next_counter, sent + send_errors], [760, 3040])
    source.close()
  })
})
