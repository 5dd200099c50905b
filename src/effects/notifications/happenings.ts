/** Turns events and counters into conditions that last a while: a switch, missed cues, flapping outputs, drops. */
import type { NewEvent } from "../model/event.ts"
import type { NoticeKind } from "./notice-kinds.ts"

/** ms for which a momentary condition is shown after it was last seen. */
export const SHOWN_MS = {
  source_switched: 300_000,
  cue_missed: 600_000,
  kernel_drops: 60_000,
  output_drops: 60_000,
} as const
/**
 * Returns of an output within the time below that count as flapping; without any return for as long, flapping is over.
 */
export const FLAPS = 4
export const FLAP_WINDOW_MS = 600_000

type Momentary = keyof typeof SHOWN_MS
interface Seen {
  readonly lastMs: number
  readonly times: number
  readonly message: string
}
interface Flaps {
  /** When the output came back, in monotonic ms, oldest first, at most `FLAPS`. */
  returns: ReadonlyArray<number>
  flapping: boolean
}

/** A condition of a channel or of one of its outputs, both named by slug. */
export interface HappeningCondition {
  readonly kind: NoticeKind
  readonly output: string | null
  readonly message: string
}

export interface Happenings {
  /** Notes an event; cheap for events that mean nothing here. `nowMs` is monotonic. */
  readonly note: (event: NewEvent, nowMs: number) => void
  /** Notes a counter: a value above the last one is a loss. `what` names the counter within the channel. */
  readonly count: (
    channelId: string,
    kind: "kernel_drops" | "output_drops",
    output: string | null,
    what: string,
    value: number,
    nowMs: number,
  ) => void
  readonly of: (channelId: string, nowMs: number) => ReadonlyArray<HappeningCondition>
  /** Forgets channels that are gone. */
  readonly keep: (isThere: (channelId: string) => boolean) => void
}

interface OfChannel {
  readonly seen: Map<string, Seen & { readonly kind: Momentary; readonly output: string | null }>
  readonly flaps: Map<string, Flaps>
  readonly counters: Map<string, number>
}

const timesOf = (times: number, message: string) => (times > 1 ? `${times} times, last: ${message}` : message)

export const makeHappenings = (): Happenings => {
  const channels = new Map<string, OfChannel>()
  const get = (id: string): OfChannel => {
    const known = channels.get(id)
    if (known !== undefined) return known
    const made: OfChannel = { seen: new Map(), flaps: new Map(), counters: new Map() }
    channels.set(id, made)
    return made
  }
  const see = (id: string, kind: Momentary, output: string | null, nowMs: number, message: string, by = 1) => {
    const { seen } = get(id)
    const key = `${kind} ${output ?? ""}`
    const before = seen.get(key)
    const goesOn = before !== undefined && nowMs - before.lastMs < SHOWN_MS[kind]
    seen.set(key, { kind, output, lastMs: nowMs, times: (goesOn ? before.times : 0) + by, message })
  }
  const flap = (id: string, output: string, nowMs: number) => {
    const { flaps } = get(id)
    const { flapping, returns } = flaps.get(output) ?? { flapping: false, returns: [] }
    const recent = [...returns, nowMs].slice(-FLAPS)
    const many = recent.length === FLAPS && nowMs - (recent[0] ?? nowMs) < FLAP_WINDOW_MS
    flaps.set(output, { returns: recent, flapping: flapping || many })
  }

  return {
    note: ({ channelId, kind, message, output, severity }, nowMs) => {
      if (kind === "switched" && severity !== "info") see(channelId, "source_switched", null, nowMs, message)
      if (kind === "cue_missed" && output !== undefined) see(channelId, "cue_missed", output, nowMs, message)
      if (kind === "output_connected" && output !== undefined) flap(channelId, output, nowMs)
    },
    count: (channelId, kind, output, what, value, nowMs) => {
      const { counters } = get(channelId)
      const key = `${kind} ${output ?? ""} ${what}`
      const before = counters.get(key)
      counters.set(key, value)
      // A counter that fell has been restarted.
      if (before === undefined || value <= before) return
      const lost = value - before
      const words =
        kind === "kernel_drops"
          ? "the receive buffer is full (docs/configuration.md, rcvbuf)"
          : "the destination is slower than the stream"
      see(channelId, kind, output, nowMs, `${lost} packets of ${what}: ${words}`)
    },
    of: (channelId, nowMs) => {
      const known = channels.get(channelId)
      if (known === undefined) return []
      const found: HappeningCondition[] = []
      for (const [key, { kind, lastMs, message, output, times }] of known.seen) {
        if (nowMs - lastMs >= SHOWN_MS[kind]) known.seen.delete(key)
        else
          found.push({
            kind,
            output,
            message: kind === "cue_missed" || kind === "source_switched" ? timesOf(times, message) : message,
          })
      }
      for (const [output, flaps] of known.flaps) {
        const last = flaps.returns.at(-1) ?? nowMs
        if (nowMs - last >= FLAP_WINDOW_MS) known.flaps.delete(output)
        else if (flaps.flapping)
          found.push({
            kind: "output_flapping",
            output,
            message: `connected ${FLAPS} times or more within ${FLAP_WINDOW_MS / 60_000} minutes`,
          })
      }
      return found
    },
    keep: (isThere) => {
      for (const id of channels.keys()) if (!isThere(id)) channels.delete(id)
    },
  }
}
