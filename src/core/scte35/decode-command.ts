/** Reads splice commands (ANSI/SCTE 35 9.7). */

import { byteCount, hex8, toHex, toPrintable } from "../bytes/bytes-text.ts"
import { BitReader, type Reserved } from "./bits.ts"
import {
  BANDWIDTH_RESERVATION,
  type KnownCommand,
  PRIVATE_COMMAND,
  type ScheduledComponent,
  type ScheduledEvent,
  SPLICE_INSERT,
  SPLICE_NULL,
  SPLICE_SCHEDULE,
  type SpliceCommand,
  type SplicedComponent,
  type SpliceInsert,
  spliceCommandName,
  TIME_SIGNAL,
} from "./command-fields.ts"
import { isoOfUtcSpliceTime, seconds } from "./timing.ts"

export interface DecodedCommand {
  readonly command: SpliceCommand
  /** First byte after the command. */
  readonly end: number
  readonly errors: ReadonlyArray<string>
  readonly oddPlaces: ReadonlyArray<string>
}

type Places = Record<string, number>

/** Only there when something is kept. */
export const keep = (reserved: Places): { reserved?: Reserved } =>
  Object.keys(reserved).length > 0 ? { reserved } : {}

interface Time {
  readonly pts_time: number | null
  readonly pts_time_seconds: number | null
}

/** splice_time() (9.8.1). */
const readTime = (r: BitReader, reserved: Places): Time => {
  r.group(1, "splice_time")
  if (!r.flag()) {
    r.reserved(7, "splice_time", reserved)
    return { pts_time: null, pts_time_seconds: null }
  }
  r.group(5, "splice_time")
  r.reserved(6, "splice_time", reserved)
  const pts_time = r.bits(33)
  return { pts_time, pts_time_seconds: seconds(pts_time) }
}

/** break_duration() (9.8.2). */
const readBreak = (r: BitReader, reserved: Places) => {
  r.group(5, "break_duration")
  const break_auto_return = r.flag()
  r.reserved(6, "break_duration", reserved)
  const break_duration = r.bits(33)
  return { break_auto_return, break_duration, break_duration_seconds: seconds(break_duration) }
}

const readAvailNumbers = (r: BitReader) => {
  r.group(4, "unique_program_id, avail_num and avails_expected")
  return { unique_program_id: r.bits(16), avail_num: r.bits(8), avails_expected: r.bits(8) }
}

/** A loop of 8-bit count; ends early where the bytes do. */
const readList = <Item>(r: BitReader, count: string, item: () => Item): Item[] => {
  const items: Item[] = []
  r.group(1, count)
  for (let wanted = r.bits(8); wanted > 0 && r.problem === null; wanted--) items.push(item())
  return items
}

const readScheduledEvent = (r: BitReader): ScheduledEvent => {
  const reserved: Places = {}
  r.group(5, "splice_event_id")
  const splice_event_id = r.bits(32)
  const cancelled = r.flag()
  const event_id_compliance_flag = r.flag()
  r.reserved(6, "splice_event", reserved)
  const id = { splice_event_id, event_id_compliance_flag }
  if (cancelled) return { ...id, splice_event_cancel_indicator: true, ...keep(reserved) }
  r.group(1, "flags")
  const out_of_network_indicator = r.flag()
  const program_splice_flag = r.flag()
  const duration_flag = r.flag()
  r.reserved(5, "flags", reserved)
  const readUtc = () => {
    r.group(4, "utc_splice_time")
    const utc_splice_time = r.bits(32)
    return { utc_splice_time, utc_splice_time_iso: isoOfUtcSpliceTime(utc_splice_time) }
  }
  const readComponent = (): ScheduledComponent => {
    r.group(5, "component")
    return { tag: r.bits(8), ...readUtc() }
  }
  const when = program_splice_flag ? readUtc() : { components: readList(r, "component_count", readComponent) }
  const duration = duration_flag ? readBreak(r, reserved) : {}
  const flags = { out_of_network_indicator, program_splice_flag, duration_flag }
  return {
    ...id,
    splice_event_cancel_indicator: false,
    ...flags,
    ...when,
    ...duration,
    ...readAvailNumbers(r),
    ...keep(reserved),
  }
}

