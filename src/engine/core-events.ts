/** What the packet core reports (SCTE-35 sections, switches, findings about a leg) is handed to whom it concerns. */
import { EVENT_MERGE, EVENT_MERGE_LEG, EVENT_SCTE35, EVENT_SWITCHED, MAX_LEGS } from "../core/assembly/memory/layout.ts"
import type { CoreEvent } from "../core/packet-core/event-records.ts"
import { channelOfIndex } from "../core/packet-core/leg-index.ts"
import { decodeSpliceInfoSection } from "../core/scte35/decode-section.ts"
import type { EngineChannel } from "./engine-channel.ts"
import { monotonicUs } from "./ffi/clock.ts"
import type { OutputSession } from "./outputs/output-session.ts"
import type { Event } from "./protocol/messages.ts"
import { startOf } from "./protocol/old-machine.ts"

export interface CoreEventHooks {
  readonly channelAt: (index: number) => EngineChannel | undefined
  readonly emit: (event: Event) => void
  /** A session threw over a cue: it ends, the others get theirs. */
  readonly sessionFault: (session: OutputSession, cause: unknown) => void
  /** An event of the channel could not be handled; the next ones are. */
  readonly eventFault: (channel: EngineChannel, cause: unknown) => void
}

export class CoreEvents {
  readonly #hooks: CoreEventHooks
  /** SCTE-35 sections so far. */
  #cues = startOf("numbers", 0)

  constructor(hooks: CoreEventHooks) {
    this.#hooks = hooks
  }

  /** Handles events in their order; those of channels that are gone are passed over. */
  handle(events: ReadonlyArray<CoreEvent>): void {
    for (const event of events) {
      const channel = this.#hooks.channelAt(channelOfIndex(event.leg))
      if (channel === undefined) continue
      try {
        this.#handleOne(channel, event)
      } catch (cause) {
        this.#hooks.eventFault(channel, cause)
      }
    }
  }

  #handleOne(channel: EngineChannel, event: CoreEvent): void {
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
    this.#hooks.emit({
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
        this.#hooks.sessionFault(session, cause)
      }
  }
}
