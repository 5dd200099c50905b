/** Streams with SCTE-35 that are made packet by packet, and channels of the product to which they are played. */

import { expect } from "vitest"
import { joinBytes } from "../../../src/core/bytes/join-bytes.ts"
import { type BuiltCue, spliceInsert } from "../../../src/core/scte35/build-cue.ts"
import type { ChannelView, CueView } from "../../../src/effects/model/channel.ts"
import { AUDIO_PID, PMT_PID, pat, TsWriter, VIDEO_PID } from "../../ts-stream.ts"
import { freeUdpPort } from "../ports.ts"
import type { Product } from "../product.ts"
import { UdpReceiver } from "../receivers.ts"
import { sendTs } from "../send-ts.ts"

const FRAMES_PER_SECOND = 25
const FRAME_PACKETS = 28
/** Constant bit rate of a CueStream in bit/s. */
export const STREAM_BITRATE = FRAME_PACKETS * 188 * 8 * FRAMES_PER_SECOND
const START_90K = 900_000

export const bytesOf = (cue: BuiltCue): Uint8Array => {
  if (!cue.ok) throw new Error(cue.problems.join("; "))
  return cue.bytes
}

/**
 * A programme at a constant bit rate, made frame by frame: 40 ms in 28 packets, with PCR, PAT, PMT, cues, audio and
 * video.
 */
export class CueStream {
  readonly writer = new TsWriter()
  #frame = 0

  /** PCR of the next frame in 90 kHz ticks. */
  get clock90k(): number {
    return START_90K + (this.#frame * 90_000) / FRAMES_PER_SECOND
  }

  /** Makes the next frame. `cues` are TS packets, made by `writer`; they stand right behind the PMT. */
  frame(pmt: Uint8Array, cues: ReadonlyArray<Uint8Array> = []): Uint8Array {
    const { writer } = this
    const pcr = writer.media(VIDEO_PID, {
      pcr: this.clock90k * 300,
      random_access: this.#frame % FRAMES_PER_SECOND === 0,
    })
    const head = joinBytes([
      pcr,
      writer.section(0, pat()),
      writer.section(PMT_PID, pmt),
      ...cues,
      writer.media(AUDIO_PID),
    ])
    const left = FRAME_PACKETS - head.length / 188
    if (left < 0) throw new RangeError(`a frame has no room for ${head.length / 188} packets`)
    this.#frame++
    return joinBytes([head, ...Array.from({ length: left }, () => writer.media(VIDEO_PID))])
  }

  /** Makes `count` frames without cues. */
  frames(count: number, pmt: Uint8Array): Uint8Array {
    return joinBytes(Array.from({ length: count }, () => this.frame(pmt)))
  }

  /** Makes a splice_insert that leaves the network ten seconds after the next frame. */
  outCue(event: number): Uint8Array {
    return bytesOf(
      spliceInsert({
        splice_event_id: event,
        out_of_network_indicator: true,
        pts_time: this.clock90k + 10 * 90_000,
        break_duration_seconds: 30,
      }),
    )
  }
}

/** A channel with one UDP output, whose receiver is here. */
export class CueStage {
  readonly id: string
  readonly slug: string
  readonly #product: Product
  readonly #port: number
  readonly #receiver: UdpReceiver
  readonly #sent: Uint8Array[] = []
  #sequence = 0

  private constructor(product: Product, { id, slug }: ChannelView, port: number, receiver: UdpReceiver) {
    this.#product = product
    this.id = id
    this.slug = slug
    this.#port = port
    this.#receiver = receiver
  }

  static async open(product: Product, name: string): Promise<CueStage> {
    const receiver = await UdpReceiver.open()
    const port = await freeUdpPort()
    const outputs = [{ name: "udp", url: `udp://127.0.0.1:${receiver.port}` }]
    const channel = await product.channel({ name, rtp_ip: "127.0.0.1", rtp_port: port, outputs })
    await product.until("the output is connected", channel.id, (view) => view.outputs[0]?.status === "connected")
    return new CueStage(product, channel, port, receiver)
  }

  /** Sends the next part of the stream in its own time. */
  async play(ts: Uint8Array): Promise<void> {
    this.#sent.push(ts)
    const timestamp = Math.round(((this.#size - ts.length) * 8 * 90_000) / STREAM_BITRATE)
    this.#sequence += await sendTs(ts, {
      port: this.#port,
      bitrate: STREAM_BITRATE,
      sequence: this.#sequence,
      timestamp,
    })
  }

  get #size(): number {
    return this.#sent.reduce((sum, part) => sum + part.length, 0)
  }

  until<T>(what: string, found: (view: ChannelView) => T | null | undefined | false): Promise<T> {
    return this.#product.until(what, this.id, found)
  }

  view(): Promise<ChannelView> {
    return this.#product.view(this.id)
  }

  /** The stored cues, oldest first. */
  async cues(): Promise<CueView[]> {
    const { body } = await this.#product.api<{ cues: CueView[] }>("GET", `/api/channels/${this.id}/cues?limit=1000`)
    return body.cues.toReversed()
  }

  /** Checks that the output sent, byte for byte, what came in. */
  async expectUntouched(): Promise<void> {
    await this.#receiver.atLeastBytes(this.#size)
    expect(this.#receiver.bytes().equals(Buffer.from(joinBytes(this.#sent)))).toBe(true)
  }

  /** The sum of a metric of this channel over all series with `more` in their labels; NaN when there is none. */
  async metric(name: string, more = ""): Promise<number> {
    const text = await (await fetch(`${this.#product.url}/metrics`)).text()
    const lines = text
      .split("\n")
      .filter((one) => one.startsWith(`${name}{channel="${this.slug}"`) && one.includes(more))
    return lines.length === 0 ? Number.NaN : lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0)
  }

  close(): void {
    this.#receiver.close()
  }
}
