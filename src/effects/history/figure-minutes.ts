/** Messages of figures are summed up by the minute; minutes that have ended wait here for the store. */
import type { ChannelSums } from "../../core/figures/figure-sums.ts"
import type { EngineStats } from "../../engine/protocol/messages.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { type FigureMinute, MINUTE_S } from "../store/figure-rows.ts"
import { type Covered, FigureSampler } from "./figure-sampler.ts"

/** Longest time between two messages of figures that counts in full; of a longer one nobody knows how it was. */
const MAX_COVERED_S = 5

/** When a message came (monotonic ms), and when the engine counted (its own clock, ms). */
interface Moment {
  readonly ms: number
  readonly at: number
}

interface Minute {
  readonly at: number
  readonly channels: Map<number, ChannelSums>
}

/** The time between two messages of figures. */
const coveredBy = (before: Moment | null, now: Moment): Covered => {
  // It tells where the counters stand, and not since when.
  if (before === null) return { whole: 0, seconds: 0 }
  const received = Math.max(0.001, (now.ms - before.ms) / 1000)
  const counted = (now.at - before.at) / 1000
  const whole = Math.floor(now.ms / 1000) - Math.floor(before.ms / 1000)
  return {
    whole: whole > MAX_COVERED_S ? 1 : Math.max(0, whole),
    // The clock that the engine reads may be set at any time.
    seconds: counted > received / 2 && counted < received * 2 ? counted : received,
  }
}

export class FigureMinutes {
  readonly #sampler = new FigureSampler()
  readonly #maxWaiting: number
  readonly #onEnded: () => void
  readonly #ended: Minute[] = []
  #minute: Minute | null = null
  #last: Moment | null = null
  #lost = 0

  /**
   * @param maxWaiting minutes that wait at most; beyond them the oldest are given up
   * @param onEnded is called when a minute has ended
   */
  constructor(maxWaiting: number, onEnded: () => void) {
    this.#maxWaiting = maxWaiting
    this.#onEnded = onEnded
  }

  /** The minute that is being counted; null before there was one. */
  get current(): FigureMinute | null {
    return this.#minute
  }

  /** Minutes that were given up. */
  get lost(): number {
    return this.#lost
  }

  /** The minutes that wait, the oldest first. */
  get waiting(): ReadonlyArray<FigureMinute> {
    return this.#ended
  }

  /**
   * Counts a message of figures.
   *
   * @param stats null while there is no engine
   * @param channels the channels that run and whose figures are kept here
   * @param ms monotonic, when the message came
   * @param wallS Unix time in s
   */
  note(stats: EngineStats | null, channels: ReadonlyArray<ChannelConfig>, ms: number, wallS: number): void {
    if (stats === null) {
      this.#last = null
      return
    }
    const now = { ms, at: stats.at }
    const covered = coveredBy(this.#last, now)
    this.#last = now
    const minute = this.#minuteAt(Math.floor(wallS / MINUTE_S) * MINUTE_S)
    const byId = new Map(stats.channels.map((channel) => [channel.id, channel]))
    for (const config of channels) {
      const sums = minute.channels.get(config.number) ?? new Map()
      minute.channels.set(config.number, sums)
      this.#sampler.take(config, byId.get(config.id), covered, sums)
    }
    this.#sampler.keep(new Set(channels.map(({ id }) => id)))
  }

  /** Ends the minute that is being counted. */
  end(): void {
    if (this.#minute !== null && this.#minute.channels.size > 0) {
      this.#ended.push(this.#minute)
      if (this.#ended.length > this.#maxWaiting) {
        this.#ended.shift()
        this.#lost++
      }
      this.#onEnded()
    }
    this.#minute = null
  }

  /** Lets go of minutes that waited and have been stored. */
  stored(batch: ReadonlyArray<FigureMinute>): void {
    // Those that came meanwhile are behind them; those that were given up meanwhile were in front.
    for (const one of batch) if (this.#ended[0] === one) this.#ended.shift()
  }

  #minuteAt(at: number): Minute {
    if (this.#minute?.at === at) return this.#minute
    this.end()
    const minute = { at, channels: new Map() }
    this.#minute = minute
    return minute
  }
}
