/**
 * Which leg fills the ring of a channel. The decision is core's (`core/input/failover.ts`), the switch itself the
 * packet core's; here they are brought together, and what happens is told.
 */
import * as L from "../../core/assembly/memory/layout.ts"
import { decide, type FailoverPolicy, type FailoverState, manual, newFailover } from "../../core/input/failover.ts"
import { describeTooFar } from "../../core/input/merge-reach.ts"
import type { CoreEvent } from "../../core/packet-core/event-records.ts"
import { legIndex, legNumber } from "../../core/packet-core/leg-index.ts"
import type { PacketCore } from "../../core/packet-core/packet-core.ts"
import type { ChannelStats, Event, InputPolicy, LegName } from "../protocol/messages.ts"
import { LegDistance } from "./leg-distance.ts"
import type { LegSurroundings } from "./leg-figures.ts"
import { type LegReading, newReading, readNumbers } from "./leg-reading.ts"
import { because, describeMerge, MERGE_NAMES, OCCASIONS } from "./source-sentences.ts"

export type SourceReport = Omit<Extract<Event, { readonly event: "source" }>, "event" | "channel_id">

/** What the control needs of a leg. */
export interface ControlledLeg {
  readonly spec: { readonly name: LegName }
  /** Packets can come by it. */
  readonly open: boolean
}

const DECIDE_EVERY_US = 20_000
/** A switch waits for a random access point for two of the leg's usual distances, within these bounds, */
const CLEAN_WAIT_MIN_US = 1e6
const CLEAN_WAIT_MAX_US = 12e6
/** or for this long while the distance is not known, */
const CLEAN_WAIT_UNKNOWN_US = 5e6
/** but not at all for a leg that has had none for so long. */
const WITHOUT_POINTS_US = 15e6
/** A switch away from a leg that was bad for a moment is given up once in this time: a leg that flaps is left. */
const GIVE_UP_EVERY_US = 60e6

const nameOf = (number: number): LegName => (number === 2 ? "backup" : "primary")

export class SourceControl {
  readonly #channel: number
  readonly #core: PacketCore
  readonly #say: (report: SourceReport) => void
  readonly #numbers: Record<LegName, LegReading> = { primary: newReading(), backup: newReading() }
  readonly #state: FailoverState
  #policy: InputPolicy
  #failover: FailoverPolicy
  #legs: ReadonlyArray<ControlledLeg> = []
  #nextUs = 0
  /** Source as last told, and why the switch under way was asked for. */
  #told: LegName = "primary"
  #switches = 0
  #reason = "merge_ended"
  #detail = ""
  #pendingSinceUs = 0
  /** True while the switch under way leads away from a leg with a fault. */
  #flees = false
  #gaveUpUs = Number.NEGATIVE_INFINITY
  #redundancy: ChannelStats["redundancy"] = "none"
  #differs = false
  readonly #distance: LegDistance

  constructor(
    channel: number,
    core: PacketCore,
    policy: InputPolicy,
    nowUs: number,
    say: (report: SourceReport) => void,
  ) {
    this.#channel = channel
    this.#core = core
    this.#policy = policy
    this.#say = say
    this.#failover = failoverPolicy(policy)
    this.#state = newFailover(nowUs / 1000)
    this.#distance = new LegDistance(core, channel)
  }

  /** Takes new settings and legs; the leg in use stays in use as long as it exists. */
  configure(policy: InputPolicy, legs: ReadonlyArray<ControlledLeg>): void {
    this.#policy = policy
    this.#legs = legs
    this.#failover = failoverPolicy(policy)
    const names = legs.map((leg) => leg.spec.name)
    this.#core.allowMerge(this.#channel, policy.mode !== "failover" && legs.length === 2, policy.merge_window_ms * 1000)
    if (!names.includes(this.active) || this.#field(L.CHANNEL_SOURCE) + this.#field(L.CHANNEL_PENDING) === 0) {
      this.#told = names[0] ?? "primary"
      this.#core.setSource(this.#channel, legNumber(this.#told), true)
    }
    if (legs.length < 2) this.#redundancy = "none"
  }

