/** What `/metrics` shows, as plain figures: counters since this process began, everything else as it is now. */

import type { Carrier } from "../../core/srt/backup-choice.ts"
import type { Malformed } from "../../core/srt/protocol/packet.ts"
import type { SrtStack } from "../../core/srt/stack.ts"
import { SRT_COUNTERS, SRT_INPUT_COUNTERS } from "../../engine/protocol/messages.ts"
import type { ChannelTally, OutputTally } from "../channel/runtime/tally.ts"
import type { MediaLiveFigures } from "../medialive/medialive-figures.ts"
import type { ChannelConfig, InputState, OutputConfig, SourceName } from "../model/channel.ts"
import type { Alarm } from "../model/event.ts"
import type { Health } from "../show/health-of.ts"

/** Figures of a leg that are summed over its sockets: the counters of core's memory map, and the kernel's drops. */
export const LEG_SUMS = [
  "datagrams",
  "bytes",
  "ts_packets",
  "null_packets",
  "rtp_lost",
  "rtp_duplicates",
  "rtp_reordered",
  "rtp_late",
  "rtp_unrecovered",
  "rtp_resets",
  "sender_changes",
  "fec_packets",
  "fec_bad",
  "fec_recovered",
  "not_allowed",
  "foreign",
  "merge_used",
  "bad_not_ts",
  "bad_rtp",
  "bad_length",
  "bad_sync",
  "truncated",
  "scrambled",
  "discontinuities",
  "pcrs",
  "sync_losses",
  "sync_byte_errors",
  "pat_errors",
  "cc_errors",
  "pmt_errors",
  "pid_errors",
  "tei",
  "crc_errors",
  "pcr_repetition_errors",
  "pcr_discontinuity_errors",
  "pts_errors",
  "cat_errors",
  "skipped_bytes",
  "resyncs",
  "unaligned",
  "ts_204",
  "kernel_drops",
] as const
export type LegSum = (typeof LEG_SUMS)[number]

/** Counters of the SRT side of a leg, which are summed over the times that it was opened. */
export const SRT_LEG_SUMS = ["connections", "refused", ...SRT_INPUT_COUNTERS] as const
export type SrtLegSum = (typeof SRT_LEG_SUMS)[number]

/** Figures of a leg that is received by SRT. */
export interface SrtLegFigures {
  readonly sums: Readonly<Record<SrtLegSum, number>>
  /** True while a sender is connected. */
  readonly connected: boolean
  /** Round-trip time, and below, the latency agreed on, in ms; null while no sender is connected. */
  readonly rttMs: number | null
  readonly latencyMs: number | null
  readonly receiveBufferMs: number
  /** Bandwidth of the path in Mbit/s, as the stack estimates it; null while no sender is connected. */
  readonly bandwidthMbps: number | null
}

export interface LegFigures {
  readonly source: SourceName
  readonly receiving: boolean
  readonly active: boolean
  readonly verdict: "good" | "degraded" | "bad" | "lost"
  /** Unix time in ms; null before the first packet. */
  readonly lastPacketAt: number | null
  readonly jitterMs: number
  readonly pcrJitterMs: number
  readonly pcrJitterMaxMs: number
  readonly maxGapMs: number
  readonly receiveBufferBytes: number
  readonly sums: Readonly<Record<LegSum, number>>
  /** SRT figures; null where the leg is received by RTP or UDP. */
  readonly srt: SrtLegFigures | null
}

export const OUTPUT_SUMS = ["bytes_sent", "packets_sent", "packets_dropped", "send_errors"] as const
export type OutputSum = (typeof OUTPUT_SUMS)[number]

/** Counters of SRT connections, of either stack, that are summed over them. */
export const SRT_SUMS = SRT_COUNTERS
export type SrtSum = (typeof SRT_SUMS)[number]

