/** A running channel whose SCTE-35 a test plays: what it keeps, records and shows. */
import { Clock, Effect, SubscriptionRef, TestClock } from "effect"
import type { Event, Reason } from "../../engine/protocol/messages.ts"
import { makeChannel, runChannel } from "../channel/Channel.ts"
import { newOutputTally } from "../channel/runtime/tally.ts"
import type { Channel } from "../channel/started-channel.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { NewCue } from "../model/cue.ts"
import type { Happening } from "../model/event.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { NOTHING_COUNTED, NOTHING_SENT } from "../show/totals.ts"
import { channelView } from "../show/views-of.ts"
import { channelConfig, outputConfig, outputHost } from "./configs.ts"
import { scte35Event } from "./cues.ts"
import { type FakeEngine, makeFakeEngine, settle } from "./FakeEngine.ts"

type CueSent = Extract<Event, { readonly event: "cue_sent" }>
export const a = outputConfig({ id: "a", slug: "srt-a" })
export const b = outputConfig({ id: "b", slug: "udp-b", url: "udp://192.0.2.1:9001", protocol: "udp" })
export const off = outputConfig({ id: "off", slug: "off", enabled: false })
const refused: Reason = { code: "srt_reject_10", message: "incorrect passphrase", transient: true }

/** A running channel over a fake engine. */
export interface Run {
  readonly engine: FakeEngine
  readonly channel: Channel
  readonly events: Array<Happening>
  /** Cues as they are kept now. */
  readonly cues: ReadonlyArray<NewCue>
  readonly changes: () => number
}

/** A running channel, with output a connected and output b refused by its peer. */
export const started = (config: Partial<ChannelConfig> = {}) =>
  Effect.gen(function* () {
    const engine = yield* makeFakeEngine()
    const events: Happening[] = []
    const cues: NewCue[] = []
    let changes = 0
    const keepCue: Channel["keepCue"] = (cue) => {
      const place = cues.push(cue) - 1
      const current = () => cues[place] ?? cue
      const update: ReturnType<Channel["keepCue"]>["update"] = (change) => {
        cues[place] = change(current())
      }
      return { current, update }
    }
    const channel = yield* makeChannel(channelConfig({ outputs: [a, b, off], ...config }), {
      engine: engine.service,
      host: outputHost(),
      changed: Effect.sync(() => void changes++),
      record: (happening) => Effect.sync(() => void events.push(happening)),
      keepCue,
    })
    yield* Effect.fork(runChannel(channel))
    yield* settle
    yield* engine.output("a", "connected")
    yield* engine.output("b", "ended", refused)
    events.length = 0
    return { engine, channel, events, cues, changes: () => changes } satisfies Run
  })

export const adjust = (time: Parameters<typeof TestClock.adjust>[0]) => Effect.zipRight(TestClock.adjust(time), settle)
/** The stream's clock runs with the test's: both begin at 0. */
export const section = ({ engine }: Run, cue: number, base64: string, over: Parameters<typeof scte35Event>[2] = {}) =>
  Effect.flatMap(Clock.currentTimeMillis, (at) =>
    engine.emit(scte35Event(cue, base64, { at, clock_90k: at * 90, ...over })),
  )
/** The engine tells of a cue and an output. */
export const word = ({ engine }: Run, cue: number, output_id: string, over: Partial<CueSent> = {}) =>
  engine.emit({
    event: "cue_sent",
    channel_id: "ch-1",
    cue,
    output_id,
    sent: true,
    at: 1234,
    delay_ms: 12.5,
    reason: null,
    ...over,
  })
/** The engine tells that the receivers of an output have acknowledged a cue. */
export const acknowledgement = ({ engine }: Run, cue: number, output_id: string, at = 1300) =>
  engine.emit({ event: "cue_acknowledged", channel_id: "ch-1", cue, output_id, at, delay_ms: 40.5 })
/** Kinds of the events recorded so far. */
export const kinds = ({ events }: Run) => events.map(({ kind }) => kind)
/** The channel as the API shows it now. */
export const view = ({ channel, engine }: Run) =>
  Effect.gen(function* () {
    const config = yield* SubscriptionRef.get(channel.config)
    const state = yield* SubscriptionRef.get(engine.service.state)
    const moment = { nowMs: yield* Clock.currentTimeMillis, monotonicMs: yield* monotonicMs }
    const output = (id: string) => {
      const { cuesMissed, cuesSent } = channel.runtime.outputs.get(id)?.tally ?? newOutputTally()
      return { ...NOTHING_SENT, cues_sent: cuesSent, cues_missed: cuesMissed }
    }
    return channelView(config, {
      engine: state,
      runtime: channel.runtime,
      ...moment,
      totals: { ...NOTHING_COUNTED, output },
    })
  })
/** Kinds of the alarms, but for the lack of input. */
export const alarms = (run: Run) =>
  Effect.map(view(run), (shown) => shown.alarms.map(({ kind }) => kind).filter((kind) => kind !== "no_input"))
/** The proofs of a kept cue as `output status`. */
export const statuses = ({ cues }: Run, place = 0) =>
  cues[place]?.outputs.map(({ output, status }) => `${output} ${status}`)
