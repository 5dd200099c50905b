/** Makes cases of the packet core: two legs of one programme by any way in, with all that can happen to datagrams. */
import { buildRtp } from "../../../src/core/rtp/header.ts"
import type { Random } from "../../../src/core/scte35/testing/fuzz-decoder.ts"
import { TS_PACKET_SIZE } from "../../../src/core/ts/packet.ts"
import { generateTs } from "../../../src/test-source/test-programme.ts"
import { mediaDatagrams, withFec } from "../../../test/fec-arrivals.ts"
import { damageBytes, oneOf } from "../fuzz-target.ts"
import { encodeSteps, type Step } from "./core-case.ts"

const TS_204 = 204
/** Bytes of a packet whose damage changes what the packet is: header, adaptation field, begin of a section. */
const TELLING = 24
/** Datagrams of a case. */
const MOST = 48
/** Matrices of FEC that cases come from. */
const MATRICES = [
  { columns: 5, rows: 5 },
  { columns: 6, rows: 4 },
  { columns: 20, rows: 5 },
  { columns: 4, rows: 1 },
] as const

type Framing = "rtp" | "udp" | "204" | "cut"

/** The programme that cases are pieces of: pictures, sound, tables and cues. */
const programme = () =>
  generateTs(6, { bitrate: 1_500_000, breakEverySeconds: 5, breakSeconds: 2, spliceNullSeconds: 1 })

const to204 = (packets: Uint8Array): Uint8Array => {
  const count = packets.length / TS_PACKET_SIZE
  const bytes = new Uint8Array(count * TS_204)
  for (let i = 0; i < count; i++) bytes.set(packets.subarray(i * TS_PACKET_SIZE, (i + 1) * TS_PACKET_SIZE), i * TS_204)
  return bytes
}

/** Damages what a parser goes by, in a copy. */
const damagePackets = (random: Random, payload: Uint8Array): Uint8Array => {
  const bytes = payload.slice()
  for (let left = 1 + (random() % 4); left > 0 && bytes.length > TELLING; left--) {
    const packet = (random() % Math.max(1, Math.floor(bytes.length / TS_PACKET_SIZE))) * TS_PACKET_SIZE
    bytes[packet + (random() % TELLING)] =
      random() % 3 === 0 ? oneOf(random, [0, 1, 0x47, 0xb7, 0xff]) : random() >>> 24
  }
  return bytes
}

/** Cuts one leg of the stream into datagrams, and lets some be lost, doubled, late, damaged or made up. */
class LegMaker {
  readonly #random: Random
  readonly #leg: number
  readonly #framing: Framing
  #sequence: number
  #timestamp: number
  readonly #ssrc: number

  constructor(random: Random, leg: number) {
    this.#random = random
    this.#leg = leg
    this.#framing = oneOf(random, ["rtp", "rtp", "rtp", "udp", "204", "cut"])
    this.#sequence = oneOf(random, [0, 65_500, 65_535, 30_000, random() & 0xffff])
    this.#timestamp = oneOf(random, [0, 2 ** 32 - 20_000, 2 ** 31 - 20_000, random()])
    this.#ssrc = random() % 4
  }

  #dress(payload: Uint8Array): Uint8Array {
    const random = this.#random
    switch (this.#framing) {
      case "udp":
        return payload
      case "204":
        return random() % 2 === 0 ? to204(payload) : rtpOf(to204(payload), this.#next(), this.#timestamp, this.#ssrc)
      case "cut":
        return payload.subarray(random() % TS_PACKET_SIZE)
      case "rtp":
        return rtpOf(payload, this.#next(), this.#timestamp, this.#ssrc)
    }
  }

  #next(): number {
    const random = this.#random
    this.#timestamp = (this.#timestamp + (random() % 64 === 0 ? random() : 700)) >>> 0
    if (random() % 24 === 0)
      this.#sequence += oneOf(random, [1, 2, 130, 1023, 1024, 2999, 3000, 32_767, 32_768, 65_408, -1, -3, -100])
    const number = this.#sequence & 0xffff
    this.#sequence += 1
    return number
  }

