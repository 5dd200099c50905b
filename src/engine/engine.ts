/** The engine: carries out what the control plane asks, and tells it what happens. */
import { MAX_CHANNELS } from "../core/assembly/memory/layout.ts"
import type { PacketCore } from "../core/packet-core/packet-core.ts"
import { DEFAULT_SRT_STACK, type SrtStack } from "../core/srt/stack.ts"
import { CoreEvents } from "./core-events.ts"
import { insertCue } from "./cue-insertion.ts"
import { EngineChannel } from "./engine-channel.ts"
import { engineStats, newEngineInfo } from "./engine-figures.ts"
import { Faults, toStderr } from "./faults.ts"
import { FencedChannels } from "./fenced-channels.ts"
import { monotonicUs } from "./ffi/clock.ts"
import { nativeAddress } from "./ffi/libc.ts"
import { parseAllowedSenders } from "./inputs/allowed-senders.ts"
import { type InputContext, inputContext } from "./inputs/input-context.ts"
import type { Leg } from "./inputs/leg.ts"
import { noChannel, Onlookers } from "./onlookers.ts"
import { openSession } from "./outputs/open-session.ts"
import type { OutputSession, SessionContext } from "./outputs/output-session.ts"
import { testOutput } from "./outputs/test-output.ts"
import { PacketLoop } from "./packet-loop.ts"
import { fencedReason } from "./protocol/fenced.ts"
import type {
  ChannelSpec,
  EngineInfo,
  EngineStats,
  Event,
  LegName,
  OutputSpec,
  Reason,
  Reply,
  Request,
} from "./protocol/messages.ts"
import { reasonOf } from "./protocol/setup-failure.ts"
import { sessionContext } from "./session-context.ts"
import { sessionEvents } from "./session-events.ts"
import { HandshakeGates } from "./srt/handshake-gate.ts"
import { ListenerPorts } from "./srt/listener-ports.ts"
import type { SrtLibrary } from "./srt/srt-library.ts"
import { COMMANDED, Handling } from "./system/handling.ts"
import { UdpPortRegistry } from "./system/udp-port-registry.ts"
import { ToldStates } from "./told-states.ts"

/** What outputs that write behind are given at the end. */
const SETTLE_MS = 2500

const refused = (code: string, message: string): Reason => ({ code, message, transient: false })

export class Engine {
  readonly info: EngineInfo
  readonly faults: Faults
  readonly #core: PacketCore
  readonly #library: SrtLibrary
  readonly #emit: (event: Event) => void
  readonly #context: SessionContext
  readonly #channels = new Map<string, EngineChannel>()
  readonly #inputs: InputContext
  readonly #loop: PacketLoop
  readonly #onlookers: Onlookers
  readonly #fenced = new FencedChannels(this.#channels)
  readonly #told: ToldStates
  readonly #handling: Handling

