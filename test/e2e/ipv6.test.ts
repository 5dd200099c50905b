/** Inputs and outputs over IPv6, on ::1 through the whole product. `ipv6-cable.test.ts` has zones and groups. */
import { networkInterfaces } from "node:os"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { buildFec } from "../../src/core/packet-core/testing/fec/packet.ts"
import { buildRtp } from "../../src/core/rtp/header.ts"
import { DatagramSender, numberedTs, payloadsOf } from "./datagrams.ts"
import { Product } from "./product.ts"
import { UdpReceiver } from "./receivers.ts"
import { freePortBlock } from "./udp-ports.ts"

const noLoopback = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === "::1"))
  ? null
  : "this machine has no ::1"
const title = `on ::1, the product${noLoopback === null ? "" : ` (skipped: ${noLoopback})`}`

const rtpOf = (ts: Uint8Array, ssrc = 7) =>
  payloadsOf(ts).map((payload, sequence) => buildRtp({ ssrc, sequence, timestamp: sequence * 450 }, payload))

describe.skipIf(noLoopback !== null)(title, () => {
  let product: Product
  beforeAll(async () => {
    product = await Product.start()
  })
  afterAll(() => product?.dispose())

  it.each([
    ["its own address", "::1", true],
    ["all of IPv6", "::", true],
    ["its own address, as raw UDP", "::1", false],
  ])("receives on %s and sends every bit on", async (name, rtp_ip, asRtp) => {
    const ts = numberedTs(7 * 400)
    const port = await freePortBlock()
    const receiver = await UdpReceiver.open(0, "::1")
    const sender = new DatagramSender(port, "::1")
    try {
      const outputs = [{ url: `rtp://[::1]:${receiver.port}` }]
      const { id } = await product.channel({ name, rtp_ip, rtp_port: port, outputs })
      await product.until("the output is open", id, (view) => view.outputs[0]?.status === "connected")
      await sender.send(asRtp ? rtpOf(ts) : payloadsOf(ts), 2)
      await receiver.atLeastBytes(ts.length, 12)
      expect(receiver.bytes(12).equals(ts)).toBe(true)
      const leg = await product.until("the figures", id, (view) =>
        view.input.legs.find(({ counters }) => counters["ts_packets"] === 7 * 400),
      )
      expect(leg).toMatchObject({
        ip: rtp_ip,
        sender: expect.stringMatching(/^\[::1\]:\d+$/),
        framing: asRtp ? "rtp" : "udp",
      })
      expect(leg.counters).toMatchObject({ foreign: 0, not_allowed: 0, rtp_lost: 0 })
    } finally {
      sender.close()
      receiver.close()
    }
  })

  it("has 0.0.0.0 and :: on one port, each for its own IP version", async () => {
    const port = await freePortBlock()
    const four = await product.channel({ name: "four", rtp_ip: "0.0.0.0", rtp_port: port })
    const six = await product.channel({ name: "six", rtp_ip: "::", rtp_port: port })
    const senders = [new DatagramSender(port, "127.0.0.1"), new DatagramSender(port, "::1")]
    try {
      const counts: ReadonlyArray<readonly [string, number]> = [
        [four.id, 30],
        [six.id, 50],
      ]
      for (const { id } of [four, six]) await product.until("a socket", id, (view) => view.input.legs[0]?.rcvbuf_bytes)
      for (const [index, [, count]] of counts.entries())
        await senders[index]?.send(rtpOf(numberedTs(7 * count), index), 2)
      for (const [id, count] of counts)
        await product.until(`${count} datagrams`, id, (view) => view.input.legs[0]?.counters["datagrams"] === count)
    } finally {
      for (const sender of senders) sender.close()
    }
  })

  it("takes the senders that allowed_senders lists, and no others", async () => {
    const sent = rtpOf(numberedTs(70))
    const feed = async (name: string, allowed_senders: ReadonlyArray<string>) => {
      const port = await freePortBlock()
      const { id } = await product.channel({ name, rtp_ip: "::1", rtp_port: port, input: { allowed_senders } })
      await product.until("a socket", id, (view) => view.input.legs[0]?.rcvbuf_bytes)
      const sender = new DatagramSender(port, "::1")
      await sender.send(sent, 2)
      sender.close()
      return product.until("all were counted", id, (view) => {
        const leg = view.input.legs[0]
        return leg?.counters["datagrams"] === sent.length ? leg : null
      })
    }
    expect((await feed("others", ["2001:db8::/32", "0.0.0.0/0"])).counters).toMatchObject({
      not_allowed: sent.length,
      ts_packets: 0,
    })
    expect((await feed("itself", ["2001:db8::/32", "::/127"])).counters).toMatchObject({
      not_allowed: 0,
      ts_packets: 70,
    })
  })

  it("mends losses with FEC on the ports + 2 and + 4", async () => {
    const ts = numberedTs(7 * 200)
    const media = rtpOf(ts)
    const port = await freePortBlock()
    const receiver = await UdpReceiver.open(0, "::1")
    const senders = [new DatagramSender(port, "::1"), new DatagramSender(port + 2, "::1")]
    try {
      const outputs = [{ url: `udp://[::1]:${receiver.port}` }]
      const { id } = await product.channel({
        name: "fec",
        rtp_ip: "::1",
        rtp_port: port,
        input: { fec: "auto", reorder_ms: 500 },
        outputs,
      })
      await product.until("the output is open", id, (view) => view.outputs[0]?.status === "connected")
      // Matrices have 5 columns and 4 rows; from the third on, each loses one datagram.
      for (let matrix = 0; matrix < media.length / 20; matrix++) {
        const of = media.slice(matrix * 20, matrix * 20 + 20)
        await senders[0]?.send(matrix < 2 ? of : of.filter((_, i) => i !== 7), 1)
        for (let column = 0; column < 5; column++) {
          const protects = of.filter((_, i) => i % 5 === column)
          await senders[1]?.send([
            buildFec({ isRow: false, offset: 5, sequence: matrix * 5 + column, timestamp: 0 }, protects),
          ])
        }
      }
      await receiver.atLeastBytes(ts.length)
      expect(receiver.bytes().equals(ts)).toBe(true)
      const { counters } = await product.until("the figures", id, (view) =>
        view.input.legs.find((leg) => leg.counters["fec_recovered"] === 8),
      )
      expect(counters).toMatchObject({ rtp_unrecovered: 0, fec_bad: 0 })
    } finally {
      for (const sender of senders) sender.close()
      receiver.close()
    }
  })

  it("refuses a second input on the port, by name", async () => {
    const port = await freePortBlock()
    await product.channel({ name: "first", rtp_ip: "::", rtp_port: port })
    const second = await product.api<{ errors: ReadonlyArray<unknown> }>("POST", "/api/channels", {
      name: "second",
      rtp_ip: "::1",
      rtp_port: port,
    })
    expect(second.status).toBe(409)
    expect(second.body.errors).toEqual([
      { path: "rtp_port", message: `UDP port ${port} is already used by the primary input of channel "first"` },
    ])
  })
})
