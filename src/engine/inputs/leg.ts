/** One leg of a channel: its socket, its state in the packet core, its programme tables, its statistics. */
import * as L from "../../core/assembly/layout.ts"
import type { CoreEvent, PacketCore } from "../../core/packet-core.ts"
import { parsePat, parsePmt } from "../../core/ts/psi.ts"
import { libc, MSG_DONTWAIT } from "../ffi/libc.ts"
import type { LegSpec, LegStats, ProgrammeInfo, Reason } from "../messages.ts"
import { reasonOf } from "../setup-failure.ts"
import { type InputSocket, kernelDrops, openInputSocket } from "./input-socket.ts"
import { legWarnings } from "./leg-warnings.ts"

/** Ring slots filled from one socket before the outputs have their turn: well below what a ring and an output's queue hold. */
const SLOTS_PER_TURN = 256
/** Slots of the largest datagram: 64 KiB are 348 TS packets. */
const SLOTS_PER_DATAGRAM_MAX = 50
const SILENT_US = 1e6
const REOPEN_US = 1e6
const TABLE_PAT = 0
const TABLE_PMT = 2

export type LegKind = "open" | "failed" | "live" | "silent" | "sender_changed" | "sequence_reset" | "psi_changed"

export class Leg {
  readonly spec: LegSpec
  /** Index in the packet core. */
  readonly index: number
  readonly #core: PacketCore
  readonly #base: number
  readonly #say: (kind: LegKind, message: string) => void
  #socket: InputSocket | null = null
  #problem: Reason | null = null
  #nextOpenUs = 0
  #live = false
  /** As in the last batch; unknown sizes count as the largest. */
  #slotsPerDatagram = SLOTS_PER_DATAGRAM_MAX
  #programmes = new Map<number, ProgrammeInfo>()
  #before: Readonly<Record<string, number>> = {}
  #beforeUs = 0
  #dropsBefore = 0
  #warnings: string[] = []

  constructor(spec: LegSpec, index: number, core: PacketCore, base: number, say: (kind: LegKind, message: string) => void) {
    this.spec = spec
    this.index = index
    this.#core = core
    this.#base = base
    this.#say = say
    core.resetLeg(index)
  }

  get fd(): number {
    return this.#socket?.fd ?? -1
  }

