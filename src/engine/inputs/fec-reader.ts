/**
 * Reads the FEC ports of a leg, in step with its media: the packet core keeps FEC packets of media that have not come
 * yet, but not many, and a machine that stood still for a second finds thousands of both in its sockets.
 */
import * as L from "../../core/assembly/memory/layout.ts"
import { libc, MSG_DONTWAIT } from "../ffi/libc.ts"
import type { FecPorts } from "./fec-ports.ts"
import type { ReceiverHost } from "./leg-receiver.ts"

/** FEC packets are read so many at a time: the columns of 20 rows then protect 320 media datagrams. */
const BATCH = 16
/** A port waits for the media while its FEC packets are about media so many datagrams ahead of those read so far. */
const LEAD_MAX = 64
/** FEC packets of a port in one turn, more than any sender sends in the time between two turns. */
const PER_TURN = 1024

/** One of the two ports. */
class PortReading {
  /** Media datagrams that the packets read so far are ahead of the media, at most. */
  lead = 0
  readonly isRow: boolean

  constructor(isRow: boolean) {
    this.isRow = isRow
  }
}

export class FecReader {
  readonly #host: ReceiverHost
  readonly #ports: FecPorts
  readonly #captured: (count: number, above: number) => void
  readonly #column = new PortReading(false)
  readonly #row = new PortReading(true)
  /** What has come to the ports is not all taken yet. */
  #waits = false

  /**
   * `captured` is told, while a capture runs, how many datagrams the receive batch has, and how far their port is
   * `above` the leg's.
   */
  constructor(host: ReceiverHost, ports: FecPorts, captured: (count: number, above: number) => void) {
    this.#host = host
    this.#ports = ports
    this.#captured = captured
  }

  /** Takes what has come, as far as it is not too far ahead of the media. Overwrites the receive batch. */
  read(clockOffsetUs: number, nowUs: number): void {
    this.#read(LEAD_MAX, clockOffsetUs, nowUs)
  }

  /**
   * To be called when media datagrams were taken, `count` of them; `isEmpty`: no more of them wait in the leg's
   * sockets. Goes on with what waits. Overwrites the receive batch.
   */
  mediaTaken(count: number, isEmpty: boolean, clockOffsetUs: number, nowUs: number): void {
    if (!this.#waits) return
    this.#column.lead -= count
    this.#row.lead -= count
    // Media that did not come are not waited for.
    this.#read(isEmpty ? Number.POSITIVE_INFINITY : LEAD_MAX, clockOffsetUs, nowUs)
  }

  #read(leadMax: number, clockOffsetUs: number, nowUs: number): void {
    const columns = this.#empty(this.#ports.column, this.#column, leadMax, clockOffsetUs, nowUs)
    const rows = this.#empty(this.#ports.row, this.#row, leadMax, clockOffsetUs, nowUs)
    this.#waits = !(columns && rows)
    if (!this.#waits) this.#host.core.fecPortsEmpty(this.#host.index)
  }

  /** True when nothing is left in the port. */
  #empty(fd: number, port: PortReading, leadMax: number, clockOffsetUs: number, nowUs: number): boolean {
    const { base, capturePoint, core, index } = this.#host
    for (let taken = 0; fd >= 0 && taken < PER_TURN; taken += BATCH) {
      if (port.lead > leadMax) return false
      const count = libc.recvmmsg(fd, base + L.RX_MMSG, BATCH, MSG_DONTWAIT, 0)
      port.lead = 0
      if (count <= 0) return true
      if (capturePoint.capture !== null) this.#captured(count, port.isRow ? 4 : 2)
      const lead = core.ingestFec(index, port.isRow, count, clockOffsetUs, nowUs)
      if (count < BATCH) return true
      port.lead = lead
    }
    return fd < 0
  }
}
