/**
 * The packet loop: one thread, no promise and no object per packet.
 *
 * A pass drains the sockets that are ready into the rings, lets the outputs send, and sleeps until the next tick;
 * between two passes the JavaScript event loop runs (control socket, timers). Two rhythms:
 *
 * - UDP and RTP outputs keep the input's spacing, so the sockets of their channels are drained every `FAST_TICK_US`.
 * - SRT packets carry the kernel's receive time (`srctime`), which the receiver's TSBPD restores, so they may leave in
 *   bursts every `SLOW_TICK_US`, or less when a connection's latency is short: larger bursts are what makes libsrt's
 *   sending thread cheap. Channels with nothing but SRT are drained then, too.
 *
 * Channels that send by our own SRT stack take turns within such a tick (`Phases`): each is drained and sent in its
 * phase, and what receivers say is taken in each. The event loop turns once a tick all the same.
 *
 * What has come in a pause is read no faster than the outputs of its channel have their turns (`TurnLag`).
 *
 * With nothing arriving for UDP and RTP outputs the loop blocks in epoll for at most `IDLE_MS`.
 *
 * Whatever is thrown belongs to one session or one leg, and ends that and nothing else; a pass always leads to the
 * next.
 */
import { EVENT_COUNT } from "../core/assembly/memory/layout.ts"
import type { CoreEvent } from "../core/packet-core/event-records.ts"
import type { PacketCore } from "../core/packet-core/packet-core.ts"
import type { EngineChannel } from "./engine-channel.ts"
import { monotonicUs, realtimeOffsetUs, sleepUntilUs } from "./ffi/clock.ts"
import type { LibSrt } from "./ffi/libsrt.ts"
import type { Leg } from "./inputs/leg.ts"
import { type LegSet, LegWatch } from "./leg-watch.ts"
import type { OutputSession } from "./outputs/output-session.ts"
import { Phases, phasesFor } from "./phases.ts"
import { CHOOSING, type Handling, RECEIVING, SENDING } from "./system/handling.ts"
import { TurnLag } from "./turn-lag.ts"

export const FAST_TICK_US = 500
export const SLOW_TICK_US = 10000
const SLOW_TICK_MIN_US = 1000
/** Receivers of a connection that may send no larger bursts than this are answered so often, in µs. */
const SHORT_BURST_US = 20_000
const ANSWER_US = 2000
const IDLE_MS = 5
const NO_CHANNELS_MS = 20
const SECOND_US = 1e6

export interface LoopHooks {
  /** Told which channel has its turn. */
  readonly handling: Handling
  /** Looked at behind every sleep; `nextUs` is infinite when no channel has one. */
  readonly fences: { readonly nextUs: number }
  /** A fence has run out: the outputs of its channel are to end. */
  readonly onFence: () => void
  /** Our own SRT stack takes what its peers sent, before the outputs have their turn, and sends, after it. */
  readonly srt: { receive(nowUs: number): void; submit(): void }
  readonly onEvents: (events: ReadonlyArray<CoreEvent>) => void
  /** After outputs were polled: look for states that changed. */
  readonly onSlowTick: () => void
  readonly onSecond: (nowUs: number) => void
  /** Something was thrown by a session, a leg, or neither (`what` names it): it ends, the loop goes on. */
  readonly onSessionFault: (session: OutputSession, cause: unknown) => void
  readonly onLegFault: (leg: Leg, cause: unknown) => void
  readonly onFault: (what: string, cause: unknown) => void
}

export class PacketLoop {
  readonly #core: PacketCore
  readonly #channels: () => Iterable<EngineChannel>
  readonly #hooks: LoopHooks
  readonly #watch: LegWatch
  readonly #lag: TurnLag
  readonly #handling: Handling
  readonly #phaseOf = new WeakMap<EngineChannel, number>()
  #clockOffsetUs = 0
  #drainUs = 0
  #nextSlowUs = 0
  #slowTickUs = SLOW_TICK_US
  readonly #phases = new Phases()
  /** Channels that were spread over the last tick. */
  #spread = 0
  /** Least `maxBurstUs` of the sessions that were spread over the last tick. */
  #shortestUs = Number.POSITIVE_INFINITY
  #nextSecondUs = 0
  #lastPassUs = 0
  #running = false
  // What the current pass has found so far.
  #carried = 0
  #immediate = false
  #busy = false
  #burstUs = SLOW_TICK_US
  passes = 0
  maxGapUs = 0

