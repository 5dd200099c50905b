/**
 * A channel for tests of the watcher. It has two clocks, makes cues on the spot, and keeps everything that is told, in
 * order.
 */
import {
  type BreakEvent,
  type BreakPolicy,
  type BreakView,
  breakView,
  newBreakState,
  noteSection,
  tickBreaks,
} from "../break-state.ts"
import type { Noted } from "../break-types.ts"
import {
  type BuiltCue,
  type SegmentationOptions,
  type SpliceInsertOptions,
  spliceInsert,
  timeSignal,
} from "../build-cue.ts"
import { decodeSpliceInfoSection } from "../decode-section.ts"
import type { SpliceInfoSection } from "../section-fields.ts"
import { PTS_MODULUS } from "../timing.ts"

export const POLICY: BreakPolicy = { minPrerollS: 4, maxBreakS: 600, returnSlackS: 5, silentAfterH: 0 }

/** Returns the section of a cue that must be right. */
export const built = (cue: BuiltCue): SpliceInfoSection => {
  if (!cue.ok) throw new Error(cue.problems.join("; "))
  return cue.section
}

/** Decodes bytes that must be a section. */
export const decoded = (bytes: Uint8Array): SpliceInfoSection => {
  const result = decodeSpliceInfoSection(bytes)
  if (!result.ok) throw new Error(result.error)
  return result.section
}

type InsertOptions = Partial<SpliceInsertOptions> & {
  /** Seconds from the start of the test to the splice point; left out for an immediate one. */
  readonly at?: number
  readonly duration?: number
  readonly auto?: boolean
}

/** A channel whose time is counted in seconds from the start. */
export class BreakChannel {
  readonly state
  readonly told: BreakEvent[] = []
  /** Stream clock at the start in 90 kHz ticks; null when there is none. */
  clock0: number | null
  pid = 500
  #cue = 0
  #now = 0
  #last: SpliceInfoSection | null = null

  constructor(clock0: number | null = 900_000, policy: BreakPolicy = POLICY) {
    this.clock0 = clock0
    this.state = newBreakState(policy, 0)
  }

  get view(): BreakView {
    return breakView(this.state, this.#now * 1000)
  }

  /** Returns the kinds of what was told since the last call. */
  kinds(): string[] {
    return this.told.splice(0).map(({ kind }) => kind)
  }

  pts(seconds: number): number {
    return (Math.round((this.clock0 ?? 0) + seconds * 90_000) + 2 * PTS_MODULUS) % PTS_MODULUS
  }

  /** Ticks every second until that second. */
  until(seconds: number): this {
    for (let now = Math.floor(this.#now) + 1; now < seconds; now++)
      this.told.push(...tickBreaks(this.state, now * 1000))
    this.#now = seconds
    this.told.push(...tickBreaks(this.state, seconds * 1000))
    return this
  }

  /** Exactly what was sent last. */
  get lastSection(): SpliceInfoSection {
    if (this.#last === null) throw new Error("nothing was sent yet")
    return this.#last
  }

  note(section: SpliceInfoSection): Noted {
    this.#last = section
    const clock90k = this.clock0 === null ? null : this.pts(this.#now)
    const noted = noteSection(this.state, {
      cue: ++this.#cue,
      atMs: this.#now * 1000,
      pid: this.pid,
      clock90k,
      section,
    })
    this.told.push(...noted.events)
    return noted
  }

  insert(splice_event_id: number, out: boolean, { at, duration, auto = false, ...rest }: InsertOptions = {}): Noted {
    const times = {
      ...(at === undefined ? {} : { pts_time: this.pts(at) }),
      ...(duration === undefined ? {} : { break_duration_seconds: duration, break_auto_return: auto }),
    }
    return this.note(built(spliceInsert({ splice_event_id, out_of_network_indicator: out, ...times, ...rest })))
  }

  out(id: number, options: InsertOptions = {}): Noted {
    return this.insert(id, true, options)
  }

  back(id: number, options: InsertOptions = {}): Noted {
    return this.insert(id, false, options)
  }

  cancel(id: number): Noted {
    return this.note(built(spliceInsert({ splice_event_id: id, splice_event_cancel_indicator: true })))
  }

  /** Sends a time_signal with segments `[segmentation_type_id, event id, seconds]`; without a time it is immediate. */
  signal(segments: ReadonlyArray<readonly [type: number, id: number, seconds?: number]>, at?: number): Noted {
    const segmentation = segments.map(
      ([segmentation_type_id, segmentation_event_id, segmentation_duration_seconds]): SegmentationOptions => ({
        segmentation_type_id,
        segmentation_event_id,
        segmentation_duration_seconds,
      }),
    )
    return this.note(built(timeSignal({ segmentation, ...(at === undefined ? {} : { pts_time: this.pts(at) }) })))
  }

  cancelSegment(id: number): Noted {
    return this.note(
      built(timeSignal({ segmentation: [{ segmentation_event_id: id, segmentation_event_cancel_indicator: true }] })),
    )
  }
}
