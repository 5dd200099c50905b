/** What the counters of a leg say in words: arrivals that cannot be used, a second sender, lost kernel packets. */

type Counters = Readonly<Record<string, number>>

const RULES: ReadonlyArray<readonly [counter: string, sentence: (perSecond: number, rival: string) => string]> = [
  [
    "foreign",
    (n, rival) =>
      `a second sender${rival} sends to this port (${n} packets a second): its packets are ignored while the first one is alive`,
  ],
  ["bad_not_ts", (n) => `${n} datagrams a second are neither RTP nor MPEG-TS and are dropped`],
  ["bad_rtp", (n) => `${n} RTP packets a second are truncated or have a broken header and are dropped`],
  ["bad_length", (n) => `${n} datagrams a second do not hold a whole number of 188-byte TS packets and are dropped`],
  [
    "bad_204",
    (n) => `${n} datagrams a second hold 204-byte TS packets (with Reed-Solomon bytes), which are not supported: send 188-byte packets`,
  ],
  ["bad_sync", (n) => `${n} datagrams a second have no TS sync byte (0x47) where a packet should start and are dropped`],
  ["truncated", (n) => `${n} datagrams a second were cut by the receive buffer and are dropped`],
]

/** Sentences for what went wrong between two snapshots `seconds` apart. `rival` names the second sender, where one is known. */
export const legWarnings = (before: Counters, now: Counters, kernelDropped: number, seconds: number, rival = ""): string[] => {
  const rate = (counter: string) => Math.ceil(((now[counter] ?? 0) - (before[counter] ?? 0)) / Math.max(seconds, 0.001))
  const found = RULES.filter(([counter]) => rate(counter) > 0).map(([counter, sentence]) =>
    sentence(rate(counter), rival === "" ? "" : ` (${rival})`),
  )
  if (kernelDropped > 0)
    found.push(
      `the kernel dropped ${kernelDropped} packets because the receive buffer was full: raise input.rcvbuf and net.core.rmem_max, or lower the machine's load`,
    )
  return found
}
