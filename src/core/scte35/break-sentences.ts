/** What the watcher says of breaks. */
import type { Break, ChannelBreak } from "./break-record.ts"
import type { BreakEvent } from "./break-types.ts"

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Milliseconds as seconds for a person: 9.3 s. */
const s = (ms: number): string => `${Math.round(ms / 100) / 10} s`

const subject = ({ cue, eventId }: { readonly cue: number; readonly eventId: number | null }) => ({ cue, eventId })

const length = ({ durationS, autoReturn }: Break): string =>
  durationS === null
    ? "for a time not announced"
    : `for ${s(durationS * 1000)}${autoReturn ? ", with auto-return" : ""}`

export const announced = (one: Break, nowMs: number, again: boolean): BreakEvent => ({
  kind: "break_announced",
  severity: "info",
  ...subject(one),
  message: `${capital(one.name)}: a break is ${again ? "announced anew" : "announced"}, out in ${s(one.startMs - nowMs)} ${length(one)}.`,
})

export const started = (one: Break): BreakEvent => ({
  kind: "break_started",
  severity: "info",
  ...subject(one),
  message: `${capital(one.name)}: the break has begun, ${length(one)}.`,
})

/** `last`: the event with whose end the channel's break is over. */
export const ended = (current: ChannelBreak, last: Break, atMs: number, why: string): BreakEvent => {
  const by = last.eventId === current.eventId && last.name === current.name ? "" : ` of ${last.name}`
  const lasted = Math.max(atMs - current.startedMs, 0)
  return {
    kind: "break_ended",
    severity: "info",
    ...subject(current),
    message: `${capital(current.name)}: the break is over after ${s(lasted)}: ${why}${by}.`,
  }
}

export const cancelled = (one: Break, cue: number, why: string, severity: BreakEvent["severity"]): BreakEvent => ({
  kind: "break_cancelled",
  severity,
  cue,
  eventId: one.eventId,
  message: `${capital(one.name)}: ${why}.`,
})

export const shortPreroll = (
  what: string,
  cue: number,
  eventId: number | null,
  prerollS: number,
  minS: number,
): BreakEvent => ({
  kind: "short_preroll",
  severity: "warning",
  cue,
  eventId,
  message:
    prerollS < 0
      ? `${capital(what)} came ${s(-prerollS * 1000)} after its splice point: splicers cannot meet it. Send it at least ${minS} s before.`
      : `${capital(what)} came only ${s(prerollS * 1000)} before its splice point: splicers may miss it. Send it at least ${minS} s before.`,
})

export const missingReturn = (one: Break, slackS: number, over: boolean): BreakEvent => ({
  kind: "missing_return",
  severity: "warning",
  ...subject(one),
  message: `${capital(one.name)}: ${s((one.durationS ?? 0) * 1000)} were announced, and ${slackS} s later no return has come: ${
    over ? "it is taken for over" : "without auto-return, splicers stay in the break until one comes"
  }.`,
})

export const overlong = (one: Break, maxS: number): BreakEvent => ({
  kind: "overlong_break",
  severity: "warning",
  ...subject(one),
  message: `${capital(one.name)}: the break lasts longer than ${maxS} s. Check whether its return was lost, or allow longer breaks.`,
})

export const overlapping = (open: Break, starting: Break): BreakEvent => ({
  kind: "overlapping_breaks",
  severity: "warning",
  ...subject(starting),
  message: `${capital(starting.name)} begins while ${open.name} is still open: the break is over when all of them have returned.`,
})

export const damaged = (crcOk: boolean, cue: number | null, message: string): BreakEvent => ({
  kind: crcOk ? "bad_section" : "crc_error",
  severity: "warning",
  cue,
  eventId: null,
  message: crcOk
    ? `An SCTE-35 section cannot be acted on: ${message}.`
    : `An SCTE-35 section came damaged: ${message}.`,
})

export const silent = (hours: number): BreakEvent => ({
  kind: "silent",
  severity: "warning",
  cue: null,
  eventId: null,
  message: `No SCTE-35 cue for ${hours} h. Check the encoder's cue input, or allow longer silence.`,
})
