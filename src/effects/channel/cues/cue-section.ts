/**
 * Builds the section that a request for a manual cue asks for, with warnings about anything unusual. Pure; errors carry
 * the request's paths.
 */
import { Either } from "effect"
import { type BuiltCue, type SegmentationOptions, spliceInsert, timeSignal } from "../../../core/scte35/build-cue.ts"
import { decodeCueText } from "../../../core/scte35/cue-text.ts"
import { effectivePts } from "../../../core/scte35/effective-pts.ts"
import { SECTION_LENGTH_MAXIMUM, type SpliceInfoSection } from "../../../core/scte35/section-fields.ts"
import { PTS_MODULUS, TICKS_PER_SECOND } from "../../../core/scte35/timing.ts"
import { msBetween } from "../../../core/scte35/watch-clock.ts"
import { CueInput, MAX_PRE_ROLL_S, SegmentationInput } from "../../config/request-bodies.ts"
import { Conflict, type FieldError, InvalidInput } from "../../model/Errors.ts"

export interface CueMoment {
  /** System time clock of the outgoing stream, in 90 kHz ticks, 33 bits; null while unknown. */
  readonly clock90k: number | null
  /** Event id of a splice_insert whose request names none. */
  readonly eventId: number
  /** The channel's `scte35_min_preroll_s`. */
  readonly minPrerollS: number
}

export interface CueSection {
  readonly section: SpliceInfoSection
  /** What is unusual about the cue, each a sentence. */
  readonly warnings: ReadonlyArray<string>
}

type Field = keyof CueInput
type Built = Either.Either<SpliceInfoSection, InvalidInput | Conflict>

const FIELDS = Object.keys(CueInput.fields) as ReadonlyArray<Field>
const OF_BOTH_FORMS: ReadonlyArray<Field> = ["pid", "cue"]
/** Fields that a splice_insert may have only when it does not cancel its event. */
const OF_ACTIVE_INSERT: ReadonlyArray<Field> = [
  ...(["out_of_network_indicator", "break_duration", "break_duration_seconds", "break_auto_return"] as const),
  ...(["unique_program_id", "avail_num", "avails_expected"] as const),
]
const OF_INSERT: ReadonlyArray<Field> = ["splice_event_id", "splice_event_cancel_indicator", ...OF_ACTIVE_INSERT]
const OF_TIME: ReadonlyArray<Field> = ["pre_roll_s", "pts_time"]

const invalid = (errors: ReadonlyArray<FieldError>) => Either.left(new InvalidInput({ errors }))

/** Errors for each of `names` that was given: a field that is not used must not look as if it were. */
const stray = (input: CueInput, names: ReadonlyArray<Field>, message: string): ReadonlyArray<FieldError> =>
  names.filter((name) => input[name] !== undefined).map((path) => ({ path, message }))

const straySegments = (segments: ReadonlyArray<SegmentationOptions>): ReadonlyArray<FieldError> =>
  segments.flatMap((segment, index) =>
    segment.segmentation_event_cancel_indicator === true
      ? Object.keys(segment)
          .filter((name) => name !== "segmentation_event_id" && name !== "segmentation_event_cancel_indicator")
          .map((name) => ({
            path: `segmentation[${index}].${name}`,
            message: "is not sent when the event is called off: leave it out",
          }))
      : [],
  )

const KNOWN = new Set([...FIELDS, ...Object.keys(SegmentationInput.fields)])
/** How a sentence may begin once its field is cut off and still make sense. */
const PREDICATE = /^(?:must|is|has|only) /

/** Turns a problem from `build-cue.ts`, a sentence that begins with a field's name, into an error of that field. */
export const fieldErrorOf = (problem: string): FieldError => {
  const [, place, own] = /^segmentation (\d+): (.*)$/s.exec(problem) ?? []
  const at = place === undefined ? "" : `segmentation[${Number(place) - 1}]`
  const sentence = own ?? problem
  const [, name = "", colon = "", rest = ""] = /^(\w+)(:?) (.*)$/s.exec(sentence) ?? []
  const field = name === "device_restrictions" ? `restrictions.${name}` : KNOWN.has(name) ? name : ""
  if (field === "") return { path: at === "" ? "body" : at, message: sentence }
  const message = colon === ":" || PREDICATE.test(rest) ? rest : sentence
  return { path: at === "" ? field : `${at}.${field}`, message }
}

const MAX_QUOTED = 3

/** Why a section that was given as a whole cannot be inserted; null when it can. */
const objection = (section: SpliceInfoSection): string | null => {
  if (section.section_length > SECTION_LENGTH_MAXIMUM) {
    return `is a section of ${section.section_length + 3} bytes, the longest may have ${SECTION_LENGTH_MAXIMUM + 3}`
  }
  if (section.errors.length > 0 || !section.crc_ok) {
    return `is a section with errors, which nobody could use: ${section.errors.slice(0, MAX_QUOTED).join("; ")}`
  }
  if (section.encrypted_packet) return "is encrypted: what it says cannot be seen, so it is not inserted"
  const name = section.command?.name
  return name === "splice_insert" || name === "time_signal"
    ? null
    : `is a ${name ?? "section without a command"}: only splice_insert and time_signal can be inserted`
}