  #field(field: number): number {
    return this.#core.channelField(this.#channel, field)
  }

  /** The leg that fills the ring; the one that will when there is none at this moment. */
  get active(): LegName {
    const source = this.#field(L.CHANNEL_SOURCE)
    return nameOf(source === 0 ? this.#field(L.CHANNEL_PENDING) : source)
  }

  /** The leg a switch under way leads to, else the active one. */
  get #heading(): LegName {
    const pending = this.#field(L.CHANNEL_PENDING)
    return pending === 0 ? this.active : nameOf(pending)
  }

  /**
   * Asked for from outside: by the operator (`manually`), or as it was before an engine restart, which is done at once.
   */
  choose(leg: LegName, manually: boolean, nowUs: number): void {
    if (manually) manual(this.#state, leg)
    this.#switch(leg, manually ? "operator" : "restart", "", nowUs, !manually)
  }

  #switch(leg: LegName, reason: string, detail: string, nowUs: number, atOnce: boolean): void {
    this.#reason = reason
    this.#detail = detail
    this.#pendingSinceUs = nowUs
    this.#flees = false
    this.#core.setSource(this.#channel, legNumber(leg), atOnce || this.#policy.switch === "immediate")
    if (this.#field(L.CHANNEL_PENDING) === 0) this.#noteSource(leg, "")
  }

  /** Every few milliseconds; looks at the legs fifty times a second. */
  decide(nowUs: number): void {
    if (this.#legs.length < 2 || nowUs < this.#nextUs) return
    this.#nextUs = nowUs + DECIDE_EVERY_US
    for (const { open, spec } of this.#legs)
      readNumbers(this.#core, legIndex(this.#channel, spec.name), open, this.#numbers[spec.name])
    // A switch is told by its event; without one, the merge has gone on with the other leg.
    if (this.active !== this.#told && this.#field(L.CHANNEL_SWITCHES) === this.#switches) {
      this.#reason = "merged"
      this.#detail = ""
      this.#noteSource(this.active, "")
    }
    const merged = this.#field(L.CHANNEL_MERGE_BOTH) === 1
    const { action, events, redundancy, usable } = decide(
      this.#state,
      this.#failover,
      nowUs / 1000,
      this.#heading,
      this.#numbers,
      merged,
    )
    const pending = this.#field(L.CHANNEL_PENDING)
    if (action !== null) {
      this.#switch(action.to, action.reason, action.detail, nowUs, false)
      this.#flees = action.reason !== "failback"
    } else if (pending > 0 && !this.#stays(usable[this.active], nowUs)) this.#hasten(nameOf(pending), nowUs)
    // Not known before the legs had time to show themselves.
    this.#redundancy = this.#state.announced.redundancy === null ? "none" : redundancy
    for (const { detail, kind, leg, reason } of events) this.#say({ kind, leg, reason, message: detail })
  }

  /**
   * Gives up a switch that still waits for an access point when the leg it leads away from is good again: the stream goes
   * on without another break. False when the switch goes on.
   */
  #stays(isUsable: boolean, nowUs: number): boolean {
    const hasSource = this.#field(L.CHANNEL_SOURCE) !== 0
    if (!this.#flees || !isUsable || !hasSource || nowUs - this.#gaveUpUs < GIVE_UP_EVERY_US) return false
    this.#gaveUpUs = nowUs
    this.#core.setSource(this.#channel, legNumber(this.active), false)
    return true
  }

  /** A switch waits for an access point; should none come, it is made without. */
  #hasten(leg: LegName, nowUs: number): void {
    const index = legIndex(this.#channel, leg)
    const field = (f: number) => this.#core.legField(index, f)
    const usual = field(L.LEG_ACCESS_POINT_INTERVAL_US)
    const since = nowUs - Math.max(field(L.LEG_ACCESS_POINT_US), field(L.LEG_FIRST_RX_US))
    const wait =
      since > WITHOUT_POINTS_US
        ? 0
        : usual === 0
          ? CLEAN_WAIT_UNKNOWN_US
          : Math.min(CLEAN_WAIT_MAX_US, Math.max(CLEAN_WAIT_MIN_US, 2 * usual))
    if (nowUs - this.#pendingSinceUs > wait) this.#core.setSource(this.#channel, legNumber(leg), true)
  }

  /** Switch and merge events of the packet core. */
  handle(event: CoreEvent): void {
    const leg = nameOf((event.leg & 1) + 1)
    if (event.type === L.EVENT_SWITCHED) {
      this.#switches = this.#field(L.CHANNEL_SWITCHES)
      this.#noteSource(leg, event.a === 1 ? ", at a random access point" : ", with its next packet")
    } else if (event.type === L.EVENT_MERGE && event.a !== L.MERGE_OFF) this.#tellMerge(leg, event.a)
    else if (event.type === L.EVENT_MERGE)
      this.#tell("merge_off", leg, "", `the legs are no longer merged${because(event.b)}`)
    else if (event.a === 1) this.#tellMerge(leg, this.#field(L.CHANNEL_MERGE))
    else
      this.#tell(
        "merge_off",
        leg,
        "",
        `the ${leg} is no longer merged${because(event.b)}; the other leg goes on without a gap`,
      )
  }

  #tellMerge(leg: LegName, kind: number): void {
    this.#differs = false
    this.#tell("merge_on", leg, MERGE_NAMES[kind] ?? "", describeMerge(kind))
  }

  #noteSource(leg: LegName, how: string): void {
    if (leg === this.#told) return
    this.#told = leg
    const why =
      this.#detail === ""
        ? `switched to the ${leg} leg: ${OCCASIONS[this.#reason] ?? this.#reason}`
        : `switched ${this.#detail}`
    this.#tell("switched", leg, this.#reason, `${why}${how}`)
  }

  #tell(kind: SourceReport["kind"], leg: LegName, reason: string, message: string): void {
    this.#say({ kind, leg, reason, message })
  }

  /** Last PCR of the active leg in 90 kHz ticks; null before there is one. */
  get clock90k(): number | null {
    const leg = legIndex(this.#channel, this.active)
    if (this.#core.legField(leg, L.LEG_PCRS) === 0) return null
    return Math.floor(this.#core.legField(leg, L.LEG_PCR_27M) / 300)
  }

  /** As of the last call of `stats`. */
  get surroundings(): LegSurroundings {
    const { merge_window_ms: mergeWindowMs, mode } = this.#policy
    if (this.#legs.length < 2) return { mode, mergeWindowMs, alignment: null, mergeReachMs: null, pathsApartMs: null }
    const { alignment, apartMs, reachMs } = this.#distance
    return { mode, mergeWindowMs, alignment, mergeReachMs: reachMs, pathsApartMs: apartMs }
  }

  /** Legs that are to be merged and cannot be. */
  #tellDifferent(): void {
    const { alignment, mergeReachMs: reachMs, mergeWindowMs: windowMs, pathsApartMs: apartMs } = this.surroundings
    const differs = alignment === "different" || alignment === "too_far"
    if (differs && !this.#differs && this.#policy.mode === "merge") {
      const why =
        alignment === "too_far"
          ? describeTooFar({ apartMs, reachMs, windowMs })
          : "primary and backup carry different packets, so they cannot be merged"
      this.#tell("legs_differ", "backup", "", `${why}: failing over instead`)
    }
    this.#differs = differs
  }

  /** Called once a second. */
  stats(): Omit<ChannelStats, "id" | "started_at" | "legs" | "outputs"> {
    const both = this.#field(L.CHANNEL_MERGE_BOTH) === 1
    const pending = this.#field(L.CHANNEL_PENDING)
    this.#switches = this.#field(L.CHANNEL_SWITCHES)
    if (this.#legs.length > 1) this.#distance.look(this.#policy.merge_window_ms)
    this.#tellDifferent()
    return {
      active_source: this.active,
      pending_source: pending === 0 || this.#field(L.CHANNEL_SOURCE) === 0 ? null : nameOf(pending),
      merge: both ? (MERGE_NAMES[this.#field(L.CHANNEL_MERGE)] ?? "off") : "off",
      path_difference_ms: both ? this.#field(L.CHANNEL_PATH_DIFFERENCE_US) / 1000 : null,
      merge_lost: this.#field(L.CHANNEL_MERGE_LOST),
      merge_mismatches: this.#field(L.CHANNEL_MERGE_MISMATCHES),
      switches: this.#field(L.CHANNEL_SWITCHES),
      redundancy: this.#redundancy,
      clock_90k: this.clock90k,
    }
  }
}

const failoverPolicy = (policy: InputPolicy): FailoverPolicy => ({
  failoverAfterMs: policy.failover_after_ms,
  failback: policy.failback,
  failbackAfterMs: policy.failback_after_s * 1000,
})
