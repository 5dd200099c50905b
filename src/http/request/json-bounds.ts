/** What a body may hold: as much as its route can make use of, many times over. */
import type { JsonBounds } from "./strict-json.ts"

export interface BodyBounds extends JsonBounds {
  readonly bytes: number
}

const KIB = 1024
/** The largest body that any route takes: 500 outputs with the longest URLs would not fit, a real channel fits a hundred times over. */
export const MAX_BODY_BYTES = 1024 * KIB
/** No object that we take has a fifth of it. */
const KEYS = 200
/** Far deeper than anything that we take. */
const DEPTH = 64

/** One thing: an output, a user, a cue, a rule. */
export const ONE_THING: BodyBounds = { bytes: 256 * KIB, values: 2000, keys: KEYS, depth: DEPTH }
/** A list of things: a channel with its outputs, what is done to many. */
export const MANY_THINGS: BodyBounds = { bytes: MAX_BODY_BYTES, values: 20_000, keys: KEYS, depth: DEPTH }
/** The whole configuration. */
export const WHOLE_CONFIG: BodyBounds = { bytes: MAX_BODY_BYTES, values: 200_000, keys: KEYS, depth: DEPTH }

/** Fields of a form; the longest list of ours is the boxes of a thousand channels. */
export const MAX_FORM_FIELDS = 4000
