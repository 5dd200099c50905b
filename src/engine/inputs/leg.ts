/** One leg of a channel: its sockets, its state in the packet core, its programme tables, its statistics. */

import * as L from "../../core/assembly/memory/layout.ts"
import { formatEndpoint, zoneOf } from "../../core/net/address.ts"
import type { CoreEvent, PacketCore } from "../../core/packet-core/packet-core.ts"
import { STREAM_TYPE_SCTE35 } from "../../core/ts/stream-types.ts"
import { libc, MSG_DONTWAIT } from "../ffi/libc.ts"
import type { Event, InputPolicy, LegSpec, LegStats, Reason } from "../protocol/messages.ts"
import { reasonOf } from "../protocol/setup-failure.ts"
import type { UdpPortRegistry } from "../system/udp-port-registry.ts"
import { parseAllowedSenders } from "./allowed-senders.ts"
import { FecPorts } from "./fec-ports.ts"
import { hasLostZone, type InputSocket, openInputSocket, socketMemory } from "./input-socket.ts"
import { hexIdentity, LegFigures, type LegSurroundings } from "./leg-figures.ts"
import { MulticastWatch } from "./multicast-watch.ts"
import { ProgrammeTables } from "./programme-tables.ts"

/**
 * Ring slots filled from one socket before the outputs have their turn: well below what a ring and an output's queue
 * hold.
 */
const SLOTS_PER_TURN = 256
/** Slots of the largest datagram: 64 KiB are 348 TS packets. */
const SLOTS_PER_DATAGRAM_MAX = 50
const SILENT_US = 1e6
const REOPEN_US = 1e6
const POLL_US = 50_000
const INTERFACE_CHECK_US = 1e6

/** What a leg reports, as in the `leg` event. */
export type LegKind = Extract<Event, { readonly event: "leg" }>["kind"]

export class Leg {
  readonly spec: LegSpec
  /** Index in the packet core. */
  readonly index: number
  readonly #core: PacketCore
  readonly #base: number
  readonly #say: (kind: LegKind, message: string) => void
  readonly #ports: UdpPortRegistry
  readonly #tables = new ProgrammeTables()
  readonly #figures: LegFigures
  readonly #fec: FecPorts
  #policy: InputPolicy
  #socket: InputSocket | null = null
  #watch: MulticastWatch | null = null
  #problem: Reason | null = null
  #releasePort: (() => void) | null = null
  #nextPollUs = 0
  #nextOpenUs = 0
  #nextCheckUs = 0
  #live = false
  #fecRuns = false
  /** As in the last batch; unknown sizes count as the largest. */
  #slotsPerDatagram = SLOTS_PER_DATAGRAM_MAX

  constructor(
    spec: LegSpec,
    policy: InputPolicy,
    index: number,
    core: PacketCore,
    base: number,
    ports: UdpPortRegistry,
    say: (kind: LegKind, message: string) => void,
  ) {
    this.spec = spec
    this.index = index
    this.#core = core
    this.#base = base
    this.#ports = ports
    this.#say = say
    this.#policy = policy
    this.#fec = new FecPorts(spec, policy.fec, ports)
    this.#figures = new LegFigures(spec, index, core)
    core.resetLeg(index)
    this.configure(policy)
  }

  /** Takes new settings; the sockets of the media stay open. */
  configure(policy: InputPolicy): void {
    this.#policy = policy
    this.#fec.mode = policy.fec
    const set = (field: number, value: number) => this.#core.setLegField(this.index, field, value)
    set(L.LEG_REORDER_US, policy.reorder_ms * 1000)
    set(L.LEG_REORDER_MAX, L.REORDER_DATAGRAMS_MAX)
    set(L.LEG_FEC_ENABLED, policy.fec === "auto" ? 1 : 0)
    const networks = parseAllowedSenders(policy.allowed_senders)
    for (const [i, { prefix, words }] of networks.entries())
      for (const [j, field] of [...words, prefix].entries()) set(L.LEG_ALLOWED + i * L.ALLOWED_FIELDS + j, field)
    set(L.LEG_ALLOWED_COUNT, networks.length)
    this.#core.setScte35Pid(this.index, policy.scte35_pid ?? 0)
  }

