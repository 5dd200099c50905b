/** The figures of a connection of our own stack, as libsrt has them. */
import type { SrtSender } from "../../../core/srt/protocol/sender.ts"
import type { SrtStats } from "../../protocol/messages.ts"

/** IPv4, UDP and SRT headers, which libsrt's byte counters include. */
const WIRE_HEADERS = 44
const KM_SECURED = 2

/** `packetSize` are the payload bytes of a full packet. */
export const connectionFigures = (sender: SrtSender, packetSize: number): SrtStats => {
  const f = sender.figures
  const packets = f.pktSentUnique + f.pktRetrans
  const bytes = f.byteSentUnique + f.byteRetrans
  return {
    rtt_ms: sender.rttUs / 1000,
    latency_ms: sender.session.latencyMs,
    packets_sent: packets,
    packets_sent_unique: f.pktSentUnique,
    packets_lost: f.pktSndLoss,
    packets_retransmitted: f.pktRetrans,
    packets_dropped: f.pktSndDrop,
    bytes_dropped: f.byteSndDrop,
    bytes_sent: bytes + packets * WIRE_HEADERS,
    bytes_retransmitted: f.byteRetrans + f.pktRetrans * WIRE_HEADERS,
    acks_received: f.pktRecvAck,
    naks_received: f.pktRecvNak,
    send_buffer_packets: sender.inFlight,
    send_buffer_ms: Math.round(sender.inFlightUs / 1000),
    flight_packets: sender.inFlight,
    bandwidth_mbps: (f.pktsBandwidth * (packetSize + WIRE_HEADERS) * 8) / 1e6,
    km_state: sender.session.keys === null ? 0 : KM_SECURED,
  }
}
