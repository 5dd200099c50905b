/**
 * Host side of core.wasm: one fixed memory, typed views of it, and the calls of its ABI.
 *
 * The memory never grows, so its views and its native address stay valid for the life of the core. Offsets are those of
 * `assembly/memory/layout.ts`. Nothing here allocates per datagram.
 */
import {
  CHANNEL_SIZE,
  CHANNELS,
  INSERTION_COUNT,
  INSERTION_NEXT,
  INSERTION_PACKETS,
  INSERTION_PACKETS_MAX,
  INSERTION_SIZE,
  INSERTION_UNTIL,
  INSERTIONS,
  LEG_MAX_GAP_US,
  LEG_SIZE,
  LEGS,
  MEMORY_BYTES,
  PID_PACKETS,
  PIDS,
  RING_BYTES,
  RING_HEADS,
  RING_SLOTS,
  RINGS,
  SLOT_RX_US,
  SLOT_STRIDE,
  TS_PACKET,
} from "../assembly/memory/layout.ts"
import type { CoreExports } from "./core-exports.ts"
import { type CoreEvent, takeEvents } from "./event-records.ts"
import { LEG_COUNTERS, type LegCounter, type LegCounters } from "./leg-fields.ts"
import { type WasmMemory, type WasmModule, webAssembly } from "./web-assembly.ts"

const WASM_PAGE = 65536
const counterNames = Object.keys(LEG_COUNTERS) as ReadonlyArray<LegCounter>

export class PacketCore {
  readonly memory: WasmMemory
  readonly u8: Uint8Array
  readonly u32: Uint32Array
  readonly f64: Float64Array
  readonly view: DataView
  readonly #exports: CoreExports
  readonly #countersFrom: number

  private constructor(memory: WasmMemory, exports: CoreExports, countersFrom: number) {
    this.memory = memory
    this.u8 = new Uint8Array(memory.buffer)
    this.u32 = new Uint32Array(memory.buffer)
    this.f64 = new Float64Array(memory.buffer)
    this.view = new DataView(memory.buffer)
    this.#exports = exports
    this.#countersFrom = countersFrom
  }

  /**
   * Makes a core of its own from the bytes of core.wasm. Rejects when they are not a module with this ABI.
   * `countersFrom`, for tests: where every counter that wraps at 2^32 starts (ring heads, packets of legs, PIDs and
   * merges), as on a machine that has run for weeks.
   */
  static async instantiate(
    wasm: ArrayBuffer | Uint8Array | WasmModule,
    { countersFrom = 0 } = {},
  ): Promise<PacketCore> {
    const pages = Math.ceil(MEMORY_BYTES / WASM_PAGE)
    const memory = new webAssembly.Memory({ initial: pages, maximum: pages })
    const imports = { env: { memory } }
    const { instance } =
      wasm instanceof ArrayBuffer || wasm instanceof Uint8Array
        ? await webAssembly.instantiate(wasm, imports)
        : { instance: new webAssembly.Instance(wasm, imports) }
    return new PacketCore(memory, instance.exports as unknown as CoreExports, countersFrom)
  }

  /** Fills the headers of the receive and send batches, once. `base`: native address of the memory's first byte. */
  bind(base: number): void {
    this.#exports.initReceive(BigInt(base))
    this.#exports.initSend(BigInt(base))
  }

