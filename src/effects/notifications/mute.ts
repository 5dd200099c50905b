/** Mutes: which notices are not told, and until when. */
import { type Checked, done, failed } from "../config/checked.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { FieldError } from "../model/Errors.ts"
import type { MuteInput, MuteView } from "./notification-bodies.ts"

const LONGEST_MS = 366 * 24 * 3_600_000
/** Time of RFC 3339. The offset is required, or nobody would know which hour is meant. */
const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$/

const endOf = ({ minutes, until }: MuteInput, nowMs: number): Checked<number> => {
  const fail = (path: string, message: string) => failed([{ path, message }])
  if (minutes !== undefined && until !== undefined) return fail("until", "cannot be there together with minutes")
  if (minutes !== undefined) return done(nowMs + minutes * 60_000)
  if (until === undefined) return fail("until", "is required, unless there are minutes")
  const at = TIME.test(until) ? Date.parse(until) : Number.NaN
  if (Number.isNaN(at)) return fail("until", "must be a time with its offset, as in 2026-01-02T03:04:05Z")
  if (at <= nowMs) return fail("until", "must be in the future")
  return at > nowMs + LONGEST_MS ? fail("until", "must be within a year") : done(at)
}

/**
 * Checks a request for a mute and builds it.
 * @param created `nowMs` is Unix time
 */
export const muteOf = (
  input: MuteInput,
  configs: ReadonlyArray<ChannelConfig>,
  { by, id, nowMs }: { readonly id: string; readonly by: string; readonly nowMs: number },
): Checked<MuteView> => {
  const errors: FieldError[] = []
  const asked = input.channel ?? null
  const config =
    asked === null ? undefined : configs.find((one) => [one.id, one.slug, String(one.number)].includes(asked))
  if (asked !== null && config === undefined)
    errors.push({ path: "channel", message: `there is no channel "${asked}"` })
  const wanted = input.output ?? null
  const output = wanted === null ? undefined : config?.outputs.find((one) => one.id === wanted || one.slug === wanted)
  if (wanted !== null && asked === null) errors.push({ path: "output", message: "needs its channel" })
  if (wanted !== null && config !== undefined && output === undefined)
    errors.push({ path: "output", message: `there is no output "${wanted}"` })
  const end = endOf(input, nowMs)
  if (!end.ok) errors.push(...end.errors)
  if (errors.length > 0 || !end.ok) return failed(errors)
  const [until, created_at] = [end.value, nowMs].map((ms) => new Date(ms).toISOString())
  return done({
    id,
    channel: config?.slug ?? null,
    output: output?.slug ?? null,
    until: until ?? "",
    by,
    created_at: created_at ?? "",
  })
}