const ofText = (input: CueInput, text: string): Built => {
  const errors = [
    ...stray(
      input,
      FIELDS.filter((field) => !OF_BOTH_FORMS.includes(field)),
      "cannot be given together with cue, which is a whole section: leave one of them out",
    ),
  ]
  const decoded = decodeCueText(text)
  const message = decoded.ok ? objection(decoded.section) : decoded.error
  if (message !== null) errors.push({ path: "cue", message })
  return decoded.ok && errors.length === 0 ? Either.right(decoded.section) : invalid(errors)
}

/** The request's pts_time in 90 kHz ticks; undefined means immediately. */
const timeOf = (
  { pre_roll_s, pts_adjustment = 0, pts_time }: CueInput,
  { clock90k }: CueMoment,
): Either.Either<number | undefined, Conflict> => {
  if (pre_roll_s === undefined) return Either.right(pts_time)
  if (clock90k === null) {
    const message =
      "cannot be reckoned from: the stream's clock is not known, since no PCR has come; try again, or give pts_time"
    return Either.left(new Conflict({ errors: [{ path: "pre_roll_s", message }] }))
  }
  const ticks = clock90k + Math.round(pre_roll_s * TICKS_PER_SECOND) - pts_adjustment
  return Either.right(((ticks % PTS_MODULUS) + PTS_MODULUS) % PTS_MODULUS)
}

const strayFields = (input: CueInput): ReadonlyArray<FieldError> => {
  const errors = [...straySegments(input.segmentation ?? [])]
  if (input.command === "time_signal")
    errors.push(...stray(input, OF_INSERT, "is a field of splice_insert: leave it out of a time_signal"))
  if (input.pre_roll_s !== undefined && input.pts_time !== undefined) {
    errors.push({ path: "pre_roll_s", message: "and pts_time both say when: give one of them, or neither for at once" })
  }
  if (input.command !== "splice_insert") return errors
  const hasDuration = input.break_duration !== undefined || input.break_duration_seconds !== undefined
  if (input.splice_event_cancel_indicator === true) {
    errors.push(
      ...stray(input, [...OF_ACTIVE_INSERT, ...OF_TIME], "is not sent when the event is called off: leave it out"),
    )
    if (input.splice_event_id === undefined)
      errors.push({ path: "splice_event_id", message: "is required to call an event off" })
  } else if (input.break_auto_return !== undefined && !hasDuration) {
    errors.push({ path: "break_auto_return", message: "needs break_duration or break_duration_seconds" })
  }
  return errors
}

const ofFields = (input: CueInput, moment: CueMoment): Built => {
  if (input.command === undefined) {
    return invalid([
      { path: "command", message: "is required: splice_insert or time_signal; or give a whole section in cue" },
    ])
  }
  return Either.flatMap(timeOf(input, moment), (pts_time) => {
    const built: BuiltCue =
      input.command === "splice_insert"
        ? spliceInsert({ ...input, splice_event_id: input.splice_event_id ?? moment.eventId, pts_time })
        : timeSignal({ ...input, segmentation: input.segmentation ?? [], pts_time })
    const errors = [...strayFields(input), ...(built.ok ? [] : built.problems.map(fieldErrorOf))]
    return built.ok && errors.length === 0 ? Either.right(built.section) : invalid(errors)
  })
}

const secondsText = (s: number) => `${Math.round(Math.abs(s) * 1000) / 1000} s`

const timeWarnings = (section: SpliceInfoSection, { clock90k, minPrerollS }: CueMoment): ReadonlyArray<string> => {
  const pts = effectivePts(section)
  if (pts === null) return []
  if (clock90k === null)
    return ["the stream's clock is not known, so how long the cue comes before its splice point cannot be told"]
  const ahead = msBetween(clock90k, pts) / 1000
  if (ahead < 0) return [`its splice point lies ${secondsText(ahead)} in the past on the stream's clock`]
  if (ahead > MAX_PRE_ROLL_S)
    return [`its splice point lies ${secondsText(ahead)} ahead on the stream's clock: look at its pts_time`]
  // Some time passes before the cue is out.
  if (minPrerollS === 0 || ahead > minPrerollS) return []
  return [
    `it comes ${secondsText(ahead)} before its splice point, less a moment until it is out; input.scte35_min_preroll_s asks for ${minPrerollS} s`,
  ]
}

const returnWarnings = (
  { command, out_of_network_indicator, splice_event_id }: CueInput,
  eventId: number,
): ReadonlyArray<string> =>
  command === "splice_insert" && out_of_network_indicator === false && splice_event_id === undefined
    ? [`splice_event_id ${eventId} was chosen: receivers may ask that a return names the event which it ends`]
    : []

/**
 * The section that a request asks for. Fails with `InvalidInput` when the request contradicts itself, with `Conflict`
 * when it needs the stream's clock and there is none.
 */
export const sectionOf = (input: CueInput, moment: CueMoment): Either.Either<CueSection, InvalidInput | Conflict> =>
  Either.map(input.cue === undefined ? ofFields(input, moment) : ofText(input, input.cue), (section) => ({
    section,
    warnings: [...section.warnings, ...timeWarnings(section, moment), ...returnWarnings(input, moment.eventId)],
  }))
