/** Writes splice commands (ANSI/SCTE 35 9.7). */

import { fromHex } from "../bytes/bytes-text.ts"
import type { BitWriter, Reserved } from "./bits.ts"
import {
  BANDWIDTH_RESERVATION,
  PRIVATE_COMMAND,
  SPLICE_INSERT,
  SPLICE_NULL,
  SPLICE_SCHEDULE,
  type SpliceCommand,
  TIME_SIGNAL,
} from "./command-fields.ts"
import type { Encodable } from "./section-fields.ts"

export type CommandFields = Encodable<SpliceCommand>
type InsertFields = Extract<CommandFields, { name: "splice_insert" }>
type EventFields = Extract<CommandFields, { name: "splice_schedule" }>["events"][number]
type BreakFields = {
  readonly duration_flag: boolean
  readonly break_auto_return?: boolean
  readonly break_duration?: number
}
type AvailFields = { readonly unique_program_id: number; readonly avail_num: number; readonly avails_expected: number }

/** Bytes given as hexadecimal; RangeError, with the field's name, for other text. */
export const writeHex = (w: BitWriter, name: string, hex: string): void => {
  const bytes = fromHex(hex)
  if (bytes === null) throw new RangeError(`${name} must be an even number of hexadecimal digits, is "${hex}"`)
  w.append(bytes)
}

/** A value that a flag promises; RangeError, with the field's name, when it is missing. */
const present = <Value>(name: string, value: Value | undefined, because: string): Value => {
  if (value === undefined) throw new RangeError(`${name} is missing: ${because}`)
  return value
}

const writeTime = (w: BitWriter, pts_time: number | null, reserved: Reserved | undefined): void => {
  w.flag(pts_time !== null)
  w.reserved(pts_time === null ? 7 : 6, "splice_time", reserved)
  if (pts_time !== null) w.field("pts_time", pts_time, 33)
}

const writeBreak = (w: BitWriter, fields: BreakFields, reserved: Reserved | undefined): void => {
  if (!fields.duration_flag) return
  w.flag(present("break_auto_return", fields.break_auto_return, "duration_flag is set"))
  w.reserved(6, "break_duration", reserved)
  w.field("break_duration", present("break_duration", fields.break_duration, "duration_flag is set"), 33)
}

const writeAvailNumbers = (w: BitWriter, fields: AvailFields): void => {
  w.field("unique_program_id", fields.unique_program_id, 16)
  w.field("avail_num", fields.avail_num, 8)
  w.field("avails_expected", fields.avails_expected, 8)
}

const writeEvent = (w: BitWriter, event: EventFields): void => {
  w.field("splice_event_id", event.splice_event_id, 32)
  w.flag(event.splice_event_cancel_indicator)
  w.flag(event.event_id_compliance_flag)
  w.reserved(6, "splice_event", event.reserved)
  if (event.splice_event_cancel_indicator) return
  w.flag(event.out_of_network_indicator)
  w.flag(event.program_splice_flag)
  w.flag(event.duration_flag)
  w.reserved(5, "flags", event.reserved)
  if (event.program_splice_flag) {
    w.field("utc_splice_time", present("utc_splice_time", event.utc_splice_time, "program_splice_flag is set"), 32)
  } else {
    const components = present("components", event.components, "program_splice_flag is not set")
    w.field("component_count", components.length, 8)
    for (const component of components) {
      w.field("component tag", component.tag, 8)
      w.field("utc_splice_time", component.utc_splice_time, 32)
    }
  }
  writeBreak(w, event, event.reserved)
  writeAvailNumbers(w, event)
}

const writeInsert = (w: BitWriter, insert: InsertFields): void => {
  w.field("splice_event_id", insert.splice_event_id, 32)
  w.flag(insert.splice_event_cancel_indicator)
  w.reserved(7, "splice_event", insert.reserved)
  if (insert.splice_event_cancel_indicator) return
  w.flag(insert.out_of_network_indicator)
  w.flag(insert.program_splice_flag)
  w.flag(insert.duration_flag)
  w.flag(insert.splice_immediate_flag)
  w.flag(insert.event_id_compliance_flag)
  w.reserved(3, "flags", insert.reserved)
  if (insert.program_splice_flag) {
    if (!insert.splice_immediate_flag) {
      writeTime(
        w,
        present("pts_time", insert.pts_time, "the splice is neither immediate nor by component"),
        insert.reserved,
      )
    }
  } else {
    const components = present("components", insert.components, "program_splice_flag is not set")
    w.field("component_count", components.length, 8)
    for (const component of components) {
      w.field("component tag", component.tag, 8)
      if (insert.splice_immediate_flag) continue
      writeTime(
        w,
        present("pts_time of a component", component.pts_time, "the splice is not immediate"),
        component.reserved,
      )
    }
  }
  writeBreak(w, insert, insert.reserved)
  writeAvailNumbers(w, insert)
}

const writeFields = (w: BitWriter, command: CommandFields): void => {
  switch (command.name) {
    case "splice_null":
    case "bandwidth_reservation":
      return
    case "splice_schedule":
      w.field("splice_count", command.events.length, 8)
      for (const event of command.events) writeEvent(w, event)
      return
    case "splice_insert":
      writeInsert(w, command)
      return
    case "time_signal":
      writeTime(w, command.pts_time, command.reserved)
      return
    case "private_command":
      w.field("identifier", command.identifier, 32)
      writeHex(w, "private_bytes", command.private_bytes)
      return
    case "unknown_command":
    case "malformed_command":
      writeHex(w, "command_bytes", command.command_bytes)
  }
}

/**
 * Writes the command's fields, without its type and length. RangeError, naming the field, for one that is missing or
 * out of range.
 */
export const encodeCommand = (w: BitWriter, command: CommandFields): void => {
  writeFields(w, command)
  if ("trailing_bytes" in command && command.trailing_bytes !== undefined)
    writeHex(w, "trailing_bytes", command.trailing_bytes)
}

const TYPES = {
  splice_null: SPLICE_NULL,
  splice_schedule: SPLICE_SCHEDULE,
  splice_insert: SPLICE_INSERT,
  time_signal: TIME_SIGNAL,
  bandwidth_reservation: BANDWIDTH_RESERVATION,
  private_command: PRIVATE_COMMAND,
} as const

/** splice_command_type of a command. */
export const commandType = (command: CommandFields): number =>
  "command_bytes" in command ? command.splice_command_type : TYPES[command.name]
