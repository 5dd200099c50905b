/**
 * The sender behind rtp-sender.ts, without a loop of its own: `pump` sends what is due. Deadlines are absolute, so an
 * interruption is caught up and the rate never drifts; datagrams of one slot leave in one `sendmmsg`.
 */
import {
  type Arena,
  createArena,
  EAGAIN,
  ECONNREFUSED,
  ENOBUFS,
  errno,
  IOVEC_SIZE,
  IP_MULTICAST_IF,
  IP_MULTICAST_TTL,
  IPPROTO_IP,
  ipv4,
  libc,
  MMSGHDR_SIZE,
  monotonicNs,
  SO_SNDBUF,
  SOL_SOCKET,
  setInt,
  sockaddrIn,
  systemError,
  udpSocket,
  writeU64,
} from "./native.ts"
import { DATAGRAM_BYTES, pcrStep, writeDatagram } from "./pattern.ts"
import { RTP_HEADER, writeRtpHeader } from "./rtp-header.ts"
import type { RtpSourceOptions, SenderReport } from "./rtp-source-options.ts"
import { never } from "./selection.ts"

const BATCH = 128
const STRIDE = 1344
const NAME_SIZE = 16

export class RtpSource {
  readonly #options: Required<Omit<RtpSourceOptions, "media" | "count">> & { media: Uint8Array | null; count: number }
  readonly #fd: number
  readonly #arena: Arena
  readonly #names: number
  readonly #data: number
  readonly #slotNs: number
  readonly #perSlot: ReadonlyArray<ReadonlyArray<number>>
  readonly #view: DataView
  /** Per channel: counter of a datagram held back by `reorder`, or -1. */
  readonly #held: Float64Array
  #filled = 0
  #slotIndex = 0
  #startNs = 0
  #lateMaxNs = 0
  #sent = 0
  #skipped = 0
  #duplicated = 0
  #reordered = 0
  #errors = 0

