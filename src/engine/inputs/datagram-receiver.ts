/** Receives a leg by UDP: RTP or raw TS, unicast or multicast, with FEC on the ports beside. */

import * as L from "../../core/assembly/memory/layout.ts"
import { formatEndpoint, isMulticast, zoneOf } from "../../core/net/address.ts"
import { captureReceived, endAt } from "../captures/batches.ts"
import { monotonicUs } from "../ffi/clock.ts"
import { libc, MSG_DONTWAIT } from "../ffi/libc.ts"
import type { InputPolicy, Reason, RelaySpec } from "../protocol/messages.ts"
import { reasonOf } from "../protocol/setup-failure.ts"
import type { UdpPortRegistry } from "../system/udp-port-registry.ts"
import { FecPorts } from "./fec-ports.ts"
import { FecReader } from "./fec-reader.ts"
import { hasLostZone, type InputSocket, openInputSocket, socketMemory } from "./input-socket.ts"
import type { LegReceiver, ReceiverFacts, ReceiverHost } from "./leg-receiver.ts"
import { MulticastWatch } from "./multicast-watch.ts"
import { RelayLink } from "./relay-link.ts"

/** Slots of the largest datagram: 64 KiB are 348 TS packets. */
const SLOTS_PER_DATAGRAM_MAX = 50
const REOPEN_US = 1e6
const POLL_US = 50_000
const INTERFACE_CHECK_US = 1e6

export class DatagramReceiver implements LegReceiver {
  readonly srtSocket = -1
  readonly arrival: string
  readonly #place: string
  readonly #host: ReceiverHost
  readonly #ports: UdpPortRegistry
  readonly #fec: FecPorts
  readonly #fecReader: FecReader
  #fecMode: InputPolicy["fec"]
  #socket: InputSocket | null = null
  #watch: MulticastWatch | null = null
  #relay: RelayLink | null = null
  #problem: Reason | null = null
  #releasePort: (() => void) | null = null
  #nextPollUs = 0
  #nextOpenUs = 0
  #nextCheckUs = 0
  #fecRuns = false
  /** As in the last batch; unknown sizes count as the largest. */
  #slotsPerDatagram = SLOTS_PER_DATAGRAM_MAX
  /** Slots that may still be filled in this turn. */
  #room = 0
  hasMore = false

  constructor(host: ReceiverHost, policy: InputPolicy, ports: UdpPortRegistry) {
    this.#host = host
    this.#ports = ports
    this.#fecMode = policy.fec
    this.#fec = new FecPorts(host.spec, policy.fec, ports)
    this.#fecReader = new FecReader(host, this.#fec, (count, above) => this.#captured(count, above))
    this.#place = formatEndpoint(host.spec.ip, host.spec.port)
    this.arrival = `on ${this.#place}`
  }

  configure(policy: InputPolicy): void {
    this.#fecMode = policy.fec
    this.#fec.mode = policy.fec
  }

