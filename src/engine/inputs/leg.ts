/** One leg of a channel: its sockets, its state in the packet core, its programme tables, its statistics. */

import * as L from "../../core/assembly/memory/layout.ts"
import type { CoreEvent } from "../../core/packet-core/event-records.ts"
import { channelOfIndex } from "../../core/packet-core/leg-index.ts"
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import { STREAM_TYPE_SCTE35 } from "../../core/ts/stream-types.ts"
import type { CapturePoint } from "../captures/datagram-capture.ts"
import type { InputPolicy, LegSpec, LegStats, Reason, RelaySpec } from "../protocol/messages.ts"
import { parseAllowedSenders } from "./allowed-senders.ts"
import type { InputContext } from "./input-context.ts"
import { hexIdentity, LegFigures, type LegSurroundings } from "./leg-figures.ts"
import type { LegKind, LegReceiver, ReceiverHost } from "./leg-receiver.ts"
import { openReceiver } from "./open-receiver.ts"
import { ProgrammeTables } from "./programme-tables.ts"

const SILENT_US = 1e6

export class Leg {
  readonly spec: LegSpec
  /** Index in the packet core. */
  readonly index: number
  /** Number of its channel in the packet core. */
  readonly channel: number
  readonly capturePoint: CapturePoint = { capture: null }
  readonly #core: PacketCore
  readonly #say: (kind: LegKind, message: string) => void
  readonly #tables = new ProgrammeTables()
  readonly #figures: LegFigures
  readonly #receiver: LegReceiver
  #policy: InputPolicy
  /** Why the leg before this one failed, and until when this one holds off. */
  #fault: Reason | null = null
  #holdOffUntilUs = 0
  #live = false

  constructor(
    spec: LegSpec,
    policy: InputPolicy,
    index: number,
    context: InputContext,
    say: (kind: LegKind, message: string) => void,
  ) {
    this.spec = spec
    this.index = index
    this.channel = channelOfIndex(index)
    this.#core = context.core
    this.#say = say
    this.#policy = policy
    this.#figures = new LegFigures(spec, index, context.core)
    context.core.resetLeg(index)
    const { core, base } = context
    const host: ReceiverHost = { spec, index, core, base, live: () => this.#live, say, capturePoint: this.capturePoint }
    this.#receiver = openReceiver(context, host, policy)
    this.configure(policy)
  }

  /** Takes new settings; what the media come by stays open. */
  configure(policy: InputPolicy): void {
    this.#policy = policy
    this.#receiver.configure(policy)
    const set = (field: number, value: number) => this.#core.setLegField(this.index, field, value)
    set(L.LEG_REORDER_US, policy.reorder_ms * 1000)
    set(L.LEG_REORDER_MAX, L.REORDER_DATAGRAMS_MAX)
    set(L.LEG_FEC_ENABLED, policy.fec === "auto" ? 1 : 0)
    // The senders of an SRT leg are looked at when they connect.
    const networks = this.spec.url === undefined ? parseAllowedSenders(policy.allowed_senders) : []
    for (const [i, { prefix, words }] of networks.entries())
      for (const [j, field] of [...words, prefix].entries()) set(L.LEG_ALLOWED + i * L.ALLOWED_FIELDS + j, field)
    set(L.LEG_ALLOWED_COUNT, networks.length)
    this.#core.setScte35Pid(this.index, policy.scte35_pid ?? 0)
  }

  /** Descriptor to be watched by the kernel's epoll; -1 when there is none. */
  get fd(): number {
    return this.#receiver.fd
  }

  /** Descriptor of what another node relays, to be watched by the kernel's epoll; -1 when there is none. */
  get relayFd(): number {
    return this.#receiver.relayFd ?? -1
  }

  /** Exchanges datagrams with another node, or no more; what the media come by stays open. */
  relayBy(relay: RelaySpec | null): void {
    this.#receiver.relayBy?.(relay)
  }

  /** Socket to be watched by libsrt's epoll; -1 when there is none. */
  get srtSocket(): number {
    return this.#receiver.srtSocket
  }

  /** Packets can come: the socket is open, or a sender is connected. */
  get open(): boolean {
    return this.#receiver.open
  }

  /** Takes the place of a leg that failed for `reason`: it is opened at `atUs`, not before. */
  holdOff(reason: Reason, atUs: number): void {
    this.#fault = reason
    this.#holdOffUntilUs = atUs
    this.#say("failed", reason.message)
  }

  /** Every 10 ms: opens what is closed, reads FEC, joins its group again, connects. */
  poll(nowUs: number, clockOffsetUs: number): void {
    if (this.#fault !== null) {
      if (nowUs < this.#holdOffUntilUs) return
      this.#fault = null
    }
    this.#receiver.poll(nowUs, clockOffsetUs)
  }

  /** The last turn may have left datagrams unread, because there was no room for them. */
  get hasMore(): boolean {
    return this.#receiver.hasMore
  }

  /** Takes what has come, as far as it fills `room` slots. Returns datagrams read. */
  receive(clockOffsetUs: number, room: number): number {
    return this.#receiver.receive(clockOffsetUs, room)
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
    const live = last > 0 && this.#core.readUntil(this.index, nowUs) - last < SILENT_US
    if (live !== this.#live) {
      this.#live = live
      this.#say(
        live ? "live" : "silent",
        live ? `TS packets arrive ${this.#receiver.arrival}` : `no TS packets for ${SILENT_US / 1e6} s`,
      )
    }
    return live
  }

  /** Called once a second; `epochOffsetMs` turns monotonic milliseconds into Unix ones. */
  stats(nowUs: number, epochOffsetMs: number, surroundings: LegSurroundings): LegStats {
    const receiving = this.checkLive(nowUs)
    const problem = this.#fault ?? this.#receiver.problem
    const receiver = this.#receiver.facts()
    return {
      ...this.#figures.take({
        nowUs,
        epochOffsetMs,
        receiving,
        problem,
        receiver,
        programmes: this.#tables.programmes,
        fecEnabled: this.#policy.fec === "auto",
        surroundings,
      }),
      problem,
    }
  }

  close(): void {
    this.#receiver.close()
    this.#core.resetLeg(this.index)
  }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(3)} s`
