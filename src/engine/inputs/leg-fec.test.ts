/**
 * What waits in the sockets of a leg with FEC when the engine comes to read them: they are read one after the other,
 * and whatever the order is, all that FEC can give back is given back.
 */
import { createSocket } from "node:dgram"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { freePortBlock } from "../../../test/e2e/udp-ports.ts"
import { type Arrival, isMedia, mediaDatagrams, type Port, payloadsOf, withFec } from "../../../test/fec-arrivals.ts"
import { choose, readSlot } from "../../../test/feed-core.ts"
import { loadCore } from "../../../test/load-core.ts"
import { joinBytes } from "../../core/bytes/join-bytes.ts"
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import { sequenceOf } from "../../core/packet-core/testing/fec/packet.ts"
import { policyOf } from "../../effects/config/input-policy.ts"
import { monotonicUs, realtimeOffsetUs } from "../ffi/clock.ts"
import { nativeAddress } from "../ffi/libc.ts"
import { UdpPortRegistry } from "../system/udp-port-registry.ts"
import { Leg } from "./leg.ts"

const OFFSETS: Readonly<Record<Port, number>> = { media: 0, column: 2, row: 4 }
const HOST = "127.0.0.1"
/** Datagrams until the leg has learnt the matrix, and trusts it. */
const LEARNING = 300
/** Datagrams behind what the test is about: a column packet comes in the course of the next matrix. */
const AFTERWARDS = 400
const LONGEST = 1900
const all = mediaDatagrams(LEARNING + LONGEST + AFTERWARDS)

let core: PacketCore
let leg: Leg
let port: number
let sender: ReturnType<typeof createSocket>
let out: Uint8Array[]

beforeEach(async () => {
  core = await loadCore()
  core.bind(nativeAddress(core.u8))
  core.prepareReceive()
  port = await freePortBlock()
  const context = { core, base: nativeAddress(core.u8), udpPorts: new UdpPortRegistry(), srt: null, srtProblem: null }
  leg = new Leg({ name: "primary", ip: HOST, port }, policyOf({ fec: "auto" }), 0, context, () => undefined)
  choose(core, 0)
  sender = createSocket("udp4")
  out = []
  leg.poll(monotonicUs(), realtimeOffsetUs())
})
afterEach(() => {
  leg.close()
  sender.close()
})

/** Sends one after the other, media `everyMs` apart. */
const send = async (arrivals: ReadonlyArray<Arrival>, everyMs: number) => {
  const startedAt = performance.now()
  let media = 0
  for (const each of arrivals) {
    if (isMedia(each)) media += 1
    const ahead = media * everyMs - (performance.now() - startedAt)
    if (ahead > 1) await new Promise((resolve) => setTimeout(resolve, ahead))
    await new Promise((resolve) => sender.send(each.bytes, port + OFFSETS[each.port], HOST, resolve))
  }
}
const collect = <A>(act: () => A): A => {
  const head = core.ringHead(0)
  const result = act()
  core.takeEvents()
  for (let n = head; n !== core.ringHead(0); n = (n + 1) >>> 0) out.push(readSlot(core, 0, n).payload)
  return result
}
/** One turn of the engine; returns the datagrams that it read. */
const turn = () => {
  const [nowUs, offsetUs] = [monotonicUs(), realtimeOffsetUs()]
  collect(() => leg.poll(nowUs, offsetUs))
  const read = collect(() => leg.receive(offsetUs, 256))
  collect(() => core.tick(nowUs))
  return read
}
const isLost = (sequence: number) => sequence > LEARNING && sequence % 37 === 5

describe.each([
  [4, 4],
  [5, 5],
  [10, 10],
  [20, 5],
  [5, 20],
  [1, 4],
])("%i columns, %i rows", (columns, rows) => {
  it.each([
    ["0.1 s at 20 Mbit/s, in its own time", 200, 0.5],
    ["a second at 8 Mbit/s", 760, 0],
    ["a second at 20 Mbit/s", LONGEST, 0],
  ])("%s is found at once: nothing is given up that FEC brings", async (_what, count, everyMs) => {
    const media = all.slice(0, LEARNING + count + AFTERWARDS)
    const arrivals = withFec(media, { columns, rows })
    const at = (sequence: number) => arrivals.findIndex((each) => isMedia(each) && sequenceOf(each.bytes) === sequence)
    const [from, to] = [at(LEARNING), at(LEARNING + count)]
    const sent = (some: ReadonlyArray<Arrival>, ms = 0) =>
      send(
        some.filter((each) => !isMedia(each) || !isLost(sequenceOf(each.bytes))),
        ms,
      )
    for (let i = 0; i < from; i += 20) {
      await sent(arrivals.slice(i, Math.min(from, i + 20)))
      turn()
    }
    await sent(arrivals.slice(from, to), everyMs)
    // The turn looked at the FEC ports before all this came.
    const [nowUs, offsetUs] = [monotonicUs(), realtimeOffsetUs()]
    collect(() => leg.receive(offsetUs, 256))
    collect(() => core.tick(nowUs))
    while (turn() > 0);
    for (let i = to; i < arrivals.length; i += 20) {
      await sent(arrivals.slice(i, i + 20))
      turn()
    }
    const lost = media.filter((bytes) => isLost(sequenceOf(bytes))).length
    expect(core.legSnapshot(0)).toMatchObject({ fec_recovered: lost, rtp_unrecovered: 0, rtp_late: 0, fec_bad: 0 })
    expect(Buffer.compare(joinBytes(out), payloadsOf(media))).toBe(0)
  })
})
