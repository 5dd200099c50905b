/**
 * What the counters of a leg say in words: arrivals that cannot be used, a second sender, one not allowed, lost kernel
 * packets.
 */

import { REORDER_DATAGRAMS_MAX } from "../../core/assembly/memory/layout.ts"

type Counters = Readonly<Record<string, number>>

/** Addresses for the sentences, each empty or in parentheses with a blank before. */
interface Named {
  readonly rival: string
  readonly stranger: string
}

type Sentence = (perSecond: number, named: Named, rate: (counter: string) => number) => string

/** How long the datagrams that may wait behind a gap last, in ms. */
const reorderReachMs = (rate: (counter: string) => number): number =>
  Math.floor((REORDER_DATAGRAMS_MAX * 1000) / Math.max(1, rate("rtp_datagrams")))

const RULES: ReadonlyArray<readonly [counter: string, sentence: Sentence]> = [
  [
    "foreign",
    (n, { rival }) =>
      `a second sender${rival} sends to this port (${n} packets a second): its packets are ignored while the first one is alive`,
  ],
  ["bad_not_ts", (n) => `${n} datagrams a second are neither RTP nor MPEG-TS and are dropped`],
  ["bad_rtp", (n) => `${n} RTP packets a second are truncated or have a broken header and are dropped`],
  [
    "bad_length",
    (n) => `${n} datagrams a second do not hold a whole number of TS packets (188 or 204 bytes) and are dropped`,
  ],
  [
    "resyncs",
    (n) =>
      `${n} times a second the bytes of raw UDP break off and where TS packets begin has to be found again: datagrams are lost, or something else comes between them`,
  ],
  [
    "bad_sync",
    (n) => `${n} datagrams a second have no TS sync byte (0x47) where a packet should start and are dropped`,
  ],
  [
    "not_allowed",
    (n, { stranger }) =>
      `a sender${stranger} that input.allowed_senders does not list sends to this port (${n} packets a second): its packets are dropped; add its address, or stop it`,
  ],
  [
    "rtp_late",
    (n, _, rate) =>
      `${n} RTP packets a second came after their place had been given up and are dropped: the network reorders by more than ${
        rate("reorder_full") > 0 ? "may wait" : "input.reorder_ms, raise it"
      }`,
  ],
  [
    "reorder_full",
    (n, _, rate) =>
      `${n} times a second ${REORDER_DATAGRAMS_MAX} RTP packets waited for a missing one, and it was given up before input.reorder_ms were over: more never wait, and at this bit rate they are ${reorderReachMs(rate)} ms`,
  ],
  [
    "fec_bad",
    (n) =>
      `${n} datagrams a second on the FEC ports (+ 2 and + 4) are no usable SMPTE 2022-1 packets and are ignored: check that nothing else sends there, or set input.fec to off`,
  ],
  ["truncated", (n) => `${n} datagrams a second were cut by the receive buffer and are dropped`],
]

/**
 * Sentences for what went wrong between two snapshots `seconds` apart. `rival` names the second sender and `stranger`
 * the one that is not allowed, where they are known.
 */
export const legWarnings = (
  before: Counters,
  now: Counters,
  kernelDropped: number,
  seconds: number,
  rival = "",
  stranger = "",
): string[] => {
  const rate = (counter: string) => Math.ceil(((now[counter] ?? 0) - (before[counter] ?? 0)) / Math.max(seconds, 0.001))
  const named: Named = { rival: inParentheses(rival), stranger: inParentheses(stranger) }
  const found = RULES.filter(([counter]) => rate(counter) > 0).map(([counter, sentence]) =>
    sentence(rate(counter), named, rate),
  )
  if (kernelDropped > 0)
    found.push(
      `the kernel dropped ${kernelDropped} packets because the receive buffer was full: raise input.rcvbuf and net.core.rmem_max, or lower the machine's load`,
    )
  return found
}

const inParentheses = (name: string) => (name === "" ? "" : ` (${name})`)
