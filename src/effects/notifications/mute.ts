/** Mutes: which notices are not told, from when to when, and on which days. */
import { isOn, nextTurn, type Schedule, scheduleErrors } from "../../core/schedule/schedule.ts"
import { type Checked, done, failed } from "../config/checked.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { FieldError } from "../model/Errors.ts"
import type { KeptMute, Mute, MuteInput, MuteView } from "./notification-bodies.ts"

const LONGEST_MS = 366 * 24 * 3_600_000
/** Time of RFC 3339. The offset is required, or nobody would know which hour is meant. */
const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$/
const WANTED = "must be a time with its offset, as in 2026-01-02T03:04:05Z"

const fail = (path: string, message: string) => failed([{ path, message }])
const timeOf = (text: string) => (TIME.test(text) ? Date.parse(text) : Number.NaN)

interface Span {
  readonly from: number
  readonly to: number
}

const spanOf = ({ minutes, starts, until }: MuteInput, nowMs: number): Checked<Span> => {
  const from = starts == null ? nowMs : timeOf(starts)
  if (Number.isNaN(from)) return fail("starts", WANTED)
  if (from > nowMs + LONGEST_MS) return fail("starts", "must be within a year")
  if (minutes !== undefined && until !== undefined) return fail("until", "cannot be there together with minutes")
  if (minutes === undefined && until === undefined) return fail("until", "is required, unless there are minutes")
  const to = minutes === undefined ? timeOf(until ?? "") : from + minutes * 60_000
  if (Number.isNaN(to)) return fail("until", WANTED)
  if (to <= nowMs) return fail("until", "must be in the future")
  if (to <= from) return fail("until", "must be after starts")
  return to > nowMs + LONGEST_MS ? fail("until", "must be within a year") : done({ from, to })
}

/** The windows of a mute that comes again, as a schedule. */
const windowsOf = ({ days, start, stop, zone }: NonNullable<Mute["repeats"]>): Schedule => ({
  zone,
  enabled: true,
  windows: [{ days, date: null, start, stop }],
})

const repeatErrors = ({ repeats }: MuteInput): ReadonlyArray<FieldError> =>
  repeats == null
    ? []
    : scheduleErrors(windowsOf(repeats)).map(({ message, path }) => ({
        path: `repeats.${path.replace("windows[0].", "")}`,
        message,
      }))

/**
 * Checks a request for a mute and builds it.
 * @param created `nowMs` is Unix time
 */
export const muteOf = (
  input: MuteInput,
  configs: ReadonlyArray<ChannelConfig>,
  { by, id, nowMs }: { readonly id: string; readonly by: string; readonly nowMs: number },
): Checked<KeptMute> => {
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
  const span = spanOf(input, nowMs)
  errors.push(...(span.ok ? [] : span.errors), ...repeatErrors(input))
  if (errors.length > 0 || !span.ok) return failed(errors)
  const iso = (ms: number) => new Date(ms).toISOString()
  return done({
    id,
    channel: config?.slug ?? null,
    output: output?.slug ?? null,
    channel_id: config?.id ?? null,
    output_id: output?.id ?? null,
    starts: iso(span.value.from),
    until: iso(span.value.to),
    repeats: input.repeats ?? null,
    reason: input.reason ?? null,
    by,
    created_at: iso(nowMs),
  })
}

/** How a mute is at a moment: whether it mutes, and when that changes, Unix ms; null when it never does again. */
const standingOf = ({ repeats, starts, until }: Mute, nowMs: number): { active: boolean; nextMs: number | null } => {
  const [from, to] = [Date.parse(starts), Date.parse(until)]
  if (nowMs >= to) return { active: false, nextMs: null }
  if (repeats === null) return { active: nowMs >= from, nextMs: nowMs >= from ? to : from }
  const windows = windowsOf(repeats)
  if (nowMs >= from && isOn(windows, nowMs))
    return { active: true, nextMs: Math.min(to, nextTurn(windows, nowMs)?.at ?? to) }
  if (nowMs < from && isOn(windows, from)) return { active: false, nextMs: from }
  const next = nextTurn(windows, Math.max(nowMs, from))
  return { active: false, nextMs: next === null || next.at >= to ? null : next.at }
}

export const muteView = (mute: Mute, nowMs: number): MuteView => {
  const { active, nextMs } = standingOf(mute, nowMs)
  return { ...mute, active, next_at: nextMs === null ? null : new Date(nextMs).toISOString() }
}

const isSame = (one: { readonly id: string; readonly slug: string }, id: string | null, slug: string | null) =>
  id === null ? one.slug === slug : one.id === id

/**
 * The mutes whose channel and output are there, without what they are kept by. The others mute nothing; they are kept
 * as long as their removal might be undone.
 */
export const mutesIn = (mutes: Iterable<KeptMute>, configs: ReadonlyArray<ChannelConfig>): ReadonlyArray<Mute> =>
  [...mutes].flatMap(({ channel_id, output_id, ...mute }) => {
    if (mute.channel === null) return [mute]
    const channel = configs.find((one) => isSame(one, channel_id, mute.channel))
    const isThere =
      mute.output === null
        ? channel !== undefined
        : channel?.outputs.some((one) => isSame(one, output_id, mute.output)) === true
    return isThere ? [mute] : []
  })

/** What is muted now, and until when: asked once for all notices, as windows are looked up in a zone. */
export type Muting = (channel: string | null, output: string | null) => string | null

/** Tells the end of the longest mute that covers a channel's or an output's notices; null without any. */
export const mutingAt = (mutes: Iterable<Mute>, nowMs: number): Muting => {
  const active = [...mutes].map((mute) => muteView(mute, nowMs)).filter((mute) => mute.active)
  return (channel, output) =>
    active
      .filter(
        (mute) =>
          mute.channel === null || (mute.channel === channel && (mute.output === null || mute.output === output)),
      )
      .map(({ next_at, until }) => next_at ?? until)
      .sort()
      .at(-1) ?? null
}