  /** Groups are joined by both nodes: nothing of them is relayed. */
  relayBy(relay: RelaySpec | null): void {
    const wanted = relay === null || isMulticast(this.#host.spec.ip) ? null : relay
    if (this.#relay?.isFor(wanted) === true) return
    this.#relay?.close()
    this.#relay = wanted === null ? null : new RelayLink(this.#host, wanted, this.#ports)
  }

  get fd(): number {
    return this.#socket?.fd ?? -1
  }

  get relayFd(): number {
    return this.#relay?.fd ?? -1
  }

  get open(): boolean {
    return this.#socket !== null
  }

  get problem(): Reason | null {
    return this.#problem
  }

  /** Reads the FEC ports; and from time to time, opens what is closed and joins its group again. */
  poll(nowUs: number, clockOffsetUs: number): void {
    if (nowUs >= this.#nextPollUs) this.#maintain(nowUs)
    this.#relay?.poll(nowUs)
    this.#fecReader.read(clockOffsetUs, nowUs)
  }

  #maintain(nowUs: number): void {
    this.#nextPollUs = nowUs + POLL_US
    if (this.#socket === null) this.#open(nowUs)
    else if (nowUs >= this.#nextCheckUs) this.#check(this.#socket, nowUs)
    this.#fec.poll(nowUs, this.#socket !== null, this.#host.live(), this.#gauge(L.LEG_FEC_PACKETS))
    const runs = this.#gauge(L.LEG_FEC_COLUMNS) + this.#gauge(L.LEG_FEC_ROWS) > 0
    if (runs === this.#fecRuns || this.#fecMode === "off") return
    this.#fecRuns = runs
    const matrix = `${this.#gauge(L.LEG_FEC_COLUMNS)} columns, ${this.#gauge(L.LEG_FEC_ROWS)} rows`
    this.#host.say(
      runs ? "fec_on" : "fec_off",
      runs ? `SMPTE 2022-1 FEC arrives: ${matrix}` : "SMPTE 2022-1 FEC no longer arrives",
    )
  }

  #gauge(field: number): number {
    return this.#host.core.legField(this.#host.index, field)
  }

  #open(nowUs: number): void {
    if (nowUs < this.#nextOpenUs) return
    this.#nextOpenUs = nowUs + REOPEN_US
    const { spec } = this.#host
    this.#releasePort ??= this.#ports.hold(spec.ip, spec.port, "another input")
    try {
      this.#socket = openInputSocket(spec)
      this.#watch = MulticastWatch.of(this.#socket, spec, nowUs)
      this.#nextCheckUs = nowUs + INTERFACE_CHECK_US
      this.#problem = null
      this.#host.say("open", `listening on ${this.#place}/udp`)
    } catch (cause) {
      const reason = reasonOf(cause)
      if (this.#problem?.message !== reason.message) this.#host.say("failed", reason.message)
      this.#problem = reason
    }
  }

  /** Once a second: are the interfaces still those that the socket was opened on? */
  #check(socket: InputSocket, nowUs: number): void {
    this.#nextCheckUs = nowUs + INTERFACE_CHECK_US
    const { spec } = this.#host
    if (hasLostZone(socket, spec)) {
      this.#closeSocket()
      this.#fec.suspend()
      this.#nextOpenUs = nowUs
      this.#host.say(
        "failed",
        `the network interface ${zoneOf(spec.ip)} of ${spec.ip} is gone or was created anew: opening again`,
      )
      return
    }
    const report = this.#watch?.check(nowUs, this.#gauge(L.LEG_LAST_RX_US), () => this.#fec.suspend()) ?? null
    if (report !== null) this.#host.say(report.kind === "joined" ? "rejoined" : "failed", report.message)
  }

  receive(clockOffsetUs: number, room: number): number {
    this.#room = room
    this.hasMore = false
    const direct = this.#receiveFrom(this.fd, false, clockOffsetUs)
    return this.#relay === null ? direct : direct + this.#receiveFrom(this.#relay.fd, true, clockOffsetUs)
  }

  /** What came directly is relayed; what was relayed is not, so that nothing can go round. */
  #receiveFrom(fd: number, isRelayed: boolean, clockOffsetUs: number): number {
    if (fd < 0) return 0
    const { base, core, index } = this.#host
    let total = 0
    while (this.#room > 0) {
      const most = Math.max(1, Math.min(L.RX_BATCH, Math.floor(this.#room / this.#slotsPerDatagram)))
      const count = libc.recvmmsg(fd, base + L.RX_MMSG, most, MSG_DONTWAIT, 0)
      if (count <= 0) {
        if (isRelayed) this.#relay?.noteRefusal()
        return total
      }
      // Others may have had the processor since the pass began: no datagram is older than its stamp says.
      const readUs = monotonicUs()
      if (!isRelayed) {
        if (this.#host.capturePoint.capture !== null) this.#captured(count, 0)
        this.#relay?.send(count)
      }
      const appended = isRelayed
        ? core.ingestRelayed(index, count, clockOffsetUs, readUs)
        : core.ingest(index, count, clockOffsetUs, readUs)
      this.#fecReader.mediaTaken(count, count < most, clockOffsetUs, readUs)
      this.#slotsPerDatagram = Math.max(1, Math.ceil(appended / count))
      total += count
      this.#room -= Math.max(appended, count)
      if (count < most) return total
    }
    this.hasMore = true
    return total
  }

  /** Hands what came to the leg's port, or one `above` it, to the capture that runs. */
  #captured(count: number, above: number): void {
    const { capturePoint, core, spec } = this.#host
    if (capturePoint.capture !== null)
      captureReceived(capturePoint.capture, core, count, endAt(spec.ip, spec.port + above))
  }

  facts(): ReceiverFacts {
    const memory = this.#socket === null ? null : socketMemory(this.#socket.fd)
    return {
      kernelDrops: memory?.drops ?? 0,
      rcvbufGranted: this.#socket?.rcvbuf ?? 0,
      warnings: [
        ...(this.#socket?.warnings ?? []),
        ...(this.#watch?.warning == null ? [] : [this.#watch.warning]),
        ...this.#fec.warnings,
        ...(this.#relay?.warnings ?? []),
      ],
      fecOffered: this.#fec.offered,
      srt: null,
    }
  }

  #closeSocket(): void {
    if (this.#socket !== null) libc.close(this.#socket.fd)
    this.#socket = null
    this.#watch = null
  }

  close(): void {
    this.#fec.close()
    this.#relay?.close()
    this.#closeSocket()
    this.#releasePort?.()
    this.#releasePort = null
  }
}
