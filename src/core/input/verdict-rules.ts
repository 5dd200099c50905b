/** What each counter of a leg means for its verdict. Numbers in sentences are of the last ten seconds. */
import type { LegCounter } from "../leg-fields.ts"

type Framing = "none" | "rtp" | "udp"

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
  readonly meaning: string | ((sum: (counter: Rule["counter"]) => number, framing: Framing) => string)
}

const GOES_ON = 3
/** PID errors are counted once in 5 s. */
const GOES_ON_PID = 2

const causeOfGaps: Rule["meaning"] = (sum, framing) => {
  if (sum("kernel_drops") > 0) return "this machine did not read its receive buffer in time"
  if (sum("rtp_unrecovered") > 0) return "RTP packets were lost on the way to us"
  if (framing === "rtp") return "no RTP packet is missing, so they were lost before the sender put them into RTP"
  return "packets were lost before they reached us"
}

const causeOfLoss: Rule["meaning"] = (sum) => {
  if (sum("rtp_late") === 0) return "the network lost them: send FEC, or give the channel a second leg"
  const remedy = sum("reorder_full") > 0 ? "no more packets may wait at this bit rate, so send FEC" : "raise input.reorder_ms or send FEC"
  return `the network lost them or brought them too late (${sum("rtp_late")} came after their time): ${remedy}`
}

/** In the order of reasons: priority 1, then 2. */
export const RULES: readonly Rule[] = [
  { counter: "sync_losses", badFromSeconds: GOES_ON, one: "loss of TS sync", many: "losses of TS sync", meaning: "TR 101 290 1.1" },
  {
    counter: "sync_byte_errors",
    badFromSeconds: GOES_ON,
    one: "TS packet without sync byte",
    many: "TS packets without sync byte",
    meaning: "TR 101 290 1.2: packets are damaged or misaligned by the sender",
  },
  {
    counter: "pat_errors",
    badFromSeconds: GOES_ON,
    one: "PAT error",
    many: "PAT errors",
    meaning: "TR 101 290 1.3: no PAT for 0.5 s, or PID 0 is misused; MediaLive's PatInterval should be 100 ms",
  },
  {
    counter: "cc_errors",
    badFromSeconds: GOES_ON,
    one: "continuity counter error",
    many: "continuity counter errors",
    meaning: causeOfGaps,
  },
  {
    counter: "pmt_errors",
    badFromSeconds: GOES_ON,
    one: "PMT error",
    many: "PMT errors",
    meaning: "TR 101 290 1.5: no PMT for 0.5 s, or it is scrambled; MediaLive's PmtInterval should be 100 ms",
  },
  {
    counter: "pid_errors",
    badFromSeconds: GOES_ON_PID,
    one: "PID error",
    many: "PID errors",
    meaning: "TR 101 290 1.6: a PID of the PMT carried nothing for 5 s, so that its picture or sound is missing",
  },
  {
    counter: "rtp_unrecovered",
    badFromSeconds: GOES_ON,
    one: "RTP packet lost for good",
    many: "RTP packets lost for good",
    meaning: causeOfLoss,
  },
  {
    counter: "kernel_drops",
    badFromSeconds: GOES_ON,
    one: "packet dropped by the kernel",
    many: "packets dropped by the kernel",
    meaning: "the receive buffer was full: raise input.rcvbuf and net.core.rmem_max, or lower the machine's load",
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
    meaning: "TR 101 290 2.3a: more than 100 ms between two PCRs; set the encoder's PCR period (MediaLive: PcrPeriod) to 40 ms",
  },
  {
    counter: "pcr_discontinuity_errors",
    badFromSeconds: null,
    one: "PCR discontinuity error",
    many: "PCR discontinuity errors",
    meaning: "TR 101 290 2.3b: the PCR jumped without discontinuity_indicator, as when an encoder restarts or packets are lost",
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
  { counter: "rtp_late", badFromSeconds: null, isSilent: true, one: "late RTP packet", many: "late RTP packets", meaning: "" },
  { counter: "reorder_full", badFromSeconds: null, isSilent: true, one: "full store", many: "full stores", meaning: "" },
]

/** Why a rule's counter matters; `sums` are those of all rules, in their order. */
export const sentenceOf = (rule: Rule, sums: Float64Array, framing: Framing): string => {
  const sum = (counter: Rule["counter"]): number => sums[RULES.findIndex((other) => other.counter === counter)] ?? 0
  const n = sum(rule.counter)
  const meaning = typeof rule.meaning === "string" ? rule.meaning : rule.meaning(sum, framing)
  return `${n} ${n === 1 ? rule.one : rule.many} in the last 10 s: ${meaning}`
}
