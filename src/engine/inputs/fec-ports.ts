/**
 * The sockets of a leg's FEC: SMPTE 2022-1 sends columns to the media port + 2 and rows to the port + 4.
 *
 * With FEC `auto` they are open as long as the leg listens. With FEC `off` they are opened once for a moment after the
 * leg came to life, to find out whether the sender offers FEC that nobody uses. Real users of a port come first
 * (udp-port-registry.ts).
 */
import { libc } from "../ffi/libc.ts"
import type { InputPolicy, LegSpec } from "../protocol/messages.ts"
import { reasonOf } from "../protocol/setup-failure.ts"
import type { EndLoan, UdpPortRegistry } from "../system/udp-port-registry.ts"
import { openInputSocket } from "./input-socket.ts"

const RECEIVE_BUFFER = 1 << 20
const RETRY_US = 5e6
/**
 * A probe begins when the leg has been live for this long, and lasts so long: one matrix of 20 x 20 takes 0.4 s at 10
 * Mbit/s.
 */
const PROBE_AFTER_US = 1e6
const PROBE_US = 1.5e6
/** A sender that was silent for so long may have been set up anew. */
const PROBE_AGAIN_US = 10e6
const PORT_MAX = 65535

/** One of the two sockets. */
class FecPort {
  fd = -1
  problem: string | null = null
  #nextUs = 0
  #endLoan: EndLoan | null = null
  readonly #spec: LegSpec
  readonly #what: string
  readonly #registry: UdpPortRegistry

  constructor(leg: LegSpec, offset: 2 | 4, registry: UdpPortRegistry) {
    this.#spec = { ...leg, port: leg.port + offset, rcvbuf: RECEIVE_BUFFER }
    this.#what = offset === 2 ? "columns" : "rows"
    this.#registry = registry
  }

  open(nowUs: number): void {
    if (this.fd >= 0 || nowUs < this.#nextUs) return
    this.#nextUs = nowUs + RETRY_US
    const { ip, port } = this.#spec
    if (port > PORT_MAX) {
      this.#fail(`there is no such port; give the input a port up to ${PORT_MAX - 4}`)
      return
    }
    const loan = this.#registry.lend(ip, port, () => this.reset())
    if (typeof loan === "string") {
      this.#fail(
        `${loan} uses it; FEC takes the input's port + 2 and + 4, so keep the ports of inputs at least 5 apart`,
      )
      return
    }
    this.#endLoan = loan
    try {
      this.fd = openInputSocket(this.#spec).fd
      this.problem = null
    } catch (cause) {
      this.close()
      this.#fail(reasonOf(cause).message)
    }
  }

  #fail(why: string): void {
    this.problem = `FEC ${this.#what} on port ${this.#spec.port} cannot be received, so losses they would repair remain: ${why}`
  }

  close(): void {
    this.#endLoan?.()
    this.#endLoan = null
    if (this.fd >= 0) libc.close(this.fd)
    this.fd = -1
  }

  /** Closes the socket and lets the next `open` try at once. */
  reset(): void {
    this.close()
    this.problem = null
    this.#nextUs = 0
  }
}

type Probe =
  /** `sinceUs`: live since then without a break, or null. */
  | { readonly step: "waiting"; readonly sinceUs: number | null }
  | { readonly step: "probing"; readonly untilUs: number; readonly heardBefore: number }
  /** `silentSinceUs`: silent since then without a break, or null. */
  | { readonly step: "done"; readonly silentSinceUs: number | null }

const START: Probe = { step: "waiting", sinceUs: null }

export class FecPorts {
  readonly #column: FecPort
  readonly #row: FecPort
  #mode: InputPolicy["fec"]
  #probe: Probe = START
  /** True when the last probe saw FEC packets: the sender offers FEC that is off here. */
  offered = false

  constructor(leg: LegSpec, mode: InputPolicy["fec"], registry: UdpPortRegistry) {
    this.#column = new FecPort(leg, 2, registry)
    this.#row = new FecPort(leg, 4, registry)
    this.#mode = mode
  }

  /**
   * Descriptors to read from, -1 while closed. They change in `poll`, and whenever the registry grants somebody a
   * claim.
   */
  get column(): number {
    return this.#column.fd
  }

  get row(): number {
    return this.#row.fd
  }

  /** Why FEC that is on cannot be received, for the leg's warnings. */
  get warnings(): string[] {
    return this.#mode === "auto" ? [this.#column.problem, this.#row.problem].filter((p) => p !== null) : []
  }

  set mode(mode: InputPolicy["fec"]) {
    if (mode === this.#mode) return
    this.suspend()
    this.#mode = mode
    this.#probe = START
    this.offered = false
  }

  /**
   * Opens and closes the sockets; cheap enough for every tick. `listening`: the leg's own socket is open; `live`: TS
   * arrived in the last second; `heard`: FEC packets taken so far, a counter.
   */
  poll(nowUs: number, listening: boolean, live: boolean, heard: number): void {
    if (!listening) this.close()
    else if (this.#mode === "off") this.#probe = this.#step(this.#probe, nowUs, live, heard)
    else this.#open(nowUs)
  }

  #open(nowUs: number): void {
    this.#column.open(nowUs)
    this.#row.open(nowUs)
  }

  #step(probe: Probe, nowUs: number, live: boolean, heard: number): Probe {
    switch (probe.step) {
      case "waiting": {
        if (!live) return probe.sinceUs === null ? probe : START
        if (probe.sinceUs === null) return { step: "waiting", sinceUs: nowUs }
        if (nowUs - probe.sinceUs < PROBE_AFTER_US) return probe
        this.#open(nowUs)
        return { step: "probing", untilUs: nowUs + PROBE_US, heardBefore: heard }
      }
      case "probing":
        if (nowUs < probe.untilUs) return probe
        this.offered = heard > probe.heardBefore
        this.suspend()
        return { step: "done", silentSinceUs: null }
      case "done":
        if (live) return probe.silentSinceUs === null ? probe : { step: "done", silentSinceUs: null }
        if (probe.silentSinceUs === null) return { step: "done", silentSinceUs: nowUs }
        return nowUs - probe.silentSinceUs < PROBE_AGAIN_US ? probe : START
    }
  }

  /** Closes both sockets until the next `poll`, e.g. while the leg joins its group again. */
  suspend(): void {
    this.#column.reset()
    this.#row.reset()
  }

  close(): void {
    this.suspend()
    this.#probe = START
  }
}
