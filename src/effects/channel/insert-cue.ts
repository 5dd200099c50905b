/**
 * Puts a manual cue into a channel's outgoing stream: the one way in which we change a stream. Allowed by
 * `input.manual_cues` only, built or checked here, inserted by the engine, recorded with who asked for it, and
 * recognised by its bytes when it goes out.
 */
import { Clock, Effect } from "effect"
import type { ChannelStats, LegStats } from "../../engine/protocol/messages.ts"
import { watchSettingsOf } from "../config/input-policy.ts"
import type { CueInput } from "../config/request-bodies.ts"
import { activeLeg } from "../engine/active-leg.ts"
import type { EngineClientService } from "../engine/EngineClient.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { CueAnswer, CueView } from "../model/cue.ts"
import { Conflict, type EngineRefused, EngineUnavailable, type InvalidInput, type StoreError } from "../model/Errors.ts"
import { monotonicMs } from "../model/monotonic.ts"
import { factsOf } from "./cues/cue-record.ts"
import { sectionOf } from "./cues/cue-section.ts"
import {
  auditOf,
  dropInsertion,
  INSERTED_WITHIN_MS,
  MAX_INSERTIONS,
  type PendingInsertion,
} from "./runtime/cue-insertions.ts"
import { withPidByHand } from "./runtime/scte35-runtime.ts"
import type { Channel } from "./started-channel.ts"
import { scte35PidsOf } from "./status.ts"

export interface InsertionPlace {
  readonly config: ChannelConfig
  /** Undefined when the channel is stopped. */
  readonly channel: Channel | undefined
  readonly engine: Pick<EngineClientService, "send">
  /** The channel's figures of this moment. */
  readonly figures: Effect.Effect<ChannelStats | undefined, EngineUnavailable | EngineRefused>
  /** Its last cues. */
  readonly lastCues: Effect.Effect<ReadonlyArray<CueView>, StoreError>
}

type Refusal = InvalidInput | Conflict | EngineUnavailable

const conflict = (path: string, message: string) => new Conflict({ errors: [{ path, message }] })
const noInput = (why: string) => conflict("channel", `${why}, and a cue goes out with those of the stream`)

/**
 * Stream types of ISO/IEC 13818-1 and SCTE 35 that may carry sections: private sections, private data, splice
 * information.
 */
const SECTION_STREAM_TYPES = [0x05, 0x06, 0x86]

/** What else the PMT says a PID carries; null when a section may go on it. */
const occupant = (leg: LegStats | undefined, pid: number): string | null => {
  for (const { pcr_pid, pmt_pid, streams } of leg?.programmes ?? []) {
    if (pmt_pid === pid) return "the PMT"
    const stream = streams.find((s) => s.pid === pid)
    if (stream !== undefined && !SECTION_STREAM_TYPES.includes(stream.stream_type)) {
      return `a stream of type 0x${stream.stream_type.toString(16).padStart(2, "0")}`
    }
    if (pcr_pid === pid) return "the PCR"
  }
  return null
}

/** The PID to name to the engine; null leaves it to answer that there is none. */
const pidFor = (
  { config }: InsertionPlace,
  leg: LegStats | undefined,
  asked: number | undefined,
): Effect.Effect<number | null, Conflict> =>
  Effect.suspend(() => {
    const pids = withPidByHand(config.input.scte35_pid, scte35PidsOf(leg))
    if (asked !== undefined && !pids.includes(asked)) {
      const known = pids.length === 0 ? "there is none" : `there is ${pids.join(", ")}`
      return conflict(
        "pid",
        `${asked} is not an SCTE-35 PID of the stream (${known}): leave it out, or set input.scte35_pid to it first`,
      )
    }
    const pid = asked ?? pids[0] ?? null
    const other = pid === null ? null : occupant(leg, pid)
    const path = asked === undefined ? "input.scte35_pid" : "pid"
    return other === null
      ? Effect.succeed(pid)
      : conflict(path, `PID ${pid} carries ${other}, which a cue would damage: set another PID`)
  })

/**
 * Event id for a new cue: seconds since 1970, or the next number that no recent cue had. Unique for a long time and
 * rising, as people expect.
 */
