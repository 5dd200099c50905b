/** A channel inside the engine: its legs, which of them fills the ring, and the outputs that read it. */
import type { PacketCore } from "../core/packet-core.ts"
import { Leg, type LegKind } from "./inputs/leg.ts"
import type { ChannelSpec, ChannelStats, LegName, LegSpec } from "./messages.ts"
import type { OutputSession } from "./outputs/output-session.ts"

const sameLeg = (a: LegSpec, b: LegSpec): boolean =>
  a.ip === b.ip && a.port === b.port && a.interface === b.interface && a.source === b.source && a.rcvbuf === b.rcvbuf

/** Told of what happens on a leg. */
export type LegReport = (channel: EngineChannel, leg: LegName, kind: LegKind, message: string) => void

export class EngineChannel {
  readonly id: string
  /** Ring of this channel in the packet core. */
  readonly index: number
  readonly startedAt = Date.now()
  readonly sessions = new Map<string, OutputSession>()
  label: string
  legs: Leg[] = []
  active: LegName = "primary"
  readonly #core: PacketCore
  readonly #base: number
  readonly #say: LegReport

  constructor(spec: ChannelSpec, index: number, core: PacketCore, base: number, say: LegReport) {
    this.id = spec.id
    this.label = spec.label
    this.index = index
    this.#core = core
    this.#base = base
    this.#say = say
    core.resetChannel(index)
    this.put(spec)
  }

  /** Takes a new specification: legs that match stay open, others are replaced. */
  put(spec: ChannelSpec): void {
    this.label = spec.label
    const kept: Leg[] = []
    for (const old of this.legs) {
      if (spec.legs.some((s) => s.name === old.spec.name && sameLeg(s, old.spec))) kept.push(old)
      else old.close()
    }
    this.legs = spec.legs.map((s) => kept.find((leg) => leg.spec.name === s.name) ?? this.#newLeg(s))
    if (!this.legs.some((leg) => leg.spec.name === this.active)) this.active = this.legs[0]?.spec.name ?? "primary"
  }

  #newLeg(spec: LegSpec): Leg {
    const index = this.index * 2 + (spec.name === "primary" ? 0 : 1)
    return new Leg(spec, index, this.#core, this.#base, (kind, message) => this.#say(this, spec.name, kind, message))
  }

  leg(name: LegName): Leg | undefined {
    return this.legs.find((leg) => leg.spec.name === name)
  }

  /** The ring a leg fills, or -1 when it is only measured. */
  ringOf(leg: Leg): number {
    return leg.spec.name === this.active ? this.index : -1
  }

  /** True when some output must send as soon as packets arrive. */
  get immediate(): boolean {
    for (const session of this.sessions.values()) if (session.immediate) return true
    return false
  }

  stats(nowUs: number, epochOffsetMs: number): ChannelStats {
    return {
      id: this.id,
      started_at: this.startedAt,
      active_source: this.active,
      legs: this.legs.map((leg) => leg.stats(nowUs, epochOffsetMs)),
      outputs: [...this.sessions.values()].map((session) => session.stats()),
    }
  }

  close(): void {
    for (const session of this.sessions.values()) session.close()
    this.sessions.clear()
    for (const leg of this.legs) leg.close()
    this.legs = []
  }
}
