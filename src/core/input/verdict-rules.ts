/** What each counter of a leg means for its verdict. Numbers in sentences are of the last ten seconds. */
import type { LegCounter } from "../packet-core/leg-fields.ts"

export type Framing = "none" | "rtp" | "udp" | "srt"

interface Rule {
  readonly counter: LegCounter | "kernel_drops"
  /** Bad when this many of the last ten seconds hold an error; null: never more than degraded. */
  readonly badFromSeconds: number | null
  /** Counted for the sentences of others only. */
  readonly isSilent?: true
  /** What was counted, for 1 and for more. */
  readonly one: string
  readonly many: string
  /** What it means and what to do. `sum` tells of another counter. */
  readonly meaning: string | ((sum: Sum, framing: Framing) => string)
}
type Sum = (counter: LegCounter | "kernel_drops") => number

export const GOES_ON = 3
/** PID errors are counted once in 5 s. */
const GOES_ON_PID = 2

/** A channel that drops a larger share of what arrives is not fine. */
const DROPPED_SHARE = 0.05

/** Why datagrams were dropped, by counter: of no use, or of somebody else. */
const UNUSABLE = {
  bad_not_ts:
    "they are neither RTP nor MPEG-TS: another program, or another protocol such as SRT or RIST, sends to this port",
  bad_length: "they hold no whole number of TS packets: check what the sender puts into them",
  bad_sync: "no TS sync byte (0x47) is where a packet should start: they are damaged, encrypted or no MPEG-TS",
  bad_rtp: "they are truncated or their RTP header is broken",
  truncated: "the receive buffer cut them",
} as const
const OTHERS = {
  foreign:
    "a second sender sends to this port, and only the first one is listened to: stop it, or name the right one in input.allowed_senders",
  not_allowed: "input.allowed_senders does not list their sender: add its address, or stop it",
} as const
type DropCounter = keyof typeof UNUSABLE | keyof typeof OTHERS
const unusable = Object.keys(UNUSABLE) as ReadonlyArray<keyof typeof UNUSABLE>
const DROP_CAUSES: Readonly<Record<DropCounter, string>> = { ...UNUSABLE, ...OTHERS }
const drops = Object.keys(DROP_CAUSES) as ReadonlyArray<DropCounter>

const total = (counters: ReadonlyArray<DropCounter>, sum: Sum): number =>
  counters.reduce((n, counter) => n + sum(counter), 0)
const isMuch = (dropped: number, sum: Sum): boolean => dropped > DROPPED_SHARE * sum("datagrams")

/** What the leg drops of all that arrives, and why most of it; null while it is 5 % at most. */
export interface Dropping {
  readonly sentence: string
  /** More than that is of no use, not only of somebody else. */
  readonly isUnusable: boolean
  /** Seconds, of the last ten, in which something arrived that cannot be used. */
  readonly seconds: number
}

export const droppingOf = (sums: Float64Array, seconds: Uint8Array): Dropping | null => {
  const sum = summing(sums)
  const dropped = total(drops, sum)
  if (dropped === 0 || !isMuch(dropped, sum)) return null
  const [most = "bad_not_ts"] = [...drops].sort((a, b) => sum(b) - sum(a))
  const datagrams = Math.max(sum("datagrams"), dropped)
  return {
    sentence: `${dropped} of ${datagrams} datagrams (${Math.round((dropped / datagrams) * 100)} %) of the last 10 s were dropped: ${DROP_CAUSES[most]}`,
    isUnusable: isMuch(total(unusable, sum), sum),
    seconds: Math.max(...unusable.map((counter) => seconds[indexOf(counter)] ?? 0)),
  }
}

/** Packets are missing, and another reason says why. */
const isExplained = (sum: Sum): boolean =>
  sum("kernel_drops") + sum("rtp_unrecovered") + sum("resyncs") > 0 || isMuch(total(unusable, sum), sum)

const causeOfGaps: Rule["meaning"] = (sum, framing) => {
  if (sum("kernel_drops") > 0) return "this machine did not read its receive buffer in time"
  if (isMuch(total(unusable, sum), sum)) return "they come of the datagrams that were dropped"
  if (sum("rtp_unrecovered") > 0) return "RTP packets were lost on the way to us"
  if (sum("resyncs") > 0) return "datagrams were lost on the way to us, or bytes between them"
  if (framing === "rtp") return "no RTP packet is missing, so they were lost before the sender put them into RTP"
  if (framing === "srt")
    return "the sender had lost them already, or SRT could not have them sent again within its latency: raise latency if the leg has dropped packets"
  return "packets were lost before they reached us"
}

const unlessExplained =
  (clause: string, hint: string): Rule["meaning"] =>
  (sum) =>
    `${clause}; ${isExplained(sum) ? "packets are missing, see above" : hint}`

const causeOfLoss: Rule["meaning"] = (sum) => {
  if (sum("rtp_late") === 0) return "the network lost them: send FEC, or give the channel a second leg"
  const remedy =
    sum("reorder_full") > 0
      ? "no more packets may wait at this bit rate, so send FEC"
      : "raise input.reorder_ms or send FEC"
  return `the network lost them or brought them too late (${sum("rtp_late")} came after their time): ${remedy}`
}