  /** `log` gets the stacks of internal errors; `srtStack` is what SRT outputs run on. */
  constructor(
    core: PacketCore,
    library: SrtLibrary,
    emit: (event: Event) => void,
    log: (message: string) => void = toStderr,
    srtStack: SrtStack = DEFAULT_SRT_STACK,
    handling: Handling = new Handling(),
  ) {
    this.#handling = handling
    this.faults = new Faults(log)
    this.#core = core
    this.#library = library
    this.#onlookers = new Onlookers(core, this.faults)
    this.#emit = emit
    this.#told = new ToldStates(emit)
    const base = nativeAddress(core.u8)
    core.bind(base)
    const { srt } = library
    const ports = { udpPorts: new UdpPortRegistry(), listenerPorts: new ListenerPorts(), gates: new HandshakeGates() }
    this.#inputs = inputContext(core, base, library, ports)
    this.#context = sessionContext(core, base, library, srtStack, ports, this.#fenced.fences, {
      fault: (session, cause) => this.#sessionFault(session, cause),
      ...sessionEvents(emit, (session) => this.#channelAt(session.channel)?.id ?? ""),
    })
    this.info = newEngineInfo(library.info, handling.fd)
    const coreEvents = new CoreEvents({
      channelAt: (index) => this.#channelAt(index),
      emit,
      sessionFault: (session, cause) => this.#sessionFault(session, cause),
      eventFault: (channel, cause) => this.faults.report("input", `an event of channel ${channel.label}`, cause),
    })
    this.#loop = new PacketLoop(core, () => this.#channels.values(), srt, {
      handling,
      srt: this.#context.ownSrt,
      fences: this.#fenced.fences,
      onFence: () => this.#fenced.cut(),
      onEvents: (events) => coreEvents.handle(events),
      onSlowTick: () => {
        try {
          this.#told.tellCues(this.#channels.values())
        } finally {
          this.#told.tellStates(this.#channels.values())
        }
        this.#onlookers.flush()
      },
      onSecond: (nowUs) => this.#emit({ event: "stats", stats: this.stats(nowUs) }),
      onSessionFault: (session, cause) => this.#sessionFault(session, cause),
      onLegFault: (leg, cause) => this.#legFault(leg, cause),
      onFault: (what, cause) => this.faults.report("engine", what, cause),
    })
  }

  start(): void {
    this.#loop.start()
  }

  get idle(): boolean {
    return this.#channels.size === 0
  }

  handle(request: Request): Reply | Promise<Reply> {
    const channel = this.#channels.get("channel_id" in request ? request.channel_id : "")
    if (channel !== undefined) this.#handling.begin(channel.index, COMMANDED)
    try {
      return this.#carryOut(request)
    } finally {
      this.#handling.end()
    }
  }

  #carryOut(request: Request): Reply | Promise<Reply> {
    const re = request.id
    const done = (error: Reason | null): Reply => (error === null ? { re, ok: true } : { re, ok: false, error })
    switch (request.cmd) {
      case "hello":
        return { re, ok: true, info: this.info, stats: this.stats(monotonicUs()) }
      case "state":
        return { re, ok: true, stats: this.stats(monotonicUs()) }
      case "put_channel":
        return done(this.#putChannel(request.channel))
      case "remove_channel":
        return done(this.#removeChannel(request.channel_id))
      case "open_output":
        return done(this.#openOutput(request.channel_id, request.output))
      case "close_output":
        return done(this.#closeOutput(request.channel_id, request.output_id))
      case "switch_source":
        return done(this.#switchSource(request.channel_id, request.leg, request.manual === true))
      case "lease":
        return done(this.#fenced.lease(request.fences))
      case "insert_cue":
        return this.#insertCue(re, request)
      case "open_tap":
      case "open_capture":
        return this.#onlookers.open(this.#channels.get(request.channel_id), request)
      case "test_output":
        return testOutput(this.#context, request.output, {
          publish: request.publish ?? null,
          sessions: [...this.#channels.values()].flatMap(({ sessions }) => [...sessions.values()]),
        }).then((test) => ({ re, ok: true, test }))
      case "shutdown":
        return done(null)
    }
  }

  #putChannel(spec: ChannelSpec): Reason | null {
    try {
      parseAllowedSenders(spec.policy.allowed_senders)
    } catch (cause) {
      return reasonOf(cause)
    }
    const existing = this.#channels.get(spec.id)
    if (existing !== undefined) {
      for (const leg of existing.legs) this.#loop.forget(leg)
      existing.put(spec)
      return this.#fenced.put(existing, spec.fence_us)
    }
    const taken = new Set([...this.#channels.values()].map((c) => c.index))
    const index = Array.from({ length: MAX_CHANNELS }, (_, i) => i).find((i) => !taken.has(i))
    if (index === undefined) return refused("full", `the engine carries at most ${MAX_CHANNELS} channels`)
    this.#context.remuxes.forget(index)
    this.#handling.name(index, spec.id)
    this.#handling.begin(index, COMMANDED)
    const channel = new EngineChannel(spec, index, this.#inputs, {
      leg: (c, leg, kind, message) => this.#emit({ event: "leg", channel_id: c.id, leg, kind, message }),
      source: (c, report) => this.#emit({ event: "source", channel_id: c.id, ...report }),
      sessionFault: (session, cause) => this.#sessionFault(session, cause),
      inputFault: (c, what, cause) => this.faults.report("input", `${what} of channel ${c.label}`, cause),
      forget: (leg) => this.#loop.forget(leg),
    })
    this.#channels.set(spec.id, channel)
    return this.#fenced.put(channel, spec.fence_us)
  }

  #removeChannel(id: string): null {
    const channel = this.#channels.get(id)
    if (channel === undefined) return null
    for (const leg of channel.legs) this.#loop.forget(leg)
    for (const session of channel.sessions.values()) this.#told.forget(session)
    channel.close()
    this.#onlookers.closeChannel(channel)
    this.#channels.delete(id)
    this.#fenced.fences.set(channel.index, undefined)
    return null
  }

  #openOutput(channelId: string, spec: OutputSpec): Reason | null {
    const channel = this.#channels.get(channelId)
    if (channel === undefined) return { ...noChannel(channelId), transient: true }
    if (!this.#fenced.fences.isOpen(channel.index)) return fencedReason
    if (channel.sessions.has(spec.id))
      return { ...refused("exists", `output ${spec.label} is open already`), transient: true }
    if (this.#fenced.fences.has(channel.index)) channel.catchUp()
    const opened = openSession(this.#context, spec, channel.index)
    if (!opened.ok) return opened.error
    channel.sessions.set(spec.id, opened.session)
    return null
  }

  #closeOutput(channelId: string, outputId: string): null {
    const channel = this.#channels.get(channelId)
    const session = channel?.sessions.get(outputId)
    if (channel === undefined || session === undefined) return null
    channel.sessions.delete(outputId)
    this.#told.forget(session)
    try {
      session.close()
    } catch (cause) {
      this.#sessionFault(session, cause)
    }
    return null
  }

  /** Ends a session in which something was thrown. The control plane is told with its state, and opens it again. */
  #sessionFault(session: OutputSession, cause: unknown): void {
    const what = `output ${session.spec.label} of channel ${this.#channelAt(session.channel)?.label ?? session.channel}`
    const reason = this.faults.report("output", what, cause)
    try {
      session.close()
    } catch (again) {
      this.faults.report("output", `closing ${what}`, again)
    }
    session.fault(reason)
  }

  #legFault(leg: Leg, cause: unknown): void {
    for (const channel of this.#channels.values()) if (channel.legs.includes(leg)) channel.replaceLeg(leg, cause)
  }

  #channelAt(index: number): EngineChannel | undefined {
    for (const channel of this.#channels.values()) if (channel.index === index) return channel
    return undefined
  }

  #switchSource(channelId: string, leg: LegName, manual: boolean): Reason | null {
    const channel = this.#channels.get(channelId)
    if (channel === undefined) return noChannel(channelId)
    if (channel.leg(leg) === undefined) return refused("no_leg", `channel ${channel.label} has no ${leg} source`)
    channel.source.choose(leg, manual, monotonicUs())
    return null
  }

  #insertCue(re: number, request: Extract<Request, { readonly cmd: "insert_cue" }>): Reply {
    const channel = this.#channels.get(request.channel_id)
    if (channel === undefined) return { re, ok: false, error: noChannel(request.channel_id) }
    const section = new Uint8Array(Buffer.from(request.section_base64, "base64"))
    const source = channel.leg(channel.source.active)
    const answer = insertCue(this.#core, channel.index, source, section, request.pid, monotonicUs())
    return answer.ok ? { re, ok: true, pid: answer.pid } : { re, ok: false, error: answer.error }
  }

  stats(nowUs: number): EngineStats {
    const channels = this.#channels.values()
    const { ownSrt: srt } = this.#context
    return engineStats({ core: this.#core, loop: this.#loop, faults: this.faults, srt, channels }, nowUs)
  }

  /**
   * Closes every output and leg; libsrt's clean-up sends the shutdowns and joins its threads. Resolves when what was
   * being written is on disk, or after 2.5 s.
   */
  async close(): Promise<void> {
    this.#loop.stop()
    this.#onlookers.close()
    const sessions = [...this.#channels.values()].flatMap((channel) => [...channel.sessions.values()])
    for (const id of [...this.#channels.keys()]) this.#removeChannel(id)
    this.#library.srt?.cleanup()
    const written = Promise.allSettled(sessions.flatMap(({ settled }) => (settled === undefined ? [] : [settled])))
    await Promise.race([written, new Promise((resolve) => setTimeout(resolve, SETTLE_MS).unref())])
  }
}
