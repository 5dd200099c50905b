/** What libsrt, or our own stack, tells of one SRT connection. */
import * as v from "valibot"

const SRT_FIGURES = [
  "rtt_ms",
  /** Negotiated latency, SRTO_PEERLATENCY after the handshake. */
  "latency_ms",
  "packets_sent",
  "packets_sent_unique",
  "packets_lost",
  "packets_retransmitted",
  "packets_dropped",
  "bytes_sent",
  "bytes_retransmitted",
  "bytes_dropped",
  "acks_received",
  "naks_received",
  "send_buffer_packets",
  "send_buffer_ms",
  "flight_packets",
  "bandwidth_mbps",
  /** SRT_KM_STATE: 0 unsecured, 1 securing, 2 secured, 3 no secret, 4 bad secret. */
  "km_state",
] as const

/** The counters among the figures of an SRT connection. */
export const SRT_COUNTERS = [
  "packets_sent",
  "packets_sent_unique",
  "packets_lost",
  "packets_retransmitted",
  "packets_dropped",
  "bytes_dropped",
  "bytes_sent",
  "bytes_retransmitted",
  "acks_received",
  "naks_received",
] as const satisfies ReadonlyArray<(typeof SRT_FIGURES)[number]>

const isNumbers = (input: unknown): input is Record<string, number> => {
  if (typeof input !== "object" || input === null) return false
  for (const key in input) if (typeof (input as Record<string, unknown>)[key] !== "number") return false
  return true
}

// Plain loops where a statistics message has hundreds of figures: entry by entry, the schema library took a quarter of
// the control plane's time.
/** Figures by name. */
export const Counters = v.custom<Record<string, number>>(isNumbers, "must be an object of numbers")

/** Figures of one SRT connection, from libsrt or from our own stack; names as in SRT_TRACEBSTATS, units in the name. */
export const SrtStats = v.custom<Record<(typeof SRT_FIGURES)[number], number>>(
  (input) => isNumbers(input) && SRT_FIGURES.every((name) => name in input),
  `must hold the numbers ${SRT_FIGURES.join(", ")}`,
)
export type SrtStats = v.InferOutput<typeof SrtStats>

const SRT_INPUT_FIGURES = [
  "rtt_ms",
  /** Negotiated latency, SRTO_RCVLATENCY after the handshake. */
  "latency_ms",
  "packets_received",
  /** Packets that were missing when a later one arrived; most come again. */
  "packets_lost",
  /** Packets that arrived as retransmissions. */
  "packets_retransmitted",
  /** Packets that arrived after their time had come. */
  "packets_belated",
  /** Packets that were not there when their time had come: gone for good. */
  "packets_dropped",
  /** Packets that could not be decrypted. */
  "packets_undecrypted",
  "bytes_received",
  "receive_buffer_packets",
  "receive_buffer_ms",
  "bandwidth_mbps",
  /** SRT_KM_STATE: 0 unsecured, 1 securing, 2 secured, 3 no secret, 4 bad secret. */
  "km_state",
] as const

/** The counters among the figures of the SRT side of a leg. */
export const SRT_INPUT_COUNTERS = [
  "packets_received",
  "packets_lost",
  "packets_retransmitted",
  "packets_belated",
  "packets_dropped",
  "packets_undecrypted",
  "bytes_received",
] as const satisfies ReadonlyArray<(typeof SRT_INPUT_FIGURES)[number]>

/** Figures of the connection that a leg is received by; counters are those of the leg, over all its connections. */
export const SrtInputFigures = v.custom<Record<(typeof SRT_INPUT_FIGURES)[number], number>>(
  (input) => isNumbers(input) && SRT_INPUT_FIGURES.every((name) => name in input),
  `must hold the numbers ${SRT_INPUT_FIGURES.join(", ")}`,
)
export type SrtInputFigures = v.InferOutput<typeof SrtInputFigures>
