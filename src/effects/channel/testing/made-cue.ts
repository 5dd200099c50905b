/** Sections of manual cues, made or refused, for tests. */
import { Either } from "effect"
import type { CueInput } from "../../config/request-bodies.ts"
import { type CueMoment, sectionOf } from "../cues/cue-section.ts"

export const MOMENT: CueMoment = { clock90k: 900_000, eventId: 4242, minPrerollS: 4 }
export const made = (input: CueInput, moment: Partial<CueMoment> = {}) => {
  const result = sectionOf(input, { ...MOMENT, ...moment })
  if (Either.isLeft(result)) throw new Error(result.left.message)
  return result.right
}
export const refused = (input: CueInput, moment: Partial<CueMoment> = {}) => {
  const result = sectionOf(input, { ...MOMENT, ...moment })
  if (Either.isRight(result)) throw new Error("it was taken")
  return { tag: result.left._tag, errors: result.left.errors.map(({ message, path }) => `${path}: ${message}`) }
}
export const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64")
export const PO = { segmentation_event_id: 9, segmentation_type_id: 0x34 }
export const OUT: CueInput = { command: "splice_insert", splice_event_id: 7, out_of_network_indicator: true }
