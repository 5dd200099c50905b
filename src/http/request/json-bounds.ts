/** Bounds of request bodies: many times what their routes can use. */
import type { JsonBounds } from "./strict-json.ts"

export interface BodyBounds extends JsonBounds {
  readonly bytes: number
}

const KIB = 1024
/**
 * Largest body that any route takes, in bytes: 500 outputs with the longest URLs would not fit, a real channel fits a
 * hundred times over.
 */
export const MAX_BODY_BYTES = 1024 * KIB
/** Most keys in an object; none that we accept has a fifth of that. */
const KEYS = 200
/** Deepest nesting; far deeper than anything that we accept. */
const DEPTH = 64

/** Bounds for one thing: an output, a user, a cue, a rule. */
export const ONE_THING: BodyBounds = { bytes: 256 * KIB, values: 2000, keys: KEYS, depth: DEPTH }
/** Bounds for a list of things: a channel with its outputs, an action on many. */
export const MANY_THINGS: BodyBounds = { bytes: MAX_BODY_BYTES, values: 20_000, keys: KEYS, depth: DEPTH }
/** Bounds for the whole configuration. */
export const WHOLE_CONFIG: BodyBounds = { bytes: MAX_BODY_BYTES, values: 200_000, keys: KEYS, depth: DEPTH }

/** Most fields of a form; our longest has a checkbox for each of a thousand channels. */
export const MAX_FORM_FIELDS = 4000
