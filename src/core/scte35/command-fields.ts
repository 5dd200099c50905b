/**
 * Splice commands (ANSI/SCTE 35 2022b and 2023r1, 9.7), in the specification's field names. Times are 90 kHz ticks of
 * 33 bits.
 *
 * Every structure keeps what is odd about it, so that it can be written again byte for byte: `reserved` holds reserved
 * bits that are not all ones, by place, and `trailing_bytes` (hexadecimal) what follows the last field inside the
 * declared length.
 */
import type { Reserved } from "./bits.ts"

export const SPLICE_NULL = 0x00
export const SPLICE_SCHEDULE = 0x04
export const SPLICE_INSERT = 0x05
export const TIME_SIGNAL = 0x06
export const BANDWIDTH_RESERVATION = 0x07
export const PRIVATE_COMMAND = 0xff

interface Kept {
  readonly reserved?: Reserved
}

interface CommandKept extends Kept {
  readonly trailing_bytes?: string
}

/** break_duration() (9.8.2), present with duration_flag. */
interface BreakDuration {
  /** The splicer comes back by itself when the duration is over. */
  readonly break_auto_return?: boolean
  /** 90 kHz ticks, 33 bits. */
  readonly break_duration?: number
  readonly break_duration_seconds?: number
}

/** What splice_insert and the events of a splice_schedule say of their avail. */
interface Avail extends BreakDuration {
  /** true: leave the network; false: come back to it. */
  readonly out_of_network_indicator: boolean
  /** true: the whole programme at one time; false: component by component (deprecated). */
  readonly program_splice_flag: boolean
  readonly duration_flag: boolean
  readonly unique_program_id: number
  readonly avail_num: number
  readonly avails_expected: number
}

/** splice_null (9.7.1): a heartbeat, or a carrier of descriptors. */
export interface SpliceNull extends CommandKept {
  readonly name: "splice_null"
}

interface ScheduledEventId {
  readonly splice_event_id: number
  /** As on the wire, inverted: false states that the event id complies with 9.9.3 (2023r1; a reserved bit before). */
  readonly event_id_compliance_flag: boolean
}

export interface CancelledScheduledEvent extends ScheduledEventId, Kept {
  readonly splice_event_cancel_indicator: true
}

export interface ScheduledComponent {
  readonly tag: number
  readonly utc_splice_time: number
  readonly utc_splice_time_iso: string
}

export interface ActiveScheduledEvent extends ScheduledEventId, Avail, Kept {
  readonly splice_event_cancel_indicator: false
  /** Seconds since 1980-01-06 00:00:00 UTC, leap seconds counted; with program_splice_flag. */
  readonly utc_splice_time?: number
  readonly utc_splice_time_iso?: string
  /** Without program_splice_flag. */
  readonly components?: ReadonlyArray<ScheduledComponent>
}

export type ScheduledEvent = CancelledScheduledEvent | ActiveScheduledEvent

/** splice_schedule (9.7.2). */
export interface SpliceSchedule extends CommandKept {
  readonly name: "splice_schedule"
  readonly events: ReadonlyArray<ScheduledEvent>
}

/** An event called off: no other field is on the wire. */
export interface CancelledSpliceInsert extends CommandKept {
  readonly name: "splice_insert"
  readonly splice_event_id: number
  readonly splice_event_cancel_indicator: true
}

export interface SplicedComponent extends Kept {
  readonly tag: number
  /** Absent with splice_immediate_flag; null when the time is not specified. */
  readonly pts_time?: number | null
  readonly pts_time_seconds?: number | null
}

export interface ActiveSpliceInsert extends Avail, CommandKept {
  readonly name: "splice_insert"
  readonly splice_event_id: number
  readonly splice_event_cancel_indicator: false
  readonly splice_immediate_flag: boolean
  /** As on the wire, inverted: false states that the event id complies with 9.9.3 (2023r1; a reserved bit before). */
  readonly event_id_compliance_flag: boolean
  /**
   * With program_splice_flag and without splice_immediate_flag; null when the time is not specified. Before
   * pts_adjustment.
   */
  readonly pts_time?: number | null
  readonly pts_time_seconds?: number | null
  /** Without program_splice_flag. */
  readonly components?: ReadonlyArray<SplicedComponent>
}

/** splice_insert (9.7.3). */
export type SpliceInsert = CancelledSpliceInsert | ActiveSpliceInsert

/** time_signal (9.7.4); what it signals is in the segmentation descriptors. */
export interface TimeSignal extends CommandKept {
  readonly name: "time_signal"
  /** null when the time is not specified: act at once. Before pts_adjustment. */
  readonly pts_time: number | null
  readonly pts_time_seconds: number | null
}

/** bandwidth_reservation (9.7.5). */
export interface BandwidthReservation extends CommandKept {
  readonly name: "bandwidth_reservation"
}

/** private_command (9.7.6). */
export interface PrivateCommand extends CommandKept {
  readonly name: "private_command"
  /** Registered with SMPTE (ISO/IEC 13818-1 2.6.8). */
  readonly identifier: number
  /** The identifier's four characters, null when they are not printable. */
  readonly identifier_text: string | null
  readonly private_bytes: string
}

/**
 * A command kept as it came: of a type that the specification reserves, or of a known type that does not fit its
 * length.
 */
export interface RawCommand {
  readonly name: "unknown_command" | "malformed_command"
  readonly splice_command_type: number
  readonly command_bytes: string
}

/** A command that was read field by field. */
export type KnownCommand =
  | SpliceNull
  | SpliceSchedule
  | SpliceInsert
  | TimeSignal
  | BandwidthReservation
  | PrivateCommand

export type SpliceCommand = KnownCommand | RawCommand

const COMMAND_NAMES: ReadonlyMap<number, string> = new Map([
  [SPLICE_NULL, "splice_null"],
  [SPLICE_SCHEDULE, "splice_schedule"],
  [SPLICE_INSERT, "splice_insert"],
  [TIME_SIGNAL, "time_signal"],
  [BANDWIDTH_RESERVATION, "bandwidth_reservation"],
  [PRIVATE_COMMAND, "private_command"],
])

/** The specification's name (9.6.1, Table 7); a reserved type is named with its number. */
export const spliceCommandName = (type: number): string =>
  COMMAND_NAMES.get(type) ?? `reserved_command_0x${type.toString(16).padStart(2, "0")}`
