/** A channel inside the engine: its legs, which of them fills the ring, and the outputs that read it. */
import type { PacketCore } from "../core/packet-core.ts"
import { CueTracker } from "./cue-tracker.ts"
import { monotonicUs } from "./ffi/clock.ts"
import { Leg, type LegKind } from "./inputs/leg.ts"
import { SourceControl, type SourceReport } from "./inputs/source-control.ts"
import type { ChannelSpec, ChannelStats, InputPolicy, LegName, LegSpec } from "./messages.ts"
import type { OutputSession } from "./outputs/output-session.ts"
import type { UdpPortRegistry } from "./udp-port-registry.ts"

const sameLeg = (a: LegSpec, b: LegSpec): boolean =>
  a.ip === b.ip && a.port === b.port && a.interface === b.interface && a.source === b.source && a.rcvbuf === b.rcvbuf

/** Told of what happens to a channel's input. */
export interface ChannelHooks {
  readonly leg: (channel: EngineChannel, leg: LegName, kind: LegKind, message: string) => void
  readonly source: (channel: EngineChannel, report: SourceReport) => void
}

export class EngineChannel {
  readonly id: string
  /** Ring of this channel in the packet core. */
  readonly index: number
  readonly startedAt = Date.now()
  readonly sessions = new Map<string, OutputSession>()
  readonly source: SourceControl
  readonly cues: CueTracker
  label: string
  legs: Leg[] = []
  readonly #core: PacketCore
  readonly #base: number
  readonly #ports: UdpPortRegistry
  readonly #hooks: ChannelHooks

  constructor(spec: ChannelSpec, index: number, core: PacketCore, base: number, ports: UdpPortRegistry, hooks: ChannelHooks) {
    this.id = spec.id
    this.label = spec.label
    this.index = index
    this.#core = core
    this.#base = base
    this.#ports = ports
    this.#hooks = hooks
    core.resetChannel(index)
    this.cues = new CueTracker(core, index)
    this.source = new SourceControl(index, core, spec.policy, monotonicUs(), (report) => hooks.source(this, report))
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
    this.legs = spec.legs.map((s) => kept.find((leg) => leg.spec.name === s.name) ?? this.#newLeg(s, spec.policy))
    for (const leg of kept) leg.configure(spec.policy)
    this.source.configure(spec.policy, this.legs)
  }

  #newLeg(spec: LegSpec, policy: InputPolicy): Leg {
    const index = this.index * 2 + (spec.name === "primary" ? 0 : 1)
    return new Leg(spec, policy, index, this.#core, this.#base, this.#ports, (kind, message) =>
      this.#hooks.leg(this, spec.name, kind, message),
    )
  }

  leg(name: LegName): Leg | undefined {
    return this.legs.find((leg) => leg.spec.name === name)
  }

  /** True when some output must send as soon as packets arrive. */
  get immediate(): boolean {
    for (const session of this.sessions.values()) if (session.immediate) return true
    return false
  }

  stats(nowUs: number, epochOffsetMs: number): ChannelStats {
    const source = this.source.stats()
    const { surroundings } = this.source
    return {
      id: this.id,
      started_at: this.startedAt,
      ...source,
      legs: this.legs.map((leg) => leg.stats(nowUs, epochOffsetMs, surroundings)),
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