  /** Forgets all counters, gauges and stream state of a leg (0 to MAX_LEGS - 1). */
  resetLeg(leg: number): void {
    this.#exports.resetLeg(leg)
    if (this.#countersFrom > 0) this.#exports.startLegAt(leg, this.#countersFrom)
  }

  /** Starts a channel's ring again, with head 0 unless told otherwise. */
  resetChannel(channel: number): void {
    this.#exports.resetChannel(channel)
    if (this.#countersFrom > 0) this.#exports.startChannelAt(channel, this.#countersFrom)
  }

  /** Full room in all receive headers; `ingest` does it for those it reads. */
  prepareReceive(): void {
    this.#exports.prepareReceive()
  }

  /**
   * Makes `leg` of a channel (1 primary, 2 backup, 0 none) its source: at once when there is none yet or both are
   * merged, else at the leg's next random access point, or with its next packet when `atOnce`.
   */
  setSource(channel: number, leg: 0 | 1 | 2, atOnce = false): void {
    this.#exports.setSource(channel, leg, atOnce ? 1 : 0)
  }

  /**
   * Lets the legs of a channel be merged when they agree; a gap then waits up to `windowUs` microseconds for the other
   * leg.
   */
  allowMerge(channel: number, allowed: boolean, windowUs: number): void {
    this.#exports.allowMerge(channel, allowed ? 1 : 0, windowUs)
  }

  /**
   * Lets TS packets that carry one section on an SCTE-35 PID, at most INSERTION_PACKETS_MAX, go out of a channel: in
   * place of null packets, from `afterUs` on also as packets of their own, from `untilUs` on not at all
   * (CLOCK_MONOTONIC). False when the tables of the source do not name the PID, four other PIDs were inserted into, or
   * a section waits already.
   */
  insertPackets(
    channel: number,
    pid: number,
    packets: Uint8Array,
    afterUs: number,
    untilUs: number,
    nowUs: number,
  ): boolean {
    const count = packets.length / TS_PACKET
    const area = INSERTIONS + channel * INSERTION_SIZE
    if (!Number.isInteger(count) || count > INSERTION_PACKETS_MAX || this.sectionWaits(channel, nowUs)) return false
    this.u8.set(packets, area + INSERTION_PACKETS)
    return this.#exports.insertPackets(channel, pid, count, afterUs, untilUs, nowUs) === 1
  }

  /** True while packets given to `insertPackets` wait to go out. */
  sectionWaits(channel: number, nowUs: number): boolean {
    const area = INSERTIONS + channel * INSERTION_SIZE
    const count = this.u32[(area + INSERTION_COUNT) >> 2] ?? 0
    const next = this.u32[(area + INSERTION_NEXT) >> 2] ?? 0
    return count > 0 && (next > 0 || nowUs < (this.f64[(area + INSERTION_UNTIL) >> 3] ?? 0))
  }

  /**
   * Takes a PID of a leg for SCTE-35 although no PMT says so, instead of the one told before; 0 takes none. Forgotten
   * by `resetLeg`.
   */
  setScte35Pid(leg: number, pid: number): void {
    this.#exports.setScte35Pid(leg, pid)
  }

  /**
   * Every 10 ms or so, before the outputs' turn: gives up gaps that have lasted too long. `nowUs` is CLOCK_MONOTONIC. By
   * LEG_READ_US of its legs the host has said before how far they are read.
   */
  tick(nowUs: number): void {
    this.#exports.tick(nowUs)
  }

  /** The time until which all that came to a leg has been read, `nowUs` at most, by its LEG_READ_US. */
  readUntil(leg: number, nowUs: number): number {
    return this.#exports.readUntil(leg, nowUs)
  }

  /**
   * Takes the first `count` datagrams of the receive batch for `leg` (channel * 2 for the primary, + 1 for the backup);
   * those of its channel's source go to that channel's ring. `clockOffsetUs` is CLOCK_REALTIME - CLOCK_MONOTONIC,
   * `nowUs` is CLOCK_MONOTONIC, in microseconds. Returns the slots appended.
   */
  ingest(leg: number, count: number, clockOffsetUs: number, nowUs: number): number {
    return this.#exports.ingest(leg, count, clockOffsetUs, nowUs)
  }

  /** As `ingest`, for datagrams that another node relays: it has looked whether their senders are allowed. */
  ingestRelayed(leg: number, count: number, clockOffsetUs: number, nowUs: number): number {
    return this.#exports.ingestRelayed(leg, count, clockOffsetUs, nowUs)
  }

  /**
   * Fills the send batch with those of the first `count` datagrams of the receive batch that come from the sender that
   * the leg listens to, as they are; returns how many. To be called before `ingest`. Call `bind` first.
   */
  relay(leg: number, count: number): number {
    return this.#exports.relay(leg, count)
  }

  /**
   * Takes the first `count` datagrams of the receive batch as SMPTE 2022-1 packets of `leg`, from its row or column
   * port. Returns how many media datagrams the furthest of them is ahead of the media so far, 0 when none is.
   */
  ingestFec(leg: number, isRow: boolean, count: number, clockOffsetUs: number, nowUs: number): number {
    return this.#exports.ingestFec(leg, isRow ? 1 : 0, count, clockOffsetUs, nowUs)
  }

  /**
   * Tells that all that had come to the FEC ports of `leg` was taken. Only then is it known which of the media have had
   * their FEC, so a gap that FEC may fill is not given up before.
   */
  fecPortsEmpty(leg: number): void {
    this.#exports.fecPortsEmpty(leg)
  }

  /**
   * Message `index` of the send batch: `length` bytes from byte `offset` of the payload in the slot at `slotAddress`,
   * behind an RTP header (payload type 33; `timestamp` in 90 kHz) when `withHeader`. Call `bind` first.
   */
  setSend(
    index: number,
    slotAddress: number,
    offset: number,
    length: number,
    withHeader: boolean | number,
    sequence: number,
    timestamp: number,
    ssrc: number,
  ): void {
    this.#exports.setSend(index, slotAddress, offset, length, withHeader ? 1 : 0, sequence, timestamp, ssrc)
  }

  /** Fills the SRT_MSGCTRL at TX_MSGCTRL: srctime is the slot's receive time, at least `minUs` (microseconds). */
  setMsgCtrl(slotAddress: number, minUs: number): void {
    this.#exports.setMsgCtrl(slotAddress, minUs)
  }

  /** Slots ever written to the channel's ring, modulo 2^32. */
  ringHead(channel: number): number {
    return this.u32[(RING_HEADS + channel * 64) >> 2] ?? 0
  }

  /**
   * Offset of the slot that holds position `n` (modulo 2^32) of the channel's ring, while `n` is within RING_SLOTS of
   * its head.
   */
  slotAddress(channel: number, n: number): number {
    return RINGS + channel * RING_BYTES + (n & (RING_SLOTS - 1)) * SLOT_STRIDE
  }

  /** Receive time of the slot at position `n` of the channel's ring, microseconds of CLOCK_MONOTONIC. */
  slotTimeUs(channel: number, n: number): number {
    return this.f64[(this.slotAddress(channel, n) + SLOT_RX_US) >> 3] ?? 0
  }

  /** One counter or gauge; `field` is a LEG_* index. */
  legField(leg: number, field: number): number {
    return this.f64[((LEGS + leg * LEG_SIZE) >> 3) + field] ?? 0
  }

  /** Writes a setting of a leg, or clears a gauge that grows until it is read; `field` is a LEG_* index. */
  setLegField(leg: number, field: number, value: number): void {
    this.f64[((LEGS + leg * LEG_SIZE) >> 3) + field] = value
  }

  /** One figure of a channel; `field` is a CHANNEL_* index. */
  channelField(channel: number, field: number): number {
    return this.f64[((CHANNELS + channel * CHANNEL_SIZE) >> 3) + field] ?? 0
  }

  /** All counters of a leg by their names in snake_case. */
  legSnapshot(leg: number): LegCounters {
    const counters: Partial<LegCounters> = {}
    for (const name of counterNames) counters[name] = this.legField(leg, LEG_COUNTERS[name])
    return counters as LegCounters
  }

  /** Longest gap between datagrams in microseconds since the last call. */
  takeMaxGapUs(leg: number): number {
    const gap = this.legField(leg, LEG_MAX_GAP_US)
    this.setLegField(leg, LEG_MAX_GAP_US, 0)
    return gap
  }

  /** Packets seen of one PID of a leg, modulo 2^32. */
  pidCount(leg: number, pid: number): number {
    return this.u32[((PID_PACKETS + leg * PIDS * 4) >> 2) + pid] ?? 0
  }

  /** Packets seen of each PID of a leg, by PID. */
  pidPackets(leg: number): Map<number, number> {
    const first = (PID_PACKETS + leg * PIDS * 4) >> 2
    const found = new Map<number, number>()
    for (let pid = 0; pid < PIDS; pid++) {
      const packets = this.u32[first + pid] ?? 0
      if (packets > 0) found.set(pid, packets)
    }
    return found
  }

  /** The events since the last call, oldest first; empties the area. */
  takeEvents(): CoreEvent[] {
    return takeEvents(this.u8, this.u32)
  }
}