const silent = (counter: LegCounter): Rule => ({
  counter,
  badFromSeconds: null,
  isSilent: true,
  one: "",
  many: "",
  meaning: "",
})

/** In the order of reasons: what explains others, then priority 1, then 2. */
export const RULES: readonly Rule[] = [
  {
    counter: "kernel_drops",
    badFromSeconds: GOES_ON,
    one: "packet dropped by the kernel",
    many: "packets dropped by the kernel",
    meaning: "the receive buffer was full: raise input.rcvbuf and net.core.rmem_max, or lower the machine's load",
  },
  {
    counter: "rtp_unrecovered",
    badFromSeconds: GOES_ON,
    one: "RTP packet lost for good",
    many: "RTP packets lost for good",
    meaning: causeOfLoss,
  },
  {
    counter: "resyncs",
    badFromSeconds: GOES_ON,
    one: "break in the bytes of raw UDP",
    many: "breaks in the bytes of raw UDP",
    meaning:
      "datagrams were lost, or something else came between them, and where TS packets begin had to be found again; send whole packets (ffmpeg: ?pkt_size=1316) or RTP",
  },
  {
    counter: "sync_losses",
    badFromSeconds: GOES_ON,
    one: "loss of TS sync",
    many: "losses of TS sync",
    meaning: "TR 101 290 1.1",
  },
  {
    counter: "sync_byte_errors",
    badFromSeconds: GOES_ON,
    one: "TS packet without sync byte",
    many: "TS packets without sync byte",
    meaning: "TR 101 290 1.2: packets are damaged or misaligned by the sender",
  },
  {
    counter: "cc_errors",
    badFromSeconds: GOES_ON,
    one: "continuity counter error",
    many: "continuity counter errors",
    meaning: causeOfGaps,
  },
  {
    counter: "pat_errors",
    badFromSeconds: GOES_ON,
    one: "PAT error",
    many: "PAT errors",
    meaning: unlessExplained(
      "TR 101 290 1.3: no PAT for 0.5 s, or PID 0 is misused",
      "MediaLive's PatInterval should be 100 ms",
    ),
  },
  {
    counter: "pmt_errors",
    badFromSeconds: GOES_ON,
    one: "PMT error",
    many: "PMT errors",
    meaning: unlessExplained(
      "TR 101 290 1.5: no PMT for 0.5 s, or it is scrambled",
      "MediaLive's PmtInterval should be 100 ms",
    ),
  },
  {
    counter: "pid_errors",
    badFromSeconds: GOES_ON_PID,
    one: "PID error",
    many: "PID errors",
    meaning: "TR 101 290 1.6: a PID of the PMT carried nothing for 5 s, so that its picture or sound is missing",
  },
  {
    counter: "tei",
    badFromSeconds: null,
    one: "packet with transport_error_indicator",
    many: "packets with transport_error_indicator",
    meaning: "TR 101 290 2.1: a receiver or modem before the sender marked them as damaged",
  },
  {
    counter: "crc_errors",
    badFromSeconds: null,
    one: "section with a wrong CRC-32",
    many: "sections with a wrong CRC-32",
    meaning: "TR 101 290 2.2: a PAT, PMT or SCTE-35 section is damaged",
  },
  {
    counter: "pcr_repetition_errors",
    badFromSeconds: null,
    one: "PCR repetition error",
    many: "PCR repetition errors",
    meaning: unlessExplained(
      "TR 101 290 2.3a: more than 100 ms between two PCRs",
      "set the encoder's PCR period (MediaLive: PcrPeriod) to 40 ms",
    ),
  },
  {
    counter: "pcr_discontinuity_errors",
    badFromSeconds: null,
    one: "PCR discontinuity error",
    many: "PCR discontinuity errors",
    meaning:
      "TR 101 290 2.3b: the PCR jumped without discontinuity_indicator, as when an encoder restarts or packets are lost",
  },
  {
    counter: "pts_errors",
    badFromSeconds: null,
    one: "PTS error",
    many: "PTS errors",
    meaning: "TR 101 290 2.5: more than 700 ms between two PTS of a stream",
  },
  {
    counter: "cat_errors",
    badFromSeconds: null,
    one: "CAT error",
    many: "CAT errors",
    meaning: "TR 101 290 2.6: packets are scrambled and no CAT tells how",
  },
  // What came too late is counted as lost where nothing else brought it.
  silent("rtp_late"),
  silent("reorder_full"),
  silent("datagrams"),
  ...drops.map(silent),
]

const indexOf = (counter: Rule["counter"]): number => RULES.findIndex((other) => other.counter === counter)
const summing =
  (sums: Float64Array): Sum =>
  (counter) =>
    sums[indexOf(counter)] ?? 0

/** Why a rule's counter matters; `sums` are those of all rules, in their order. */
export const sentenceOf = (rule: Rule, sums: Float64Array, framing: Framing): string => {
  const sum = summing(sums)
  const n = sum(rule.counter)
  const meaning = typeof rule.meaning === "string" ? rule.meaning : rule.meaning(sum, framing)
  return `${n} ${n === 1 ? rule.one : rule.many} in the last 10 s: ${meaning}`
}