  get fd(): number {
    return this.#socket?.fd ?? -1
  }

  /** Takes the place of a leg that failed for `reason`: it is opened at `atUs`, not before. */
  holdOff(reason: Reason, atUs: number): void {
    this.#problem = reason
    this.#nextOpenUs = atUs
    this.#say("failed", reason.message)
  }

  /** Every 10 ms: reads the FEC ports; and from time to time, opens what is closed and joins its group again. */
  poll(nowUs: number, clockOffsetUs: number): void {
    if (nowUs >= this.#nextPollUs) this.#maintain(nowUs)
    if (this.#fec.column >= 0) this.#receiveFec(this.#fec.column, false, clockOffsetUs, nowUs)
    if (this.#fec.row >= 0) this.#receiveFec(this.#fec.row, true, clockOffsetUs, nowUs)
  }

  #maintain(nowUs: number): void {
    this.#nextPollUs = nowUs + POLL_US
    if (this.#socket === null) this.#open(nowUs)
    else if (nowUs >= this.#nextCheckUs) this.#check(this.#socket, nowUs)
    this.#fec.poll(nowUs, this.#socket !== null, this.#live, this.#gauge(L.LEG_FEC_PACKETS))
    const runs = this.#gauge(L.LEG_FEC_COLUMNS) + this.#gauge(L.LEG_FEC_ROWS) > 0
    if (runs === this.#fecRuns || this.#policy.fec === "off") return
    this.#fecRuns = runs
    const matrix = `${this.#gauge(L.LEG_FEC_COLUMNS)} columns, ${this.#gauge(L.LEG_FEC_ROWS)} rows`
    this.#say(
      runs ? "fec_on" : "fec_off",
      runs ? `SMPTE 2022-1 FEC arrives: ${matrix}` : "SMPTE 2022-1 FEC no longer arrives",
    )
  }

  #open(nowUs: number): void {
    if (nowUs < this.#nextOpenUs) return
    this.#nextOpenUs = nowUs + REOPEN_US
    const { ip, port } = this.spec
    this.#releasePort ??= this.#ports.hold(ip, port, "another input")
    try {
      this.#socket = openInputSocket(this.spec)
      this.#watch = MulticastWatch.of(this.#socket, this.spec, nowUs)
      this.#nextCheckUs = nowUs + INTERFACE_CHECK_US
      this.#problem = null
      this.#say("open", `listening on ${formatEndpoint(ip, port)}/udp`)
    } catch (cause) {
      const reason = reasonOf(cause)
      if (this.#problem?.message !== reason.message) this.#say("failed", reason.message)
      this.#problem = reason
    }
  }

  /** Once a second: are the interfaces still those that the socket was opened on? */
  #check(socket: InputSocket, nowUs: number): void {
    this.#nextCheckUs = nowUs + INTERFACE_CHECK_US
    if (hasLostZone(socket, this.spec)) {
      this.#closeSocket()
      this.#fec.suspend()
      this.#nextOpenUs = nowUs
      this.#say(
        "failed",
        `the network interface ${zoneOf(this.spec.ip)} of ${this.spec.ip} is gone or was created anew: opening again`,
      )
      return
    }
    const report = this.#watch?.check(nowUs, this.#gauge(L.LEG_LAST_RX_US), () => this.#fec.suspend()) ?? null
    if (report !== null) this.#say(report.kind === "joined" ? "rejoined" : "failed", report.message)
  }

  /** Takes what the socket holds, for at most one turn of the outputs. Returns datagrams read. */
  receive(clockOffsetUs: number, nowUs: number): number {
    const fd = this.fd
    if (fd < 0) return 0
    let total = 0
    let slots = 0
    while (slots < SLOTS_PER_TURN) {
      const room = Math.max(1, Math.min(L.RX_BATCH, Math.floor((SLOTS_PER_TURN - slots) / this.#slotsPerDatagram)))
      const count = libc.recvmmsg(fd, this.#base + L.RX_MMSG, room, MSG_DONTWAIT, 0)
      if (count <= 0) break
      const appended = this.#core.ingest(this.index, count, clockOffsetUs, nowUs)
      this.#slotsPerDatagram = Math.max(1, Math.ceil(appended / count))
      total += count
      slots += Math.max(appended, count)
      if (count < room) break
    }
    return total
  }

  #receiveFec(fd: number, isRow: boolean, clockOffsetUs: number, nowUs: number): void {
    const count = libc.recvmmsg(fd, this.#base + L.RX_MMSG, L.RX_BATCH, MSG_DONTWAIT, 0)
    if (count > 0) this.#core.ingestFec(this.index, isRow, count, clockOffsetUs, nowUs)
  }

  /** PAT, PMT, sender, sequence and PCR events of the packet core. */
  handle(event: CoreEvent): void {
    if (event.type === L.EVENT_SENDER)
      this.#say("sender_changed", `the sender changed (${hexIdentity(event.b)} to ${hexIdentity(event.a)})`)
    else if (event.type === L.EVENT_SEQUENCE_RESET)
      this.#say("sequence_reset", `RTP sequence numbers restarted at ${event.a} (expected ${event.b})`)
    else if (event.type === L.EVENT_PCR_JUMP)
      this.#say(
        "pcr_jump",
        `the PCR of PID ${event.pid} jumped from ${seconds(event.a)} to ${seconds(event.b)} without discontinuity_indicator`,
      )
    else if (event.type === L.EVENT_PSI) {
      const changed = this.#tables.take(event)
      if (changed !== null) this.#say("psi_changed", changed)
    }
  }

  /** PIDs taken for SCTE-35: the one set by hand, then those the PMTs name. */
  get scte35Pids(): ReadonlyArray<number> {
    const named = this.#tables.programmes.flatMap(({ streams }) => streams)
    const pids = named.filter(({ stream_type }) => stream_type === STREAM_TYPE_SCTE35).map(({ pid }) => pid)
    return this.#policy.scte35_pid === null
      ? pids
      : [this.#policy.scte35_pid, ...pids.filter((pid) => pid !== this.#policy.scte35_pid)]
  }

  #gauge(field: number): number {
    return this.#core.legField(this.index, field)
  }

  /** True when TS arrived in the last second; tells of the change. */
  checkLive(nowUs: number): boolean {
    const last = this.#gauge(L.LEG_LAST_RX_US)
    const live = last > 0 && nowUs - last < SILENT_US
    if (live !== this.#live) {
      this.#live = live
      this.#say(
        live ? "live" : "silent",
        live
          ? `TS packets arrive on ${formatEndpoint(this.spec.ip, this.spec.port)}`
          : `no TS packets for ${SILENT_US / 1e6} s`,
      )
    }
    return live
  }

  /** Called once a second; `epochOffsetMs` turns monotonic milliseconds into Unix ones. */
  stats(nowUs: number, epochOffsetMs: number, surroundings: LegSurroundings): LegStats {
    const receiving = this.checkLive(nowUs)
    const memory = this.#socket === null ? null : socketMemory(this.#socket.fd)
    return {
      ...this.#figures.take({
        nowUs,
        epochOffsetMs,
        receiving,
        problem: this.#problem,
        kernelDrops: memory?.drops ?? 0,
        rcvbufGranted: this.#socket?.rcvbuf ?? 0,
        socketWarnings: [
          ...(this.#socket?.warnings ?? []),
          ...(this.#watch?.warning == null ? [] : [this.#watch.warning]),
          ...this.#fec.warnings,
        ],
        programmes: this.#tables.programmes,
        fecEnabled: this.#policy.fec === "auto",
        fecOffered: this.#fec.offered,
        surroundings,
      }),
      problem: this.#problem,
    }
  }

  #closeSocket(): void {
    if (this.#socket !== null) libc.close(this.#socket.fd)
    this.#socket = null
    this.#watch = null
  }

  close(): void {
    this.#fec.close()
    this.#closeSocket()
    this.#releasePort?.()
    this.#releasePort = null
    this.#core.resetLeg(this.index)
  }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(3)} s`