  constructor(options: RtpSourceOptions) {
    const perDatagram = options.packetsPerDatagram ?? 7
    const media = options.media ?? null
    if (media !== null && (media.length === 0 || media.length % 188 !== 0))
      throw new Error("the file is not a whole number of TS packets")
    const once =
      options.mediaOnce === true && media !== null
        ? Math.ceil(media.length / (perDatagram * 188))
        : Number.POSITIVE_INFINITY
    this.#options = {
      channels: options.channels ?? 1,
      host: options.host ?? "127.0.0.1",
      basePort: options.basePort,
      portStep: options.portStep ?? 2,
      bitrate: options.bitrate ?? 8e6,
      slots: Math.max(1, options.slots ?? 8),
      firstChannel: options.firstChannel ?? 0,
      rtp: options.rtp ?? true,
      seqStart: options.seqStart ?? 0,
      ssrc: options.ssrc ?? 0x53440000,
      payloadType: options.payloadType ?? 33,
      media,
      mediaOnce: options.mediaOnce ?? false,
      packetsPerDatagram: media === null ? 7 : perDatagram,
      count: options.count ?? once,
      loss: options.loss ?? never,
      duplicate: options.duplicate ?? never,
      reorder: options.reorder ?? never,
      ttl: options.ttl ?? 1,
      interface: options.interface ?? "127.0.0.1",
    }
    const { channels, slots, host, basePort, portStep, bitrate } = this.#options
    const iovecs = BATCH * MMSGHDR_SIZE
    this.#names = iovecs + BATCH * IOVEC_SIZE
    this.#data = this.#names + channels * NAME_SIZE
    this.#arena = createArena(this.#data + BATCH * STRIDE)
    this.#view = new DataView(this.#arena.bytes.buffer)
    const { words, address } = this.#arena
    for (let i = 0; i < BATCH; i++) {
      const header = i * MMSGHDR_SIZE
      words[(header + 8) >> 2] = NAME_SIZE
      writeU64(words, header + 16, address + iovecs + i * IOVEC_SIZE)
      writeU64(words, header + 24, 1)
    }
    for (let c = 0; c < channels; c++)
      this.#arena.bytes.set(sockaddrIn(host, basePort + c * portStep), this.#names + c * NAME_SIZE)
    this.#held = new Float64Array(channels).fill(-1)
    this.#perSlot = Array.from({ length: slots }, (_, s) =>
      Array.from({ length: channels }, (_, c) => c).filter((c) => c % slots === s),
    )
    this.#slotNs = (this.#options.packetsPerDatagram * 188 * 8 * 1e9) / bitrate / slots
    this.#fd = udpSocket()
    setInt(this.#fd, SOL_SOCKET, SO_SNDBUF, 4 << 20)
    if ((ipv4(host)[0] ?? 0) >> 4 === 14) {
      setInt(this.#fd, IPPROTO_IP, IP_MULTICAST_TTL, this.#options.ttl)
      libc.setsockopt(this.#fd, IPPROTO_IP, IP_MULTICAST_IF, ipv4(this.#options.interface), 4)
    }
  }

  /** The first slot is due at `startNs` (CLOCK_MONOTONIC). */
  start(startNs: number = monotonicNs()): void {
    this.#startNs = startNs
  }

  /** When the next slot is due, CLOCK_MONOTONIC nanoseconds. */
  get nextNs(): number {
    return this.#startNs + this.#slotIndex * this.#slotNs
  }

  /** True when every channel has sent its `count`. */
  get done(): boolean {
    return this.#slotIndex >= this.#options.count * this.#options.slots
  }

  /** Sends every slot that is due at `nowNs`. */
  pump(nowNs: number = monotonicNs()): void {
    const { slots, loss, reorder, duplicate } = this.#options
    this.#lateMaxNs = Math.max(this.#lateMaxNs, this.done ? 0 : nowNs - this.nextNs)
    while (!this.done && this.nextNs <= nowNs) {
      const counter = Math.floor(this.#slotIndex / slots)
      for (const channel of this.#perSlot[this.#slotIndex % slots] ?? []) {
        const held = this.#held[channel] ?? -1
        if (loss(counter, channel)) this.#skipped += 1
        else if (held < 0 && reorder(counter, channel)) {
          this.#held[channel] = counter
          this.#reordered += 1
          continue
        } else {
          this.#queue(channel, counter, nowNs)
          if (duplicate(counter, channel)) {
            this.#queue(channel, counter, nowNs)
            this.#duplicated += 1
          }
        }
        if (held >= 0) {
          this.#queue(channel, held, nowNs)
          this.#held[channel] = -1
        }
      }
      this.#slotIndex += 1
    }
    this.#send()
  }

  #queue(channel: number, counter: number, nowNs: number): void {
    const { rtp, media, bitrate, packetsPerDatagram } = this.#options
    const { words, bytes, address } = this.#arena
    const offset = this.#data + this.#filled * STRIDE
    const payload = offset + RTP_HEADER
    const step = pcrStep(bitrate)
    let length = DATAGRAM_BYTES
    if (media === null) writeDatagram(words, payload >> 2, this.#options.firstChannel + channel, counter, nowNs, step)
    else {
      const size = packetsPerDatagram * 188
      const perLoop = Math.ceil(media.length / size)
      const from = (counter % perLoop) * size
      const part = media.subarray(from, Math.min(from + size, media.length))
      bytes.set(part, payload)
      length = part.length
    }
    if (rtp) {
      const timestamp = Math.floor((counter * packetsPerDatagram * 188 * 8 * 90000) / bitrate)
      const { payloadType, seqStart, ssrc } = this.#options
      writeRtpHeader(this.#view, offset, { payloadType, sequence: seqStart + counter, timestamp, ssrc: ssrc + channel })
    }
    const header = this.#filled * MMSGHDR_SIZE
    const iovec = BATCH * MMSGHDR_SIZE + this.#filled * IOVEC_SIZE
    writeU64(words, header, address + this.#names + channel * NAME_SIZE)
    writeU64(words, iovec, address + (rtp ? offset : payload))
    writeU64(words, iovec + 8, rtp ? length + RTP_HEADER : length)
    this.#filled += 1
    if (this.#filled === BATCH) this.#send()
  }

  #send(): void {
    let from = 0
    while (from < this.#filled) {
      const sent = libc.sendmmsg(this.#fd, this.#arena.address + from * MMSGHDR_SIZE, this.#filled - from, 0)
      if (sent > 0) {
        this.#sent += sent
        from += sent
        continue
      }
      const code = errno()
      if (code !== EAGAIN && code !== ENOBUFS && code !== ECONNREFUSED) throw systemError("sendmmsg")
      this.#errors += 1
      from += 1
    }
    this.#filled = 0
  }

  report(): SenderReport {
    return {
      channels: this.#options.channels,
      sent: this.#sent,
      skipped: this.#skipped,
      duplicated: this.#duplicated,
      reordered: this.#reordered,
      send_errors: this.#errors,
      late_max_us: Math.round(this.#lateMaxNs / 1000),
      seconds: Math.round((monotonicNs() - this.#startNs) / 1e6) / 1000,
      next_counter: Math.ceil(this.#slotIndex / this.#options.slots),
    }
  }

  close(): void {
    libc.close(this.#fd)
  }

  /**
   * Sends from the event loop, every millisecond, for tests that receive in the same process; resolves when `count` is
   * reached. `stop` ends it earlier.
   */
  run(): { readonly finished: Promise<SenderReport>; readonly stop: () => SenderReport } {
    if (this.#startNs === 0) this.start()
    let finish: (report: SenderReport) => void = () => {}
    const finished = new Promise<SenderReport>((resolve) => {
      finish = resolve
    })
    let ended = false
    const stop = () => {
      const report = this.report()
      if (!ended) {
        ended = true
        clearInterval(timer)
        this.close()
        finish(report)
      }
      return report
    }
    const timer = setInterval(() => {
      this.pump()
      if (this.done) stop()
    }, 1)
    return { finished, stop }
  }
}