const freeEventId = ({ channel, lastCues }: InsertionPlace): Effect.Effect<number> =>
  Effect.gen(function* () {
    // A store that does not answer must not keep a cue out of the stream.
    const stored = yield* Effect.orElseSucceed(lastCues, () => [])
    const scte35 = channel?.runtime.scte35
    const used = new Set([
      ...stored.flatMap(({ event_ids }) => event_ids),
      ...[...(scte35?.firsts.values() ?? [])].flatMap(({ entry }) => entry.current().event_ids),
      ...(scte35?.insertions ?? []).flatMap(({ eventIds }) => eventIds),
    ])
    let id = Math.floor((yield* Clock.currentTimeMillis) / 1000) % 2 ** 32
    while (id === 0 || used.has(id)) id = (id + 1) % 2 ** 32
    return id
  })

/** The error for an engine's refusal. `wanted` is the PID that was asked for; null means any. */
const refusalOf = ({ code, reason }: EngineRefused, wanted: number | null): Conflict | EngineUnavailable => {
  switch (code) {
    case "no_input":
      return noInput(reason)
    case "no_pid":
      if (wanted !== null) return conflict("pid", reason)
      return conflict(
        "input.scte35_pid",
        "the stream has no SCTE-35 PID: set input.scte35_pid to the PID that cues are to go out on",
      )
    case "busy":
      return conflict("cue", "another cue is being inserted: try again in a moment")
    case "no_channel":
      return new EngineUnavailable({ reason })
    default:
      return conflict("cue", `the engine did not take it: ${reason}`)
  }
}

const attempt = (place: InsertionPlace, input: CueInput, by: string): Effect.Effect<CueAnswer, Refusal> =>
  Effect.gen(function* () {
    const { channel, config, engine } = place
    if (config.input.manual_cues !== true) {
      return yield* conflict("input.manual_cues", "is not true: manual cues are off until it is set for the channel")
    }
    if (channel === undefined) return yield* conflict("channel", "is stopped: start it first")
    const { insertions, insertionBegun } = channel.runtime.scte35
    if (insertions.length >= MAX_INSERTIONS) {
      return yield* conflict(
        "cue",
        `${MAX_INSERTIONS} cues are on their way already: try again in ${INSERTED_WITHIN_MS / 1000} s`,
      )
    }
    const stats = yield* Effect.catchTag(
      place.figures,
      "EngineRefused",
      ({ reason }) => new EngineUnavailable({ reason }),
    )
    const leg = activeLeg(stats)
    // The engine would say so too, but a cue with a time needs the clock first.
    if (stats?.clock_90k === null && leg?.receiving === false) return yield* noInput("no packets arrive")
    const chooses = input.command === "splice_insert" && input.splice_event_id === undefined
    const { section, warnings } = yield* sectionOf(input, {
      clock90k: stats?.clock_90k ?? null,
      eventId: chooses ? yield* freeEventId(place) : 0,
      minPrerollS: watchSettingsOf(config.input).scte35_min_preroll_s,
    })
    const wanted = yield* pidFor(place, leg, input.pid)

    const { base64, command, description, event_id, event_ids: eventIds, pts } = factsOf(section)
    const deadlineMs = (yield* monotonicMs) + INSERTED_WITHIN_MS
    const insertion: PendingInsertion = { base64, eventIds, description, by, deadlineMs, pid: wanted, audited: false }
    // Noted before it is sent: the cue may appear in the stream before the answer is read, or without any answer.
    insertions.push(insertion)
    yield* insertionBegun.open
    const reply = yield* engine
      .send({ cmd: "insert_cue", channel_id: config.id, pid: wanted, section_base64: base64 })
      .pipe(
        Effect.catchTag("EngineRefused", (refused) => {
          dropInsertion(insertions, insertion)
          return Effect.fail(refusalOf(refused, wanted))
        }),
      )
    const pid = reply.pid ?? wanted
    if (pid === null) return yield* Effect.dieMessage("the engine took a cue and named no PID")
    insertion.pid = pid
    const audit = auditOf(insertion)
    if (audit !== null) yield* channel.record(audit)
    yield* Effect.log(`cue inserted by ${by} on PID ${pid}: ${description}`)
    return { cue: { pid, command, event_id, pts, description, base64, hex: section.hex, section }, warnings }
  })

/**
 * Inserts a manual cue.
 * @param by who asked for it, as the record is to name them
 */
export const insertCue = (place: InsertionPlace, input: CueInput, by: string): Effect.Effect<CueAnswer, Refusal> =>
  attempt(place, input, by).pipe(
    Effect.tapError((error) => Effect.logWarning(`a cue of ${by} was not inserted: ${error.message}`)),
    Effect.annotateLogs("channel", place.config.slug),
  )
