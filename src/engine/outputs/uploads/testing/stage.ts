/** A ring that is filled from memory, and sessions that read it as the packet loop lets them. */

import { feedBatch } from "../../../../../test/feed-core.ts"
import { loadCore } from "../../../../../test/load-core.ts"
import { toDatagrams } from "../../../../../test/ts-stream.ts"
import { EVENT_SCTE35, MAX_LEGS } from "../../../../core/assembly/memory/layout.ts"
import type { PacketCore } from "../../../../core/packet-core/packet-core.ts"
import { decodeSpliceInfoSection } from "../../../../core/scte35/decode-section.ts"
import { RemuxPool } from "../../../remux/remux-pool.ts"
import { HandshakeGates } from "../../../srt/handshake-gate.ts"
import { ListenerPorts } from "../../../srt/listener-ports.ts"
import { OwnSrt } from "../../../srt/own/stack.ts"
import { Fences } from "../../../system/fences.ts"
import { UdpPortRegistry } from "../../../system/udp-port-registry.ts"
import type { OutputSession, SessionContext } from "../../output-session.ts"

const BATCH = 32

export class Stage {
  readonly core: PacketCore
  readonly context: SessionContext
  /** CLOCK_MONOTONIC of this stage's fences in µs. */
  fenceClockUs = 0
  readonly fences = new Fences(() => this.fenceClockUs)
  readonly sessions: OutputSession[] = []
  /** Positions of the cues that went by. */
  readonly cues: number[] = []
  #nowUs = 1_000_000
  readonly #startMs = Date.now()

  private constructor(core: PacketCore) {
    this.core = core
    const listenerPorts = new ListenerPorts()
    const udpPorts = new UdpPortRegistry()
    const { fences } = this
    this.context = {
      core,
      base: 0,
      srt: null,
      ports: null,
      srtStack: "libsrt",
      ownSrt: new OwnSrt(core, 0, fences),
      fences,
      listenerPorts,
      gates: new HandshakeGates(),
      udpPorts,
      remuxes: new RemuxPool(core),
      srtProblem: null,
      fault: (_, cause) => {
        throw cause
      },
      receiver: () => {},
    }
    core.resetChannel(0)
    core.setSource(0, 1)
  }

  /** Opens a stage; `countersFrom` is that of `PacketCore.instantiate`. */
  static async open(countersFrom = 0): Promise<Stage> {
    return new Stage(await loadCore("release", { countersFrom }))
  }

  /** The wall clock of the stream's time, in ms. */
  readonly now = (): number => this.#startMs + this.#nowUs / 1000

  /** Lets `ts` go by at `bitrate` of stream time, as fast as it can be read; `beforeBatch` may wait. */
  async play(ts: Uint8Array, bitrate: number, beforeBatch: () => Promise<void> | void = () => {}): Promise<void> {
    const stepUs = (7 * 188 * 8e6) / bitrate
    const datagrams = toDatagrams(ts, { startUs: this.#nowUs, stepUs })
    for (let at = 0; at < datagrams.length; at += BATCH) {
      await beforeBatch()
      const batch = datagrams.slice(at, at + BATCH)
      feedBatch(this.core, batch, 0)
      this.#nowUs = (batch.at(-1)?.rx_us ?? this.#nowUs) + stepUs
      this.#handCues()
      this.turn()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Fills the ring without letting anybody read. */
  fill(ts: Uint8Array): void {
    const datagrams = toDatagrams(ts, { startUs: this.#nowUs })
    for (let at = 0; at < datagrams.length; at += BATCH) feedBatch(this.core, datagrams.slice(at, at + BATCH), 0)
    this.#nowUs += datagrams.length * 1000
  }

  turn(): void {
    for (const session of this.sessions) {
      session.flush(this.#nowUs)
      session.poll(this.#nowUs)
    }
  }

  /** Lets time go by until `look` finds what it looks for. */
  async until<A>(what: string, look: () => A | null | undefined | false, ms = 5000): Promise<A> {
    const startedAt = performance.now()
    for (;;) {
      const seen = look()
      if (seen !== null && seen !== undefined && seen !== false) return seen
      if (performance.now() - startedAt > ms) throw new Error(`not in ${ms} ms: ${what}`)
      this.#nowUs += 10_000
      this.turn()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  #handCues(): void {
    for (const { b, data, leg, position, type } of this.core.takeEvents()) {
      if (type !== EVENT_SCTE35 || leg < MAX_LEGS || b !== 1) continue
      const decoded = decodeSpliceInfoSection(data)
      if (!decoded.ok) continue
      this.cues.push(position)
      for (const session of this.sessions) session.onCue?.({ position, section: decoded.section, clock90k: null })
    }
  }
}
