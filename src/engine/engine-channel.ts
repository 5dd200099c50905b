/** A channel inside the engine: its legs, which of them fills the ring, and the outputs that read it. */
import { RING_SLOTS } from "../core/assembly/memory/layout.ts"
import { legIndex } from "../core/packet-core/leg-index.ts"
import { CueTracker } from "./cue-tracker.ts"
import { monotonicUs, realtimeOffsetUs } from "./ffi/clock.ts"
import type { InputContext } from "./inputs/input-context.ts"
import { Leg } from "./inputs/leg.ts"
import type { LegSurroundings } from "./inputs/leg-figures.ts"
import type { LegKind } from "./inputs/leg-receiver.ts"
import { SourceControl, type SourceReport } from "./inputs/source-control.ts"
import type { OutputSession } from "./outputs/output-session.ts"
import type {
  ChannelSpec,
  ChannelStats,
  InputPolicy,
  LegName,
  LegSpec,
  LegStats,
  OutputStats,
  Reason,
  RelaySpec,
} from "./protocol/messages.ts"

const sameLeg = (a: LegSpec, b: LegSpec): boolean =>
  a.ip === b.ip &&
  a.port === b.port &&
  a.interface === b.interface &&
  a.source === b.source &&
  a.rcvbuf === b.rcvbuf &&
  a.url === b.url &&
  a.public_only === b.public_only

/** A leg that failed inside is opened again after so long, and a choice between legs that failed is made again. */
const FAULT_PAUSE_US = 3e6
/** Rings full of datagrams that are read at once at most: many times what a socket holds. */
const CATCH_UP_READS = 8

/** Told of what happens to a channel's input, and of what was thrown where. */
export interface ChannelHooks {
  readonly leg: (channel: EngineChannel, leg: LegName, kind: LegKind, message: string) => void
  readonly source: (channel: EngineChannel, report: SourceReport) => void
  readonly sessionFault: (session: OutputSession, cause: unknown) => void
  readonly inputFault: (channel: EngineChannel, what: string, cause: unknown) => Reason
  /** A leg is about to close. */
  readonly forget: (leg: Leg) => void
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
  readonly #inputs: InputContext
  readonly #hooks: ChannelHooks
  #policy: InputPolicy
  #relay: RelaySpec | null = null
  /** No choice between the legs before. */
  #decideUs = 0

  constructor(spec: ChannelSpec, index: number, inputs: InputContext, hooks: ChannelHooks) {
    const { core } = inputs
    this.id = spec.id
    this.label = spec.label
    this.index = index
    this.#inputs = inputs
    this.#hooks = hooks
    this.#policy = spec.policy
    core.resetChannel(index)
    this.cues = new CueTracker(core, index, hooks.sessionFault)
    this.source = new SourceControl(index, core, spec.policy, monotonicUs(), (report) => hooks.source(this, report))
    this.put(spec)
  }