  /** The steps of one datagram's worth of packets. */
  steps(payload: Uint8Array, gap: number): ReadonlyArray<Step> {
    const random = this.#random
    const fate = random() % 32
    const sound = this.#dress(fate < 4 ? damagePackets(random, payload) : payload)
    const bytes = fate === 4 || fate === 5 ? damageBytes(random, sound, 4) : sound
    const action = random() % 24 === 0 ? oneOf(random, ["row", "column", "relayed"] as const) : "media"
    const together = random() % 4 === 0 ? 2 : 0
    const step: Step = { action, argument: this.#leg | together | (random() % 16 === 0 ? 4 : 0), gap, bytes }
    if (fate === 6) return []
    if (fate === 7) return [step, step]
    if (fate === 8) return [{ ...step, bytes: madeUp(random) }, step]
    return [step]
  }
}

const rtpOf = (payload: Uint8Array, sequence: number, timestamp: number, ssrc: number): Uint8Array =>
  buildRtp({ sequence, timestamp, ssrc }, payload)

const madeUp = (random: Random): Uint8Array => {
  const length = oneOf(random, [0, 1, 11, 12, 13, 187, 188, 189, 200, 204, 1316, 1328, 1500, random() % 1500])
  const bytes = Uint8Array.from({ length }, () => random() >>> 24)
  if (random() % 2 === 0) bytes[0] = oneOf(random, [0x80, 0x47, 0x90, 0xa0, 0xbf])
  for (let at = random() % 2 === 0 ? 12 : 0; random() % 2 === 0 && at < length; at += TS_PACKET_SIZE) bytes[at] = 0x47
  return bytes
}

/** What an engine does beside receiving. */
const engineStep = (random: Random): Step => {
  const action = oneOf(random, ["tick", "tick", "source", "merge", "insert", "scte35_pid"] as const)
  const bytes =
    action === "insert"
      ? Uint8Array.from({ length: TS_PACKET_SIZE * (1 + (random() % 3)) }, () => random() >>> 24)
      : new Uint8Array(0)
  return { action, argument: random() & 0xff, gap: random() % 16 === 0 ? random() % 40_000 : random() % 400, bytes }
}

/** FEC of a matrix, of whose packets some are lost or damaged. */
const fecSteps = (random: Random): ReadonlyArray<Step> => {
  const matrix = oneOf(random, MATRICES)
  const media = mediaDatagrams(
    2 * matrix.columns * matrix.rows,
    oneOf(random, [0, 65_500, 20_000]),
    () => 1 + (random() % 7),
  )
  const leg = random() % 2
  const arrivals = withFec(media, matrix).map(
    ({ bytes, port }): Step => ({
      action: port,
      argument: leg,
      gap: random() % 60,
      bytes: random() % 24 === 0 ? damageBytes(random, bytes, 3) : bytes,
    }),
  )
  return arrivals.filter(() => random() % 12 > 0)
}

export const makeCoreCases = (): ((random: Random) => Uint8Array) => {
  const ts = programme()
  const packets = Math.floor(ts.length / TS_PACKET_SIZE)
  return (random) => {
    if (random() % 12 === 0) return encodeSteps([...fecSteps(random), engineStep(random)])
    const legs = [new LegMaker(random, 0), new LegMaker(random, 1)]
    const both = random() % 2 === 0
    const steps: Step[] = [
      { action: "source", argument: 1 + (random() % 2), gap: 0, bytes: new Uint8Array(0) },
      { action: "merge", argument: random() & 0xff, gap: 0, bytes: new Uint8Array(0) },
    ]
    let at = random() % packets
    const gap = () => (random() % 40 === 0 ? random() % 65_536 : random() % 160)
    for (let left = 4 + (random() % MOST); left > 0; left--) {
      const count = random() % 8 === 0 ? 1 + (random() % 7) : 7
      if (at + count > packets) at = 0
      const payload = ts.subarray(at * TS_PACKET_SIZE, (at + count) * TS_PACKET_SIZE)
      at += count
      for (const leg of both ? legs : legs.slice(0, 1)) steps.push(...leg.steps(payload, gap()))
      if (random() % 4 === 0) steps.push(engineStep(random))
    }
    return encodeSteps(steps)
  }
}
