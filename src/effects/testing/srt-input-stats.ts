/** What the engine tells of a leg that is received by SRT: a listener without a sender, and figures of one with one. */
import type { SrtInputFigures, SrtInputStats } from "../../engine/protocol/messages.ts"

export const srtInputStats = (over: Partial<SrtInputStats> = {}): SrtInputStats => ({
  mode: "listener",
  state: "listening",
  peer: null,
  stream_id: null,
  connected_at: null,
  connections: 0,
  last_error: null,
  refused: 0,
  last_refused: null,
  figures: null,
  ...over,
})

export const srtInputFigures = (over: Partial<SrtInputFigures> = {}): SrtInputFigures => ({
  rtt_ms: 20,
  latency_ms: 120,
  packets_received: 0,
  packets_lost: 0,
  packets_retransmitted: 0,
  packets_belated: 0,
  packets_dropped: 0,
  packets_undecrypted: 0,
  bytes_received: 0,
  receive_buffer_packets: 80,
  receive_buffer_ms: 115,
  bandwidth_mbps: 8,
  km_state: 2,
  ...over,
})
