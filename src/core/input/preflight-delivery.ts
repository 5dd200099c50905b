/** Findings on how the stream comes: bit rate, framing, spacing, receive buffer, FEC, second leg. */
import { bitrateOfReach, describeTooFar } from "./merge-reach.ts"
import type { Finding, PreflightFacts } from "./preflight-facts.ts"

/** Over one PCR interval a constant rate is known to a TS packet or so: 4 % at 1 Mbit/s and 40 ms. */
const CBR_SPREAD = 1.05
/** Null packets are stuffing up to a rate; with them a wider spread is jitter of the measurement. */
const STUFFED_SPREAD = 1.2
const STUFFED_SHARE = 0.01
const USUAL_TS_PER_DATAGRAM = 7
/** SRTO_LATENCY as libsrt and most receivers have it. */
const USUAL_SRT_LATENCY_MS = 120

export const deliveryFindings = (facts: PreflightFacts): Finding[] => [
  ...framing(facts),
  ...unaligned(facts),
  ...reedSolomon(facts),
  ...datagramSize(facts),
  ...bitRate(facts),
  ...spacing(facts),
  ...receiveBuffer(facts),
  ...fec(facts),
  ...legs(facts),
  ...mergeReach(facts),
]

const framing = (facts: PreflightFacts): Finding[] =>
  facts.framing === "udp"
    ? [
        {
          code: "raw_udp",
          message:
            "the stream comes over UDP without RTP: lost datagrams are not noticed as such, out of order ones are not put right, and there is neither FEC nor a merge by sequence number; use an rtp:// destination at the encoder",
        },
      ]
    : []

const unaligned = ({ unalignedDatagrams }: PreflightFacts): Finding[] =>
  unalignedDatagrams > 0
    ? [
        {
          code: "unaligned_udp",
          message:
            "datagrams hold parts of TS packets, as ffmpeg sends them by default (1472 bytes): they are put together and leave 7 to a datagram, but a lost one costs the packets at both its ends, too; end the sender's URL with ?pkt_size=1316",
        },
      ]
    : []

const reedSolomon = ({ packets204 }: PreflightFacts): Finding[] =>
  packets204 > 0
    ? [
        {
          code: "ts_204",
          message:
            "TS packets come with 16 Reed-Solomon bytes each, 204 in all: these are taken off, and outputs carry packets of 188 bytes; set the sender to 188-byte packets to save 8 % of the link",
        },
      ]
    : []

const datagramSize = ({ datagrams, tsPackets, unalignedDatagrams }: PreflightFacts): Finding[] => {
  // Their size says nothing of what they hold.
  if (unalignedDatagrams > 0) return []
  const mean = datagrams > 0 ? tsPackets / datagrams : USUAL_TS_PER_DATAGRAM
  // A short datagram may end a burst, and what FEC rebuilt counts as packets without a datagram.
  if (Math.abs(mean - USUAL_TS_PER_DATAGRAM) < 0.5) return []
  const effect =
    mean < USUAL_TS_PER_DATAGRAM
      ? "the network and this machine carry more packets for the same stream"
      : "they are larger than the 1316 bytes that SRT and UDP receivers expect, and may be fragmented on the way"
  return [
    { code: "datagram_size", message: `datagrams hold ${mean.toFixed(1)} TS packets on average, not 7: ${effect}` },
  ]
}

const bitRate = ({ pcrBitrateMin: min, pcrBitrateMax: max, tsPackets, nullPackets }: PreflightFacts): Finding[] => {
  if (min <= 0 || max <= 0) return []
  const share = tsPackets > 0 ? nullPackets / tsPackets : 0
  const spread = share >= STUFFED_SHARE ? STUFFED_SPREAD : CBR_SPREAD
  if (max <= min * spread) {
    const nulls =
      share > 0 ? `, ${(share * 100).toFixed(1)} % of it null packets, which SRT, UDP and RTP outputs carry too` : ""
    return [{ code: "cbr", message: `the bit rate is constant, ${megabits(max)} Mbit/s${nulls}` }]
  }
  return [
    {
      code: "vbr",
      message: `the bit rate varies from ${megabits(min)} to ${megabits(max)} Mbit/s: plan links for the peak; receivers of UDP and RTP that ask for a constant rate need rate mode CBR at the encoder`,
    },
  ]
}

const megabits = (bitsPerS: number): string => (bitsPerS / 1e6).toFixed(bitsPerS < 1e6 ? 3 : 1)

const spacing = ({ jitterMs, maxGapMs }: PreflightFacts): Finding[] => {
  if (Math.max(jitterMs, maxGapMs) <= USUAL_SRT_LATENCY_MS) return []
  const what =
    maxGapMs > USUAL_SRT_LATENCY_MS
      ? `with pauses of up to ${Math.round(maxGapMs)} ms`
      : `with ${Math.round(jitterMs)} ms of jitter`
  return [
    {
      code: "bursty",
      message: `packets arrive ${what}, and SRT outputs keep that spacing: receivers with the usual latency of ${USUAL_SRT_LATENCY_MS} ms may stutter; set the encoder's buffer model to MULTIPLEX or raise the latency`,
    },
  ]
}

const receiveBuffer = ({ rcvbufAskedBytes: asked, rcvbufGrantedBytes: granted }: PreflightFacts): Finding[] =>
  granted >= asked * 2
    ? []
    : [
        {
          code: "rcvbuf_small",
          message: `the receive buffer holds ${granted >> 1} bytes instead of ${asked}: a short stall of this machine loses packets; raise the sysctl net.core.rmem_max`,
        },
      ]

const fec = ({ fecSeen, fecEnabled }: PreflightFacts): Finding[] =>
  fecSeen && !fecEnabled
    ? [
        {
          code: "fec_not_enabled",
          message:
            "FEC (SMPTE 2022-1) arrives on the ports + 2 and + 4 and is not used: set input.fec to auto, and lost packets are rebuilt",
        },
      ]
    : []

const mergeReach = ({ alignment, mergeReachMs: reach, mergeWindowMs: window, mode }: PreflightFacts): Finding[] =>
  alignment === null || mode === "failover" || reach === null || reach >= window
    ? []
    : [
        {
          code: "merge_reach",
          message: `merge_window_ms is ${window}, but at ${megabits(bitrateOfReach(reach))} Mbit/s a merge reaches ${Math.floor(reach)} ms: paths further apart than that are not merged, and what one of them loses the other does not repair`,
        },
      ]

const legs = (facts: PreflightFacts): Finding[] => {
  const { alignment, mergeReachMs: reachMs, mergeWindowMs: windowMs, mode, pathsApartMs: apartMs } = facts
  if (alignment === "too_far")
    return [{ code: "legs_too_far", message: describeTooFar({ apartMs, reachMs, windowMs }) }]
  if (alignment === "same")
    return [
      {
        code: "legs_aligned",
        message:
          mode === "failover"
            ? "both legs carry the same packets and are not merged: set input.mode to auto, and a lost packet or leg is not seen on the outputs"
            : "both legs carry the same packets: while they are merged, a lost packet or leg is not seen on the outputs",
      },
    ]
  if (alignment === "different")
    return [
      {
        code: "legs_not_aligned",
        message:
          "the legs carry different packets, as MediaLive's two pipelines do: they cannot be merged, and a failover shows for failover_after_ms and up to a GOP; pipeline locking makes the pictures agree, not the packets",
      },
    ]
  return []
}
