/**
 * A cue that the operator inserted, as the far side has it: it is well-formed, continuity is intact, and the rest of
 * the stream is as it came.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { CueView } from "../../src/effects/model/channel.ts"
import type { ChannelEventView } from "../../src/effects/model/event.ts"
import { SCTE35_PID } from "../../src/test-source/program-tables.ts"
import { generateTs } from "../../src/test-source/test-programme.ts"
import { analyseStrictly } from "../strict-analyser.ts"
import { cuesIn } from "../strict-cues.ts"
import { PACKET_BYTES, readPacket } from "../strict-packet.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { SrtReceiver, UdpReceiver } from "./receivers.ts"
import { sendTs } from "./send-ts.ts"

const BITRATE = 6_000_000
const NULL_PID = 0x1fff
const ts = generateTs(12, { bitrate: BITRATE, breakEverySeconds: 5, breakSeconds: 2, spliceNullSeconds: 0 })

interface Inserted {
  readonly cue: {
    readonly pid: number
    readonly event_id: number
    readonly pts: number | null
    readonly hex: string
    readonly base64: string
  }
  readonly warnings: ReadonlyArray<string>
}
interface Problem {
  readonly errors?: ReadonlyArray<{ readonly path: string; readonly message: string }>
  readonly detail?: string
}

const plain = (hex: string) => hex.replace(/^0x/i, "").toLowerCase()
const sectionsIn = (stream: Uint8Array) => cuesIn(stream, SCTE35_PID)
const pidAt = (stream: Uint8Array, packet: number) => readPacket(stream, packet * PACKET_BYTES).pid
const packetAt = (stream: Uint8Array, packet: number) =>
  Buffer.from(stream.subarray(packet * PACKET_BYTES, (packet + 1) * PACKET_BYTES))

/** Whether two packets differ in nothing but their continuity counters. */
const sameButCounter = (a: Buffer, b: Buffer): boolean =>
  a.every((byte, i) => byte === b[i] || (i === 3 && (byte & 0xf0) === ((b[i] ?? 0) & 0xf0)))

/**
 * Number of packets that were inserted into `stream`: in place of null packets, or, where the machine stood still and
 * none came in time, between two others. All else has to be as it was sent.
 */
const insertedInto = (stream: Uint8Array): number => {
  let count = 0
  let came = 0
  for (let went = 0; went * PACKET_BYTES < stream.length; went++) {
    const packet = packetAt(stream, went)
    const sent = packetAt(ts, came)
    if (packet.equals(sent) || (pidAt(ts, came) === SCTE35_PID && sameButCounter(packet, sent))) came += 1
    else {
      expect(pidAt(stream, went)).toBe(SCTE35_PID)
      if (pidAt(ts, came) === NULL_PID) came += 1
      count += 1
    }
  }
  expect(came * PACKET_BYTES).toBe(ts.length)
  return count
}

let product: Product
let channelId: string
let port: number
let udp: UdpReceiver
let srt: SrtReceiver
const inserted: Inserted[] = []
const post = <T>(body: unknown) => product.api<T>("POST", `/api/channels/${channelId}/cues`, body)

beforeAll(async () => {
  product = await Product.start()
  udp = await UdpReceiver.open()
  port = await freeUdpPort()
  const listenPort = await freeUdpPort()
  const channel = await product.channel({
    name: "manual",
    rtp_ip: "127.0.0.1",
    rtp_port: port,
    outputs: [
      { name: "udp", url: `udp://127.0.0.1:${udp.port}` },
      { name: "srt", url: `srt://127.0.0.1:${listenPort}?mode=listener` },
    ],
  })
  channelId = channel.id
  srt = await SrtReceiver.open(`srt://127.0.0.1:${listenPort}?latency=2000`)
  await product.until(
    "outputs are connected",
    channelId,
    (view) => view.outputs.every((o) => o.status === "connected"),
    20_000,
  )
})
afterAll(async () => {
  udp.close()
  srt.stop()
  await product.dispose()
})

describe("manual cues", () => {
  it("are refused unless the channel allows them, and while nothing arrives", async () => {
    const off = await post<Problem>({ command: "splice_insert", out_of_network_indicator: true, pre_roll_s: 4 })
    expect(off.status).toBe(409)
    expect(JSON.stringify(off.body)).toContain("manual_cues")
    await product.api("PUT", `/api/channels/${channelId}`, { input: { manual_cues: true } })
    const silent = await post<Problem>({ command: "splice_insert", out_of_network_indicator: true, pre_roll_s: 4 })
    expect(silent.status).toBe(409)
    expect(JSON.stringify(silent.body)).toMatch(/no packets/)
  })

  it("go out while the stream runs, as fields and as base64, and everything else stays", async () => {
    const sending = sendTs(ts, { port, bitrate: BITRATE })
    await eventually("the stream's tables are known", async () => {
      const answer = await post<Inserted & Problem>({
        command: "splice_insert",
        splice_event_id: 90001,
        out_of_network_indicator: true,
        pre_roll_s: 5,
        break_duration_seconds: 30,
      })
      if (answer.status !== 202) return null
      inserted.push(answer.body)
      return true
    })
    const bytes = Buffer.from(inserted[0]?.cue.base64 ?? "", "base64")
    await eventually("a second cue is taken", async () => {
      const answer = await post<Inserted>({ cue: bytes.toString("base64") })
      if (answer.status !== 202) return null
      inserted.push(answer.body)
      return true
    })
    const signal = await eventually("a time_signal is taken", async () => {
      const answer = await post<Inserted>({
        command: "time_signal",
        segmentation: [
          {
            segmentation_event_id: 7,
            segmentation_type_id: 0x35,
            segmentation_upid_type: 0x0f,
            upid_text: `https://example.com/${"x".repeat(200)}`,
          },
        ],
      })
      return answer.status === 202 ? answer.body : null
    })
    inserted.push(signal)
    await sending
    await eventually("all bytes are there", () => (udp.bytes().length >= ts.length ? true : null))
    await srt.atLeast(udp.bytes().length)

    for (const stream of [udp.bytes(), srt.bytes()]) {
      const sections = sectionsIn(stream)
      const mine = inserted.map(({ cue }) => plain(cue.hex))
      expect(sections.filter((hex) => mine.includes(hex))).toEqual(mine)
      expect(sections.filter((hex) => !mine.includes(hex))).toEqual(sectionsIn(ts))
      expect(analyseStrictly(stream).violations).toEqual(analyseStrictly(ts).violations)
      expect(insertedInto(stream)).toBe(4)
    }
  })

  it("are in the history as ours, with their proof, and in the events with who asked", async () => {
    const { body } = await product.api<{ cues: CueView[] }>("GET", `/api/channels/${channelId}/cues`)
    const manual = body.cues.filter((cue) => cue.manual)
    expect(manual.map((cue) => plain(cue.hex)).toReversed()).toEqual([
      ...new Set(inserted.map(({ cue }) => plain(cue.hex))),
    ])
    for (const { outputs } of manual) expect(outputs.map(({ status }) => status)).toEqual(["sent", "sent"])
    const events = await product.api<{ events: ChannelEventView[] }>(
      "GET",
      `/api/channels/${channelId}/events?limit=200`,
    )
    const audited = events.body.events.filter(({ kind }) => kind === "cue_inserted")
    expect(audited.length).toBe(3)
    for (const { message } of audited) expect(message).toMatch(/127\.0\.0\.1/)
    expect(manual.some(({ preroll_s }) => preroll_s !== null && preroll_s > 4 && preroll_s <= 5.1)).toBe(true)
  })
})