  /** Takes a new specification: legs that match stay open, others are replaced. */
  put(spec: ChannelSpec): void {
    this.label = spec.label
    this.#policy = spec.policy
    const kept: Leg[] = []
    for (const old of this.legs) {
      if (spec.legs.some((s) => s.name === old.spec.name && sameLeg(s, old.spec))) kept.push(old)
      else old.close()
    }
    this.legs = spec.legs.map((s) => kept.find((leg) => leg.spec.name === s.name) ?? this.#newLeg(s, spec.policy))
    for (const leg of kept) leg.configure(spec.policy)
    this.#relay = spec.relay ?? null
    for (const leg of this.legs) leg.relayBy(this.#relay)
    this.source.configure(spec.policy, this.legs)
  }

  #newLeg(spec: LegSpec, policy: InputPolicy): Leg {
    const index = legIndex(this.index, spec.name)
    return new Leg(spec, policy, index, this.#inputs, (kind, message) =>
      this.#hooks.leg(this, spec.name, kind, message),
    )
  }

  /** Something was thrown inside a leg: a new one takes its place, which opens its sockets after a while. */
  replaceLeg(failed: Leg, cause: unknown): void {
    const at = this.legs.indexOf(failed)
    if (at < 0) return
    const reason = this.#hooks.inputFault(this, `the ${failed.spec.name} source`, cause)
    try {
      this.#hooks.forget(failed)
      failed.close()
    } catch (again) {
      this.#hooks.inputFault(this, `closing the ${failed.spec.name} source`, again)
    }
    const fresh = this.#newLeg(failed.spec, this.#policy)
    this.legs = this.legs.with(at, fresh)
    fresh.relayBy(this.#relay)
    fresh.holdOff(reason, monotonicUs() + FAULT_PAUSE_US)
    this.source.configure(this.#policy, this.legs)
  }

  /**
   * Lets the choice between the legs be made, as of the time until which they are read: after a pause of this process
   * none is silent whose datagrams wait. What is thrown there leaves the stream as it is for a while.
   */
  decide(nowUs: number): void {
    if (nowUs < this.#decideUs) return
    try {
      let readUs = nowUs
      for (const leg of this.legs) readUs = Math.min(readUs, this.#inputs.core.readUntil(leg.index, nowUs))
      this.source.decide(readUs)
    } catch (cause) {
      this.#decideUs = nowUs + FAULT_PAUSE_US
      this.#hooks.inputFault(this, "the choice between the sources", cause)
    }
  }

  /**
   * Reads all that has come, unless outputs send: before the first one of a channel that another machine may have sent
   * until now. On a busy machine datagrams wait to be read; sent from here they would be sent twice.
   */
  catchUp(): void {
    for (const session of this.sessions.values()) if (session.state !== "ended") return
    const clockOffsetUs = realtimeOffsetUs()
    for (const leg of this.legs) {
      try {
        // FEC before the media that outdate it.
        leg.poll(monotonicUs(), clockOffsetUs)
        for (let left = CATCH_UP_READS; left > 0; left--) {
          leg.receive(clockOffsetUs, RING_SLOTS)
          if (!leg.hasMore) break
        }
      } catch (cause) {
        this.replaceLeg(leg, cause)
      }
    }
  }

  leg(name: LegName): Leg | undefined {
    return this.legs.find((leg) => leg.spec.name === name)
  }

  /** True when some output must send as soon as packets arrive. */
  get immediate(): boolean {
    for (const session of this.sessions.values()) if (session.immediate) return true
    return false
  }

  /** True when some output sends in a phase of the tick. */
  get spread(): boolean {
    for (const session of this.sessions.values()) if (session.spread) return true
    return false
  }

  stats(nowUs: number, epochOffsetMs: number): ChannelStats {
    const source = this.source.stats()
    const { surroundings } = this.source
    return {
      id: this.id,
      started_at: this.startedAt,
      ...source,
      legs: this.legs.flatMap((leg) => this.#statsOf(leg, nowUs, epochOffsetMs, surroundings)),
      outputs: [...this.sessions.values()].flatMap((session) => this.#outputStats(session)),
    }
  }

  #statsOf(leg: Leg, nowUs: number, epochOffsetMs: number, surroundings: LegSurroundings): LegStats[] {
    try {
      return [leg.stats(nowUs, epochOffsetMs, surroundings)]
    } catch (cause) {
      this.replaceLeg(leg, cause)
      return []
    }
  }

  #outputStats(session: OutputSession): OutputStats[] {
    try {
      return [session.stats()]
    } catch (cause) {
      this.#hooks.sessionFault(session, cause)
      return []
    }
  }

  /** Ends all outputs at once: nothing of the channel leaves any more. */
  cut(reason: Reason): void {
    for (const session of this.sessions.values()) {
      try {
        session.cut(reason)
      } catch (cause) {
        this.#hooks.sessionFault(session, cause)
      }
    }
  }

  close(): void {
    for (const session of this.sessions.values()) {
      try {
        session.close()
      } catch (cause) {
        this.#hooks.sessionFault(session, cause)
      }
    }
    this.sessions.clear()
    for (const leg of this.legs) {
      try {
        leg.close()
      } catch (cause) {
        this.#hooks.inputFault(this, `closing the ${leg.spec.name} source`, cause)
      }
    }
    this.legs = []
  }
}
