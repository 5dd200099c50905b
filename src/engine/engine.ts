/** The engine: carries out what the control plane asks, and tells it what happens. */
import { randomUUID } from "node:crypto"
import {
  EVENT_MERGE,
  EVENT_MERGE_LEG,
  EVENT_OVERFLOW,
  EVENT_SCTE35,
  EVENT_SWITCHED,
  MAX_CHANNELS,
  MAX_LEGS,
} from "../core/assembly/memory/layout.ts"
import { channelOfIndex } from "../core/packet-core/leg-index.ts"
import type { CoreEvent, PacketCore } from "../core/packet-core/packet-core.ts"
import { decodeSpliceInfoSection } from "../core/scte35/decode-section.ts"
import { insertCue } from "./cue-insertion.ts"
import { EngineChannel } from "./engine-channel.ts"
import { Faults } from "./faults.ts"
import { monotonicUs } from "./ffi/clock.ts"
import { nativeAddress } from "./ffi/libc.ts"
import { parseAllowedSenders } from "./inputs/allowed-senders.ts"
import type { Leg } from "./inputs/leg.ts"
import { openSession } from "./outputs/open-session.ts"
import type { OutputSession, SessionContext } from "./outputs/output-session.ts"
import { testOutput } from "./outputs/test-output.ts"
import { PacketLoop } from "./packet-loop.ts"
import {
  type ChannelSpec,
  type EngineInfo,
  type EngineStats,
  type Event,
  type LegName,
  type OutputSpec,
  PROTOCOL_VERSION,
  type Reason,
  type Reply,
  type Request,
} from "./protocol/messages.ts"
import { reasonOf } from "./protocol/setup-failure.ts"
import { RemuxPool } from "./remux/remux-pool.ts"
import { HandshakeGates } from "./srt/handshake-gate.ts"
import { ListenerPorts } from "./srt/listener-ports.ts"
import { PortPool } from "./srt/port-pool.ts"
import type { SrtLibrary } from "./srt/srt-library.ts"
import { UdpPortRegistry } from "./system/udp-port-registry.ts"
import { TapPool } from "./taps/tap-pool.ts"

/** What outputs that write behind are given at the end. */
const SETTLE_MS = 2500

const toStderr = (message: string): void => {
  process.stderr.write(`${message}\n`)
}
const refused = (code: string, message: string): Reason => ({ code, message, transient: false })
const runtimeName = `${"Deno" in globalThis ? "deno" : (process.versions["bun"] ?? "") !== "" ? "bun" : "node"}`

export class Engine {
  readonly info: EngineInfo
  readonly faults: Faults
  readonly #core: PacketCore
  readonly #library: SrtLibrary
  readonly #emit: (event: Event) => void
  readonly #context: SessionContext
  readonly #channels = new Map<string, EngineChannel>()
  readonly #udpPorts = new UdpPortRegistry()
  readonly #loop: PacketLoop
  readonly #taps: TapPool
  /** SCTE-35 sections so far. */
  #cues = 0
  /** State last told of each session. */
  readonly #told = new Map<OutputSession, string>()

