/** How far apart the legs of a channel are, and how far apart they may be to be merged: looked at once a second. */
import * as L from "../../core/assembly/memory/layout.ts"
import {
  type Alignment,
  judgeAlignment,
  type LegClock,
  mergeReachMs,
  pathsApartMs,
} from "../../core/input/merge-reach.ts"
import { legIndex } from "../../core/packet-core/leg-index.ts"
import type { PacketCore } from "../../core/packet-core/packet-core.ts"

/** A rate over less time, in us, says little. */
const RATE_OVER_US = 500_000

interface Counted {
  readonly packets: number
  readonly us: number
  readonly perS: number
}

export class LegDistance {
  readonly #core: PacketCore
  readonly #channel: number
  #counted: ReadonlyArray<Counted> = [NONE, NONE]
  /** In ms; null while not known. */
  reachMs: number | null = null
  /** The backup's path less the primary's in ms, by their PCR; null where it does not tell. */
  apartMs: number | null = null
  alignment: Alignment = "unknown"

  constructor(core: PacketCore, channel: number) {
    this.#core = core
    this.#channel = channel
  }

  look(windowMs: number): void {
    const primary = legIndex(this.#channel, "primary")
    const backup = legIndex(this.#channel, "backup")
    this.#counted = [primary, backup].map((leg, i) => this.#count(leg, this.#counted[i] ?? NONE))
    this.reachMs = mergeReachMs(Math.max(...this.#counted.map(({ perS }) => perS)))
    this.apartMs = pathsApartMs(this.#clock(primary), this.#clock(backup))
    const hasPcr = [primary, backup].every((leg) => this.#core.legField(leg, L.LEG_PCRS) > 0)
    const found = this.#core.channelField(this.#channel, L.CHANNEL_ALIGNMENT)
    const facts = { reachMs: this.reachMs, apartMs: this.apartMs, windowMs }
    this.alignment = judgeAlignment({ ...facts, found: FOUND[found] ?? "unknown" }, hasPcr)
  }

  #count(leg: number, before: Counted): Counted {
    const packets = this.#core.legField(leg, L.LEG_TS_PACKETS)
    const us = this.#core.legField(leg, L.LEG_LAST_RX_US)
    const passed = us - before.us
    // Another stream on this leg counts from 0.
    if (passed < 0 || packets < before.packets) return { packets, us, perS: 0 }
    if (passed < RATE_OVER_US) return before
    return { packets, us, perS: before.us === 0 ? 0 : ((packets - before.packets) * 1e6) / passed }
  }

  #clock(leg: number): LegClock {
    const field = (f: number) => this.#core.legField(leg, f)
    return { pcr27m: field(L.LEG_PCR_27M), pcrPid: field(L.LEG_PCR_PID), lastUs: field(L.LEG_LAST_RX_US) }
  }
}

const NONE: Counted = { packets: 0, us: 0, perS: 0 }
const FOUND: Readonly<Record<number, "same" | "different" | "unknown">> = {
  [L.ALIGNMENT_SAME]: "same",
  [L.ALIGNMENT_DIFFERENT]: "different",
  [L.ALIGNMENT_UNKNOWN]: "unknown",
}