  /** Opens the socket, or tries again once a second after a failure; true when it has just been opened. */
  open(nowUs: number): boolean {
    if (this.#socket !== null || nowUs < this.#nextOpenUs) return false
    this.#nextOpenUs = nowUs + REOPEN_US
    try {
      this.#socket = openInputSocket(this.spec)
      this.#problem = null
      this.#say("open", `listening on ${this.spec.ip}:${this.spec.port}/udp`)
      return true
    } catch (cause) {
      const reason = reasonOf(cause)
      if (this.#problem?.message !== reason.message) this.#say("failed", reason.message)
      this.#problem = reason
      return false
    }
  }

  /** Takes what the socket holds. `channel` is the ring to fill, or -1 to measure only. Returns datagrams read. */
  receive(channel: number, clockOffsetUs: number, nowUs: number): number {
    const fd = this.fd
    if (fd < 0) return 0
    let total = 0
    let slots = 0
    while (slots < SLOTS_PER_TURN) {
      const room = Math.max(1, Math.min(L.RX_BATCH, Math.floor((SLOTS_PER_TURN - slots) / this.#slotsPerDatagram)))
      const count = libc.recvmmsg(fd, this.#base + L.RX_MMSG, room, MSG_DONTWAIT, 0)
      if (count <= 0) break
      const appended = this.#core.ingest(this.index, channel, count, clockOffsetUs, nowUs)
      this.#slotsPerDatagram = Math.max(1, Math.ceil(appended / count))
      total += count
      slots += Math.max(appended, count)
      if (count < room) break
    }
    return total
  }

  /** PAT, PMT, sender and sequence events of the packet core. */
  handle(event: CoreEvent): void {
    if (event.type === L.EVENT_SENDER) this.#say("sender_changed", `the sender changed (${hex(event.b)} to ${hex(event.a)})`)
    else if (event.type === L.EVENT_SEQUENCE_RESET)
      this.#say("sequence_reset", `RTP sequence numbers restarted at ${event.a} (expected ${event.b})`)
    else if (event.type === L.EVENT_PSI) this.#tables(event)
  }

  #tables(event: CoreEvent): void {
    if (event.a === TABLE_PAT) {
      const pat = parsePat(event.data)
      if (pat === null) return
      const known = new Map<number, ProgrammeInfo>()
      for (const { program_number, pid } of pat.programs) {
        const old = this.#programmes.get(program_number)
        if (program_number !== 0) known.set(program_number, old?.pmt_pid === pid ? old : emptyProgramme(program_number, pid))
      }
      this.#programmes = known
    } else if (event.a === TABLE_PMT) {
      const pmt = parsePmt(event.data)
      if (pmt === null) return
      const { program_number, version, pcr_pid, cuei } = pmt
      const streams = pmt.streams.map(({ pid, stream_type }) => ({ pid, stream_type }))
      this.#programmes.set(program_number, { program_number, pmt_pid: event.pid, version, pcr_pid, cuei, streams })
      const listed = streams.map((s) => `${s.pid}:0x${s.stream_type.toString(16).padStart(2, "0")}`).join(" ")
      this.#say("psi_changed", `programme ${program_number} (PMT version ${version}, PCR PID ${pcr_pid}): ${listed}`)
    }
  }

  #gauge(field: number): number {
    return this.#core.legField(this.index, field)
  }

  /** Address and SSRC of the last second sender. */
  #rival(): string {
    const ssrc = this.#gauge(L.LEG_FOREIGN_SSRC)
    const from = endpoint(this.#gauge(L.LEG_FOREIGN_IPV4), this.#gauge(L.LEG_FOREIGN_PORT))
    return ssrc < 0 ? from : `${from}, SSRC ${hex(ssrc)}`
  }

  /** True when TS arrived in the last second; tells of the change. */
  checkLive(nowUs: number): boolean {
    const last = this.#gauge(L.LEG_LAST_RX_US)
    const live = last > 0 && nowUs - last < SILENT_US
    if (live !== this.#live) {
      this.#live = live
      this.#say(
        live ? "live" : "silent",
        live ? `TS packets arrive on ${this.spec.ip}:${this.spec.port}` : `no TS packets for ${SILENT_US / 1e6} s`,
      )
    }
    return live
  }

  /** Called once a second; `epochOffsetMs` turns monotonic milliseconds into Unix ones. */
  stats(nowUs: number, epochOffsetMs: number): LegStats {
    const counters = this.#core.legSnapshot(this.index)
    const drops = this.#socket === null ? 0 : kernelDrops(this.#socket.fd)
    const seconds = (nowUs - this.#beforeUs) / 1e6
    if (seconds > 0.5) {
      this.#warnings = [
        ...(this.#socket?.warnings ?? []),
        ...legWarnings(this.#before, counters, drops - this.#dropsBefore, seconds, this.#rival()),
      ]
      this.#before = counters
      this.#beforeUs = nowUs
      this.#dropsBefore = drops
    }
    const last = this.#gauge(L.LEG_LAST_RX_US)
    const framing = this.#gauge(L.LEG_FRAMING)
    return {
      name: this.spec.name,
      ip: this.spec.ip,
      port: this.spec.port,
      problem: this.#problem,
      receiving: this.checkLive(nowUs),
      warnings: this.#warnings,
      framing: framing === 1 ? "rtp" : framing === 2 ? "udp" : "none",
      source: framing === 0 ? null : endpoint(this.#gauge(L.LEG_SOURCE_IPV4), this.#gauge(L.LEG_SOURCE_PORT)),
      ssrc: framing === 1 ? this.#gauge(L.LEG_IDENTITY) : null,
      last_packet_at: last === 0 ? null : last / 1000 + epochOffsetMs,
      jitter_ms: this.#gauge(L.LEG_JITTER_90K) / 90,
      rcvbuf_bytes: this.#socket?.rcvbuf ?? 0,
      kernel_drops: drops,
      programmes: [...this.#programmes.values()],
      counters,
    }
  }

  close(): void {
    if (this.#socket !== null) libc.close(this.#socket.fd)
    this.#socket = null
    this.#core.resetLeg(this.index)
  }
}

const hex = (identity: number) => `0x${(identity >>> 0).toString(16).padStart(8, "0")}`

const endpoint = (ipv4: number, port: number) => `${[24, 16, 8, 0].map((shift) => (ipv4 >>> shift) & 255).join(".")}:${port}`

const emptyProgramme = (program_number: number, pmt_pid: number): ProgrammeInfo => ({
  program_number,
  pmt_pid,
  pcr_pid: 0x1fff,
  version: -1,
  streams: [],
  cuei: false,
})
