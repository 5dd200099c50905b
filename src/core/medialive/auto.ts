/**
 * When a MediaLive channel is started and stopped by itself: started while anybody wants what it sends, stopped after
 * nobody has wanted it for a while, and never while somebody else may need it. Pure; times are Unix ms.
 */
import type { MediaLiveState } from "./model.ts"

/** AWS bills ten minutes at least: a shorter time would pay for what is not had. */
export const LEAST_IDLE_MINUTES = 10
/** Waits after refusals in a row, in ms. */
const RETRY_MS = [30_000, 60_000, 120_000, 300_000, 900_000] as const

export interface AutoFacts {
  readonly state: MediaLiveState
  /** An enabled output of a running channel is fed by it, or a schedule asks for it. */
  readonly wanted: boolean
  /** When it was last wanted; null when it never was since the service watches. */
  readonly lastWantedAt: number | null
  readonly idleMinutes: number
  /** Where else it sends to. */
  readonly elsewhere: ReadonlyArray<string>
  /** True after somebody stopped it by hand while it was wanted, until nobody wants it any more. */
  readonly held: boolean
  /** True while AWS does not answer, so that the state may be another by now. */
  readonly stale: boolean
  /** Refusals in a row of what was asked by this, and when the last one came. */
  readonly refusals: number
  readonly refusedAt: number | null
}

export type AutoDecision =
  | { readonly do: "start" | "stop"; readonly why: string }
  | {
      readonly do: "nothing"
      readonly why: string
      /** When it will be stopped, if all stays as it is. */
      readonly stopsAt?: number
    }

const nothing = (why: string): AutoDecision => ({ do: "nothing", why })

const retryAt = ({ refusals, refusedAt }: AutoFacts): number =>
  refusedAt === null || refusals === 0
    ? 0
    : refusedAt + (RETRY_MS[Math.min(refusals, RETRY_MS.length) - 1] ?? RETRY_MS[0])

const whenWanted = (facts: AutoFacts, nowMs: number): AutoDecision => {
  if (facts.state === "RUNNING" || facts.state === "RECOVERING") return nothing("it runs and is wanted")
  if (facts.state !== "IDLE") return nothing(`it is ${facts.state}`)
  if (facts.held) return nothing("it was stopped by hand: it is started again once nobody has wanted it meanwhile")
  if (nowMs < retryAt(facts)) return nothing("AWS refused to start it; it is tried again")
  return { do: "start", why: "an output that it feeds is on, or a schedule asks for it" }
}

const whenNotWanted = (facts: AutoFacts, nowMs: number): AutoDecision => {
  const { elsewhere, idleMinutes, lastWantedAt, state } = facts
  if (state !== "RUNNING") return nothing(state === "IDLE" ? "nobody wants it" : `it is ${state}`)
  if (elsewhere.length > 0)
    return nothing(`nobody here wants it, and it also sends to ${elsewhere.join(", ")}: it is left running`)
  // Who started it, and for whom, is not known: it was on when the service came.
  if (lastWantedAt === null) return nothing("it was started by somebody else, and nothing here has wanted it so far")
  const stopsAt = lastWantedAt + Math.max(LEAST_IDLE_MINUTES, idleMinutes) * 60_000
  if (nowMs < stopsAt) return { do: "nothing", why: "nobody wants it; it is stopped after a while", stopsAt }
  if (nowMs < retryAt(facts)) return nothing("AWS refused to stop it; it is tried again")
  return {
    do: "stop",
    why: `no output that it feeds has been on for ${Math.max(LEAST_IDLE_MINUTES, idleMinutes)} minutes`,
  }
}

/** What is to be done now, and why. */
export const decideAuto = (facts: AutoFacts, nowMs: number): AutoDecision => {
  if (facts.stale) return nothing("AWS does not answer: its state is not known")
  return facts.wanted ? whenWanted(facts, nowMs) : whenNotWanted(facts, nowMs)
}