const readSpliceInsert = (r: BitReader): SpliceInsert => {
  const reserved: Places = {}
  r.group(5, "splice_event_id")
  const id = { name: "splice_insert" as const, splice_event_id: r.bits(32) }
  const cancelled = r.flag()
  r.reserved(7, "splice_event", reserved)
  if (cancelled) return { ...id, splice_event_cancel_indicator: true, ...keep(reserved) }
  r.group(1, "flags")
  const out_of_network_indicator = r.flag()
  const program_splice_flag = r.flag()
  const duration_flag = r.flag()
  const splice_immediate_flag = r.flag()
  const event_id_compliance_flag = r.flag()
  r.reserved(3, "flags", reserved)
  const readComponent = (): SplicedComponent => {
    const odd: Places = {}
    r.group(1, "component_tag")
    const tag = r.bits(8)
    return { tag, ...(splice_immediate_flag ? {} : readTime(r, odd)), ...keep(odd) }
  }
  const programTime = () => (splice_immediate_flag ? {} : readTime(r, reserved))
  const when = program_splice_flag ? programTime() : { components: readList(r, "component_count", readComponent) }
  const duration = duration_flag ? readBreak(r, reserved) : {}
  const flags = {
    out_of_network_indicator,
    program_splice_flag,
    duration_flag,
    splice_immediate_flag,
    event_id_compliance_flag,
  }
  return {
    ...id,
    splice_event_cancel_indicator: false,
    ...flags,
    ...when,
    ...duration,
    ...readAvailNumbers(r),
    ...keep(reserved),
  }
}

const readTimeSignal = (r: BitReader): KnownCommand => {
  const reserved: Places = {}
  return { name: "time_signal", ...readTime(r, reserved), ...keep(reserved) }
}

const readPrivateCommand = (r: BitReader): KnownCommand => {
  r.group(4, "identifier")
  const identifier_text = toPrintable(r.bytes.subarray(r.position, r.position + 4))
  return { name: "private_command", identifier: r.bits(32), identifier_text, private_bytes: toHex(r.take(r.left)) }
}

const READERS: ReadonlyMap<number, (r: BitReader) => KnownCommand> = new Map([
  [SPLICE_NULL, (): KnownCommand => ({ name: "splice_null" })],
  [
    SPLICE_SCHEDULE,
    (r: BitReader): KnownCommand => ({
      name: "splice_schedule",
      events: readList(r, "splice_count", () => readScheduledEvent(r)),
    }),
  ],
  [SPLICE_INSERT, readSpliceInsert],
  [TIME_SIGNAL, readTimeSignal],
  [BANDWIDTH_RESERVATION, (): KnownCommand => ({ name: "bandwidth_reservation" })],
  [PRIVATE_COMMAND, readPrivateCommand],
])

/**
 * Reads the command of `type` that starts at `start`. `declared` is splice_command_length, null where it is not stated;
 * `limit` is where the section's body ends. A command that does not fit is kept as bytes, up to its declared end or,
 * without one, to `limit`.
 */
export const decodeCommand = (
  bytes: Uint8Array,
  type: number,
  start: number,
  declared: number | null,
  limit: number,
): DecodedCommand => {
  const end = declared === null ? limit : Math.min(start + declared, limit)
  const raw = (name: "unknown_command" | "malformed_command", errors: string[]): DecodedCommand => {
    const command = { name, splice_command_type: type, command_bytes: toHex(bytes.subarray(start, end)) }
    return { command, end, errors, oddPlaces: [] }
  }
  const read = READERS.get(type)
  if (read === undefined) {
    const lost = `splice_command_length is not stated and command type ${hex8(type)} is not known: its end, and the descriptors, cannot be found`
    return raw("unknown_command", declared === null ? [lost] : [])
  }
  const r = new BitReader(bytes, start, end, spliceCommandName(type))
  const command = read(r)
  if (r.problem !== null) return raw("malformed_command", [r.problem])
  if (declared === null) {
    const lost =
      "splice_command_length is not stated and a private_command has no end of its own: the descriptors cannot be found"
    return { command, end: r.position, errors: type === PRIVATE_COMMAND ? [lost] : [], oddPlaces: r.oddPlaces }
  }
  if (r.left === 0) return { command, end, errors: [], oddPlaces: r.oddPlaces }
  const error = `${spliceCommandName(type)} ends at byte ${r.position}, splice_command_length at byte ${end}: ${byteCount(r.left)} left over`
  return {
    command: { ...command, trailing_bytes: toHex(r.take(r.left)) },
    end,
    errors: [error],
    oddPlaces: r.oddPlaces,
  }
}