  /** `log` gets the stacks of internal errors. */
  constructor(
    core: PacketCore,
    library: SrtLibrary,
    emit: (event: Event) => void,
    log: (message: string) => void = toStderr,
  ) {
    this.faults = new Faults(log)
    this.#core = core
    this.#library = library
    this.#taps = new TapPool(core, (cause) => this.faults.report("engine", "a tap", cause))
    this.#emit = emit
    const base = nativeAddress(core.u8)
    core.bind(base)
    this.#context = {
      core,
      base,
      srt: library.srt,
      ports: library.srt === null ? null : new PortPool(library.srt),
      listenerPorts: new ListenerPorts(),
      gates: new HandshakeGates(),
      udpPorts: this.#udpPorts,
      remuxes: new RemuxPool(core),
      srtProblem: library.info.problem,
      fault: (session, cause) => this.#sessionFault(session, cause),
      receiver: (session, peer, stream_id, joined, reason) =>
        this.#emit({
          event: "receiver",
          channel_id: this.#channelOf(session),
          output_id: session.spec.id,
          peer,
          stream_id,
          joined,
          reason,
        }),
    }
    this.info = {
      protocol: PROTOCOL_VERSION,
      engine_id: randomUUID(),
      pid: process.pid,
      started_at: Date.now(),
      runtime: runtimeName,
      srt: library.info,
    }
    this.#loop = new PacketLoop(core, () => this.#channels.values(), {
      onEvents: (events) => this.#coreEvents(events),
      onSlowTick: () => {
        try {
          this.#tellCues()
        } finally {
          this.#tellStates()
        }
        if (this.#taps.size > 0) this.#taps.flush()
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
      case "insert_cue":
        return this.#insertCue(re, request)
      case "open_tap":
        return done(this.#openTap(request.channel_id, request.path, request.token))
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
      return null
    }
    const taken = new Set([...this.#channels.values()].map((c) => c.index))
    const index = Array.from({ length: MAX_CHANNELS }, (_, i) => i).find((i) => !taken.has(i))
    if (index === undefined) return refused("full", `the engine carries at most ${MAX_CHANNELS} channels`)
    this.#context.remuxes.forget(index)
    const channel = new EngineChannel(spec, index, this.#core, this.#context.base, this.#udpPorts, {
      leg: (c, leg, kind, message) => this.#emit({ event: "leg", channel_id: c.id, leg, kind, message }),
      source: (c, report) => this.#emit({ event: "source", channel_id: c.id, ...report }),
      sessionFault: (session, cause) => this.#sessionFault(session, cause),
      inputFault: (c, what, cause) => this.faults.report("input", `${what} of channel ${c.label}`, cause),
      forget: (leg) => this.#loop.forget(leg),
    })
    this.#channels.set(spec.id, channel)
    return null
  }

  #removeChannel(id: string): null {
    const channel = this.#channels.get(id)
    if (channel === undefined) return null
    for (const leg of channel.legs) this.#loop.forget(leg)
    for (const session of channel.sessions.values()) this.#told.delete(session)
    channel.close()
    this.#taps.closeChannel(channel.index)
    this.#channels.delete(id)
    return null
  }

  #openOutput(channelId: string, spec: OutputSpec): Reason | null {
    const channel = this.#channels.get(channelId)
    if (channel === undefined)
      return { ...refused("no_channel", `the engine has no channel ${channelId}`), transient: true }
    if (channel.sessions.has(spec.id))
      return { ...refused("exists", `output ${spec.label} is open already`), transient: true }
    const opened = openSession(this.#context, spec, channel.index)
    if (!opened.ok) return opened.error
    channel.sessions.set(spec.id, opened.session)
    return null
  }

  #openTap(channelId: string, path: string, token: string): Reason | null {
    const channel = this.#channels.get(channelId)
    if (channel === undefined)
      return { ...refused("no_channel", `the engine has no channel ${channelId}`), transient: true }
    return this.#taps.open(channel.index, path, token)
  }

  #closeOutput(channelId: string, outputId: string): null {
    const channel = this.#channels.get(channelId)
    const session = channel?.sessions.get(outputId)
    if (channel === undefined || session === undefined) return null
    channel.sessions.delete(outputId)
    this.#told.delete(session)
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
    session.state = "ended"
    session.reason = reason
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
    if (channel === undefined) return refused("no_channel", `the engine has no channel ${channelId}`)
    if (channel.leg(leg) === undefined) return refused("no_leg", `channel ${channel.label} has no ${leg} source`)
    channel.source.choose(leg, manual, monotonicUs())
    return null
  }

  #insertCue(re: number, request: Extract<Request, { readonly cmd: "insert_cue" }>): Reply {
    const channel = this.#channels.get(request.channel_id)
    if (channel === undefined)
      return { re, ok: false, error: refused("no_channel", `the engine has no channel ${request.channel_id}`) }
    const section = new Uint8Array(Buffer.from(request.section_base64, "base64"))
    const answer = insertCue(
      this.#core,
      channel.index,
      channel.leg(channel.source.active),
      section,
      request.pid,
      monotonicUs(),
    )
    return answer.ok ? { re, ok: true, pid: answer.pid } : { re, ok: false, error: answer.error }
  }

  #channelOf(session: OutputSession): string {
    return this.#channelAt(session.channel)?.id ?? ""
  }

  #coreEvents(events: ReadonlyArray<CoreEvent>): void {
    for (const event of events) {
      const channel = this.#channelAt(channelOfIndex(event.leg))
      if (channel === undefined) continue
      try {
        this.#coreEvent(channel, event)
      } catch (cause) {
        this.faults.report("input", `an event of channel ${channel.label}`, cause)
      }
    }
  }

  #coreEvent(channel: EngineChannel, event: CoreEvent): void {
    if (event.leg >= MAX_LEGS) this.#section(channel, event)
    else if (event.type === EVENT_SWITCHED || event.type === EVENT_MERGE || event.type === EVENT_MERGE_LEG)
      channel.source.handle(event)
    else if (event.type !== EVENT_SCTE35) {
      const leg = channel.legs.find((one) => one.index === event.leg)
      try {
        leg?.handle(event)
      } catch (cause) {
        if (leg !== undefined) channel.replaceLeg(leg, cause)
      }
    }
  }

  /** An SCTE-35 section of what goes out. */
  #section(channel: EngineChannel, event: CoreEvent): void {
    this.#cues += 1
    const arrivedUs = channel.cues.timeOf(event.position)
    channel.cues.add(this.#cues, event.position, arrivedUs, channel.sessions.values())
    this.#handOn(channel, event)
    this.#emit({
      event: "scte35",
      channel_id: channel.id,
      leg: channel.source.active,
      pid: event.pid,
      cue: this.#cues,
      at: Math.round(Date.now() - (monotonicUs() - arrivedUs) / 1000),
      clock_90k: channel.source.clock90k,
      // Whether a section that was cut off was sound is not known.
      crc_ok: event.b !== 0,
      section_base64: Buffer.from(event.data).toString("base64"),
    })
  }

  /** For outputs that write cues in a form of their own. */
  #handOn(channel: EngineChannel, { b, data, position }: CoreEvent): void {
    const takers = [...channel.sessions.values()].filter((session) => session.onCue !== undefined)
    const decoded = b === 1 && takers.length > 0 ? decodeSpliceInfoSection(data) : null
    if (decoded?.ok !== true || decoded.section.errors.length > 0) return
    for (const session of takers)
      try {
        session.onCue?.({ position, section: decoded.section, clock90k: channel.source.clock90k })
      } catch (cause) {
        this.#sessionFault(session, cause)
      }
  }

  #tellCues(): void {
    for (const channel of this.#channels.values())
      for (const fate of channel.cues.poll(monotonicUs()))
        this.#emit({ event: "cue_sent", channel_id: channel.id, at: Date.now(), ...fate })
  }

  /** Tells of every session whose state differs from what was told last; sessions that ended are dropped. */
  #tellStates(): void {
    for (const channel of this.#channels.values())
      for (const [id, session] of channel.sessions) {
        if (this.#told.get(session) === session.state) continue
        this.#told.set(session, session.state)
        this.#emit({
          event: "output_state",
          channel_id: channel.id,
          output_id: id,
          session: session.spec.session,
          state: session.state,
          reason: session.reason,
        })
        if (session.state !== "ended") continue
        channel.sessions.delete(id)
        this.#told.delete(session)
      }
  }

  stats(nowUs: number): EngineStats {
    const at = Date.now()
    const usage = process.cpuUsage()
    return {
      at,
      cpu_seconds: (usage.user + usage.system) / 1e6,
      rss_bytes: process.memoryUsage.rss(),
      loop_max_ms: this.#loop.maxGapUs / 1000,
      loop_passes: this.#loop.passes,
      event_overflows: this.#core.u32[EVENT_OVERFLOW >> 2] ?? 0,
      output_faults: this.faults.counts.output,
      input_faults: this.faults.counts.input,
      engine_faults: this.faults.counts.engine,
      channels: [...this.#channels.values()].map((channel) => channel.stats(nowUs, at - nowUs / 1000)),
    }
  }

  /**
   * Closes every output and leg; libsrt's clean-up sends the shutdowns and joins its threads. Resolves when what was
   * being written is on disk, or after 2.5 s.
   */
  async close(): Promise<void> {
    this.#loop.stop()
    this.#taps.close()
    const sessions = [...this.#channels.values()].flatMap((channel) => [...channel.sessions.values()])
    for (const id of [...this.#channels.keys()]) this.#removeChannel(id)
    this.#library.srt?.cleanup()
    const written = Promise.allSettled(sessions.flatMap(({ settled }) => (settled === undefined ? [] : [settled])))
    await Promise.race([written, new Promise((resolve) => setTimeout(resolve, SETTLE_MS).unref())])
  }
}
