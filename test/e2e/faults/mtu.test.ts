/** A path with an MTU of 1280 (row 35 of the fault matrix). */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { EngineProcess } from "../engine-process.ts"
import { runSender } from "../load-process.ts"
import { NetNamespace } from "../net-namespace.ts"
import { eventually } from "../product.ts"

const unavailable = NetNamespace.unavailable()
const FAR = "10.99.0.2:5000"
const DATAGRAMS = 200

describe.skipIf(unavailable !== null)(`MTU 1280${unavailable === null ? "" : ` (skipped: ${unavailable})`}`, () => {
  let path: NetNamespace
  let engine: EngineProcess
  let port: number

  beforeAll(async () => {
    path = NetNamespace.open(1280)
    engine = await EngineProcess.start({ within: path.exec })
    port = await engine.channel({ port: 20_000 })
  })
  afterEach(async () => {
    await engine.ask({ cmd: "close_output", channel_id: "c1", output_id: "o1" })
    engine.forget()
  })
  afterAll(async () => {
    await engine?.dispose()
    path?.close()
  })

  let sent = 0
  // Sequence numbers go on: the very same packets once more would be copies (SMPTE 2022-7).
  const send = (count = DATAGRAMS) => {
    const from = sent
    sent += count
    return runSender(
      ["--base-port", `${port}`, "--bitrate", "10000000", "--count", `${count}`, "--seq-start", `${from}`],
      path.exec,
    )
  }
  const handled = (count = DATAGRAMS) =>
    eventually("all datagrams are dealt with", async () => {
      const output = await engine.output()
      return output.packets_sent + output.packets_dropped >= count ? output : null
    })

  it.each([
    ["udp", 1344, 1316],
    ["rtp", 1356, 1328],
  ])(
    "row 35: %s without dontfrag: the warning names the path's MTU and the pkt_size that fits, and packets go out in pieces",
    async (protocol, size) => {
      await engine.connect(`${protocol}://${FAR}`)
      const before = path.sentPackets()
      await send()
      const output = await handled()
      expect(output.warnings).toEqual([
        `packets of ${size} bytes exceed the path's MTU of 1280 and are fragmented: set pkt_size=1128`,
      ])
      expect(output).toMatchObject({
        packets_sent: DATAGRAMS,
        packets_dropped: 0,
        send_errors: 0,
        last_send_error: null,
      })
      expect(path.sentPackets() - before).toBeGreaterThanOrEqual(2 * DATAGRAMS)
    },
  )

  it.each([
    ["udp", "EMSGSIZE: datagrams of 1316 bytes"],
    ["rtp", "EMSGSIZE: datagrams of 1328 bytes"],
  ])(
    "row 35: %s with dontfrag=1: EMSGSIZE names pkt_size, nothing leaves, all is counted",
    async (protocol, message) => {
      await engine.connect(`${protocol}://${FAR}?dontfrag=1`)
      await send()
      const output = await handled()
      expect(output.last_send_error).toContain(message)
      expect(output.last_send_error).toContain("pkt_size=1128")
      expect(output).toMatchObject({
        packets_sent: 0,
        bytes_sent: 0,
        packets_dropped: DATAGRAMS,
        send_errors: DATAGRAMS,
      })
      expect(output.warnings.join()).toMatch(/MTU of 1280 and are refused.*pkt_size=1128/)
    },
  )

  it("row 35: when nothing at all gets through for 5 s, the session ends with EMSGSIZE as its reason", async () => {
    await engine.connect(`udp://${FAR}?dontfrag=1`)
    const sending = send(5600)
    expect(await engine.ended("o1", 9000)).toMatchObject({
      code: "EMSGSIZE",
      message: expect.stringMatching(/pkt_size=1128/),
    })
    await sending
  })

  it.each(["udp", "rtp"])("row 35: %s with pkt_size=1128 and dontfrag=1: all is well", async (protocol) => {
    await engine.connect(`${protocol}://${FAR}?dontfrag=1&pkt_size=1128`)
    const before = path.sentPackets()
    await send()
    // Datagrams of 7 TS packets leave as 6 and 1.
    const output = await handled(2 * DATAGRAMS)
    expect(output).toMatchObject({
      packets_sent: 2 * DATAGRAMS,
      bytes_sent: DATAGRAMS * 1316,
      packets_dropped: 0,
      send_errors: 0,
      last_send_error: null,
      warnings: [],
    })
    expect(path.sentPackets() - before).toBeGreaterThanOrEqual(2 * DATAGRAMS)
    expect(path.sentPackets() - before).toBeLessThan(2 * DATAGRAMS + 20)
  })
})