/** Figures of one SRT output over all its connections: a caller has one, a listener any number. */
export interface SrtFigures {
  readonly sums: Readonly<Record<SrtSum, number>>
  /** Implementation of SRT that carries the output now; null without a session. */
  readonly stack: SrtStack | null
  readonly connections: number
  /** Highest round-trip time of the connections, and below, their lowest latency, in ms; null without a connection. */
  readonly rttMs: number | null
  readonly latencyMs: number | null
  readonly sendBufferPackets: number
  readonly sendBufferMs: number
  readonly flightPackets: number
  /** Lowest bandwidth of the connections in Mbit/s, as the stack estimates it. */
  readonly bandwidthMbps: number | null
  /** Who carries, and who is connected; null without a backup receiver, or a session. */
  readonly backup: { readonly carrier: Carrier | null; readonly connected: Readonly<Record<Carrier, boolean>> } | null
}

/** States of an output: its status, with `listening` for a listener that waits for receivers. */
export const OUTPUT_STATES = ["stopped", "connecting", "listening", "connected", "retrying", "error"] as const
export type OutputState = (typeof OUTPUT_STATES)[number]

export interface OutputFigures {
  readonly config: OutputConfig
  /** True when the channel is to run and the output is enabled. */
  readonly desired: boolean
  readonly state: OutputState
  /** True while something goes out. */
  readonly carrying: boolean
  /** Unix time in ms at which the state was first seen. */
  readonly stateSince: number
  readonly sums: Readonly<Record<OutputSum, number>>
  readonly tally: OutputTally
  /** Number of cues of which it is not yet known whether they went out. */
  readonly cuesPending: number
  /** TS bytes that wait in the output's own queue. */
  readonly queueBytes: number
  /** Number of receivers of a listener; 1 or 0 for other outputs. */
  readonly receivers: number
  /** SRT figures; null where the output is not SRT. */
  readonly srt: SrtFigures | null
}

export interface ChannelFigures {
  readonly config: ChannelConfig
  readonly status: "stopped" | "starting" | "running" | "error"
  readonly alarms: ReadonlyArray<Alarm>
  readonly input: InputState
  readonly mergeLost: number
  readonly mergeMismatches: number
  readonly legs: ReadonlyArray<LegFigures>
  readonly tally: ChannelTally
  readonly inBreak: boolean
  readonly outputs: ReadonlyArray<OutputFigures>
}

/** Parts that an internal error of the engine ends: an output's session, a leg, or `engine` for neither. */
export const FAULT_PARTS = ["output", "input", "engine"] as const
export type FaultPart = (typeof FAULT_PARTS)[number]

/** Upper bounds of the buckets of the engine's loop delay, in seconds. */
export const LOOP_DELAY_BUCKETS = [0.002, 0.005, 0.012, 0.025, 0.05, 0.1, 0.25, 1] as const

export interface EngineFigures {
  readonly number: number
  /** Channels that are placed on it. */
  readonly channels: number
  readonly connected: boolean
  /** True while it runs other code than is installed. */
  readonly outdated: boolean
  readonly restarts: number
  /** Start of the engine, Unix time in ms; null while it is away. */
  readonly startedAt: number | null
  readonly cpuSeconds: number
  readonly rssBytes: number
  readonly loopPasses: number
  readonly eventOverflows: number
  readonly faults: Readonly<Record<FaultPart, number>>
  /** Packets that our own SRT stack refused. */
  readonly srtMalformed: Readonly<Record<Malformed, number>>
  /**
   * The longest time between two passes in each second: seconds counted by upper bound, their number, and the sum of
   * these times in seconds.
   */
  readonly loopDelay: { readonly buckets: ReadonlyArray<number>; readonly count: number; readonly sum: number }
}

/** Kinds of records that the store can fail to write. */
export const STORE_RECORDS = ["configuration", "events", "cues"] as const
export type StoreRecord = (typeof STORE_RECORDS)[number]

export interface StoreFigures {
  readonly errors: Readonly<Record<StoreRecord, number>>
  /** Number of records given up for good. */
  readonly dropped: Readonly<Record<"events" | "cues", number>>
}

export interface MetricsView {
  readonly health: Health
  /** At least one, by number. */
  readonly engines: ReadonlyArray<EngineFigures>
  readonly store: StoreFigures
  /** Number of the newest stored version of the configuration; 0 without one. */
  readonly configVersion: number
  /** When the control plane before this one was found to have died, epoch ms; null when it ended as it should. */
  readonly controlDeathFoundAt: number | null
  readonly channels: ReadonlyArray<ChannelFigures>
  /** Null where MediaLive is switched off. */
  readonly medialive: MediaLiveFigures | null
}