  constructor(core: PacketCore, channels: () => Iterable<EngineChannel>, srt: LibSrt | null, hooks: LoopHooks) {
    this.#core = core
    this.#channels = channels
    this.#hooks = hooks
    this.#handling = hooks.handling
    this.#watch = new LegWatch(core, srt)
    this.#lag = new TurnLag(core)
  }

  start(): void {
    this.#running = true
    this.#pass()
  }

  stop(): void {
    this.#running = false
  }

  /** Stops watching a leg that is about to close. */
  forget(leg: Leg): void {
    this.#watch.forget(leg)
  }

  /** Reads what the legs of a set have. */
  #drain(set: LegSet, nowUs: number): void {
    this.#drainUs = nowUs
    this.#watch.drain(set, nowUs, this.#take)
    this.#handling.end()
  }

  #take = (leg: Leg): void => {
    this.#handling.begin(leg.channel, RECEIVING)
    try {
      const room = this.#lag.room(leg.channel, this.#drainUs)
      // What there is no room for is taken in the next tick, and would end every wait until then.
      if (leg.receive(this.#clockOffsetUs, room) > 0 || room === 0) this.#busy = true
    } catch (cause) {
      this.#hooks.onLegFault(leg, cause)
    }
  }

  #pass = (): void => {
    if (!this.#running) return
    const nowUs = monotonicUs()
    if (this.#lastPassUs > 0) this.maxGapUs = Math.max(this.maxGapUs, nowUs - this.#lastPassUs)
    this.#lastPassUs = nowUs
    this.passes += 1
    this.#carried = 0
    this.#immediate = false
    this.#busy = false
    this.#lookAtFences(nowUs)
    try {
      this.#work(nowUs, nowUs >= this.#nextSlowUs)
    } catch (cause) {
      this.#hooks.onFault("the packet loop", cause)
    }
    this.#rest(nowUs, this.#carried, this.#immediate, this.#busy)
  }

  #work(nowUs: number, slow: boolean): void {
    if (slow) this.#beginTick(nowUs)
    this.#drain(this.#watch.fast, nowUs)
    if (slow) {
      this.#drain(this.#watch.slow(0), nowUs)
      this.#watch.tellRead(nowUs)
      this.#guarded("the packet core", () => this.#core.tick(nowUs))
      this.#guarded("SRT packets of receivers", () => this.#hooks.srt.receive(nowUs))
    }
    for (const channel of this.#channels()) {
      this.#carried += 1
      this.#send(channel, nowUs, slow)
      if (!slow) continue
      this.#handling.begin(channel.index, CHOOSING)
      channel.decide(nowUs)
    }
    this.#handling.end()
    if (slow) this.#guarded("SRT packets to receivers", () => this.#hooks.srt.submit())
    else this.#runPhases(nowUs)
    if ((this.#core.u32[EVENT_COUNT >> 2] ?? 0) > 0)
      this.#guarded("events", () => this.#hooks.onEvents(this.#core.takeEvents()))
    if (slow) this.#guarded("the states of the outputs", this.#hooks.onSlowTick)
    if (nowUs < this.#nextSecondUs) return
    this.#nextSecondUs = nowUs + SECOND_US
    this.#guarded("the figures of the second", () => this.#hooks.onSecond(nowUs))
    this.maxGapUs = 0
    this.passes = 0
  }

  #beginTick(nowUs: number): void {
    // What a late pass has left over.
    this.#runPhases(Number.POSITIVE_INFINITY)
    this.#slowTickUs = Math.max(SLOW_TICK_MIN_US, this.#burstUs)
    this.#burstUs = SLOW_TICK_US
    this.#nextSlowUs = (Math.floor(nowUs / this.#slowTickUs) + 1) * this.#slowTickUs
    const turns = this.#shortestUs < SHORT_BURST_US ? Math.ceil(this.#slowTickUs / ANSWER_US) : 0
    this.#phases.begin(nowUs, this.#nextSlowUs, phasesFor(this.#slowTickUs, Math.max(this.#spread, turns)))
    this.#spread = 0
    this.#shortestUs = Number.POSITIVE_INFINITY
    this.#clockOffsetUs = realtimeOffsetUs()
    for (const channel of this.#channels()) {
      const phase = channel.spread ? this.#phases.of(this.#spread++) : 0
      this.#lag.share(channel.index, channel.legs.length)
      this.#phaseOf.set(channel, phase)
      // FEC before the media that outdate it.
      this.#handling.begin(channel.index, RECEIVING)
      for (const leg of channel.legs) this.#pollLeg(channel, leg, phase, nowUs)
    }
    this.#handling.end()
  }

  /** Lets the channels send whose phases are due at `dueUs`. */
  #runPhases(dueUs: number): void {
    for (let phase = this.#phases.take(dueUs); phase !== null; phase = this.#phases.take(dueUs)) {
      const nowUs = monotonicUs()
      this.#lookAtFences(nowUs)
      this.#drain(this.#watch.slow(phase), nowUs)
      this.#guarded("SRT packets of receivers", () => this.#hooks.srt.receive(nowUs))
      for (const channel of this.#channels()) {
        if (this.#phaseOf.get(channel) !== phase) continue
        this.#handling.begin(channel.index, SENDING)
        for (const session of channel.sessions.values()) if (session.spread) this.#turn(session, nowUs, true)
        this.#lag.turned(channel.index, false, true)
      }
      this.#handling.end()
      this.#guarded("SRT packets to receivers", () => this.#hooks.srt.submit())
    }
  }

  #pollLeg(channel: EngineChannel, leg: Leg, phase: number, nowUs: number): void {
    try {
      leg.poll(nowUs, this.#clockOffsetUs)
      this.#watch.put(leg, channel.immediate ? this.#watch.fast : this.#watch.slow(phase))
    } catch (cause) {
      this.#hooks.onLegFault(leg, cause)
    }
  }

  /** Lets the outputs of a channel send that have their turn in a pass. */
  #send(channel: EngineChannel, nowUs: number, slow: boolean): void {
    this.#handling.begin(channel.index, SENDING)
    const isPhase = slow && this.#phaseOf.get(channel) === 0
    let [tickTurned, phaseTurned] = [true, true]
    for (const session of channel.sessions.values())
      if (session.spread === true && !isPhase) phaseTurned = false
      else {
        this.#turn(session, nowUs, slow)
        tickTurned &&= slow || session.immediate
      }
    this.#lag.turned(channel.index, tickTurned, phaseTurned)
  }

  /** Lets one session send. */
  #turn(session: OutputSession, nowUs: number, slow: boolean): void {
    if (session.state === "ended") return
    try {
      if (session.immediate) {
        this.#immediate = true
        session.flush(nowUs)
        if (session.waiting) this.#busy = true
      } else if (slow) session.flush(nowUs)
      if (!slow) return
      session.poll(nowUs)
      this.#burstUs = Math.min(this.#burstUs, session.maxBurstUs)
      if (session.spread) this.#shortestUs = Math.min(this.#shortestUs, session.maxBurstUs)
    } catch (cause) {
      this.#hooks.onSessionFault(session, cause)
    }
  }

  #lookAtFences(nowUs: number): void {
    if (nowUs >= this.#hooks.fences.nextUs) this.#guarded("a fence", this.#hooks.onFence)
  }

  #guarded(what: string, work: () => void): void {
    try {
      work()
    } catch (cause) {
      this.#hooks.onFault(what, cause)
    }
  }

  #rest(nowUs: number, channels: number, immediate: boolean, busy: boolean): void {
    if (channels === 0) {
      // Nothing to carry: an ordinary timer, so that commands are answered at once.
      this.#lastPassUs = 0
      setTimeout(this.#pass, NO_CHANNELS_MS)
      return
    }
    const untilSlow = this.#nextSlowUs
    const next = immediate ? Math.min((Math.floor(nowUs / FAST_TICK_US) + 1) * FAST_TICK_US, untilSlow) : untilSlow
    if (immediate) {
      // Others than the fast legs wake nobody: they wait for their phase, with packets as without.
      const idleMs = Math.min(IDLE_MS, Math.floor((Math.min(this.#phases.nextUs, untilSlow) - monotonicUs()) / 1000))
      if (busy || this.#watch.mustLook || idleMs < 1) sleepUntilUs(next)
      else this.#watch.waitForFast(idleMs)
    } else {
      for (let dueUs = this.#phases.nextUs; dueUs < untilSlow; dueUs = this.#phases.nextUs) {
        sleepUntilUs(dueUs)
        this.#guarded("a phase of the packet loop", () => this.#runPhases(monotonicUs()))
      }
      sleepUntilUs(untilSlow)
    }
    // Before anything else runs: sockets and timers have their turn before the next pass, and the process may have been
    // stopped in its sleep.
    if (this.#hooks.fences.nextUs !== Number.POSITIVE_INFINITY) this.#lookAtFences(monotonicUs())
    setImmediate(this.#pass)
  }
}
