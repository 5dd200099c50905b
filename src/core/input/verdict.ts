/**
 * How a leg is, from its counters of the last ten seconds, by the priorities of TR 101 290 (ETSI TR 101 290 V1.4.1
 * 5.2): errors of priority 1 make it bad when they go on and degraded when they are isolated, errors of priority 2
 * degraded; packets lost on the way count as priority 1. Nothing usable is lost. Reasons name the most likely cause
 * first: what was dropped, then what was lost, then what came of it.
 */
import type { LegCounter } from "../packet-core/leg-fields.ts"
import { droppingOf, type Framing, GOES_ON, RULES, sentenceOf } from "./verdict-rules.ts"

/** `good`; `degraded`: errors that viewers may notice; `bad`: not fit for the outputs; `lost`: nothing usable. */
export type Verdict = "good" | "degraded" | "bad" | "lost"

export interface Health {
  readonly verdict: Verdict
  /** Sentences: why the verdict is not `good`. */
  readonly reasons: readonly string[]
  /** The reason that more than 5 % of what arrives is dropped; null while it is not. */
  readonly dropping: string | null
}

/** What the counters do not say of a leg. */
export interface HealthFacts {
  /** TS packets arrived in the last second. */
  readonly receiving: boolean
  /** Why the socket is closed; null when it is open. */
  readonly problem: string | null
  /** TS sync is held. */
  readonly inSync: boolean
  readonly framing: Framing
  /** A leg received by SRT: whether a sender is connected. Left out for RTP and UDP. */
  readonly srt?: { readonly connected: boolean } | null
}

const whyClosed = (problem: string, { srt }: HealthFacts): string =>
  srt == null ? `the socket is closed: ${problem}` : `no SRT sender is connected: ${problem}`

const whySilent = ({ srt }: HealthFacts): string => {
  if (srt == null)
    return "no TS packets have arrived for a second: check that the encoder runs and sends to this address and port"
  return srt.connected
    ? "no TS packets have arrived for a second: the SRT sender is connected, and sends none"
    : "no SRT sender is connected: check that the encoder runs and calls this address and port"
}

/** Seconds looked back on. */
export const HEALTH_WINDOW_S = 10

/** Mutable; owned by the caller, one for each leg. Holds what each rule counted in each of the last ten seconds. */
export interface HealthMemory {
  readonly perSecond: Float64Array
  /** Totals of the second before; NaN before the first. */
  readonly totals: Float64Array
  /** Sum and number of seconds with errors, by rule. */
  readonly sums: Float64Array
  readonly seconds: Uint8Array
  second: number
  packets: number
  nulls: number
}

export const newHealthMemory = (): HealthMemory => ({
  perSecond: new Float64Array(RULES.length * HEALTH_WINDOW_S),
  totals: new Float64Array(RULES.length).fill(Number.NaN),
  sums: new Float64Array(RULES.length),
  seconds: new Uint8Array(RULES.length),
  second: 0,
  packets: Number.NaN,
  nulls: Number.NaN,
})

const GOOD: Health = { verdict: "good", reasons: [], dropping: null }
export const UNKNOWN_HEALTH: Health = { verdict: "lost", reasons: [], dropping: null }
const lost = (reason: string, dropping: string | null = null): Health => ({
  verdict: "lost",
  reasons: [reason],
  dropping,
})

/**
 * Takes a leg's totals, once a second, and the packets its socket's buffer had no room for. Totals that fall were reset
 * and count as no error; so does all that was counted before the first call. Allocates nothing while the leg is good.
 */
export const observeSecond = (
  memory: HealthMemory,
  counters: Readonly<Partial<Record<LegCounter, number>>>,
  kernelDrops: number,
  facts: HealthFacts,
): Health => {
  remember(memory, counters, kernelDrops)
  const packets = (counters.ts_packets ?? 0) - memory.packets
  const nulls = (counters.null_packets ?? 0) - memory.nulls
  memory.packets = counters.ts_packets ?? 0
  memory.nulls = counters.null_packets ?? 0
  if (facts.problem !== null) return lost(whyClosed(facts.problem, facts))
  const dropped = facts.receiving ? null : droppingOf(memory.sums, memory.seconds)
  if (dropped !== null) return lost(`no TS packets have arrived for a second: ${dropped.sentence}`, dropped.sentence)
  if (!facts.receiving) return lost(whySilent(facts))
  if (packets > 0 && nulls === packets)
    return lost(
      "nothing but null packets arrives: the encoder lost its input or dropped the programme (MediaLive: InputLossAction DROP_PROGRAM)",
    )
  return judge(memory, facts)
}

const remember = (
  memory: HealthMemory,
  counters: Readonly<Partial<Record<LegCounter, number>>>,
  kernelDrops: number,
): void => {
  for (let i = 0; i < RULES.length; i++) {
    const counter = RULES[i]?.counter ?? "kernel_drops"
    const total = counter === "kernel_drops" ? kernelDrops : (counters[counter] ?? 0)
    const at = i * HEALTH_WINDOW_S + memory.second
    const old = memory.perSecond[at] ?? 0
    const before = memory.totals[i] ?? Number.NaN
    const added = total > before ? total - before : 0
    memory.totals[i] = total
    memory.perSecond[at] = added
    memory.sums[i] = (memory.sums[i] ?? 0) + added - old
    memory.seconds[i] = (memory.seconds[i] ?? 0) + (added > 0 ? 1 : 0) - (old > 0 ? 1 : 0)
  }
  memory.second = (memory.second + 1) % HEALTH_WINDOW_S
}

const judge = (memory: HealthMemory, facts: HealthFacts): Health => {
  let reasons: string[] | null = null
  let isBad = false
  const dropping = droppingOf(memory.sums, memory.seconds)
  if (dropping !== null) {
    isBad = dropping.isUnusable && dropping.seconds >= GOES_ON
    reasons = [dropping.sentence]
  }
  if (!facts.inSync) {
    isBad = true
    reasons ??= []
    reasons.push("TS sync is lost: packets do not start with 0x47 where they should (TR 101 290 1.1)")
  }
  for (let i = 0; i < RULES.length; i++) {
    const seconds = memory.seconds[i] ?? 0
    const rule = RULES[i]
    if (seconds === 0 || rule === undefined || rule.isSilent) continue
    if (rule.badFromSeconds !== null && seconds >= rule.badFromSeconds) isBad = true
    reasons ??= []
    reasons.push(sentenceOf(rule, memory.sums, facts.framing))
  }
  return reasons === null
    ? GOOD
    : { verdict: isBad ? "bad" : "degraded", reasons, dropping: dropping?.sentence ?? null }
}
